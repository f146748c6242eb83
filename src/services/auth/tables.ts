/** What auth keeps. No other service touches these tables. */
export interface AuthTables {
  users: UsersTable;
}

export interface UsersTable {
  id: string;
  /** As `normaliseEmail` makes it; unique. */
  email: string;
  name: string | null;
  /** bcrypt. */
  password_hash: string;
  /** Unix time in milliseconds. */
  created_at: number;
}
