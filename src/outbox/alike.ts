/** The names of those tables that have at least the columns of `Row`. */
export type Alike<Tables, Row> = { [Name in keyof Tables]: Tables[Name] extends Row ? Name : never }[keyof Tables] &
  string;
