import { join } from 'node:path';
import { type Connection, connect, type Value } from './inspect/sql.ts';

export { scratchFiles, storedFiles, storedOf } from './inspect/store.ts';
export { ageFile, passTime } from './inspect/time.ts';

/** Where a stack keeps everything, to look at it past the API, whatever it runs on. */
export interface Installation {
  readonly databaseUrl: string;
  readonly storageUrl: string;
  /** One of each instance. */
  readonly dataDirs: readonly string[];
}

export async function withDatabase<T>(
  { databaseUrl, dataDirs }: Installation,
  act: (connection: Connection) => Promise<T>,
): Promise<T> {
  const file = join(dataDirs[0] as string, 'holdfast.db');
  const connection = await connect(databaseUrl === 'sqlite:' ? `sqlite:${file}` : databaseUrl);
  try {
    return await act(connection);
  } finally {
    await connection.close();
  }
}

/** Reads the database of a stack, also while servers have it, and lets go of it at once. `?` stands for each value. */
export const query = <Row>(at: Installation, sql: string, ...values: Value[]): Promise<Row[]> =>
  withDatabase(at, async ({ run }) => (await run(sql, values)) as Row[]);

interface Quota {
  readonly used: number;
  readonly held: number;
}

/** What one owner uses and holds of the quota. */
export async function quotaOf(at: Installation, ownerId: string): Promise<Quota> {
  const [row] = await query<Quota>(at, 'SELECT used, held FROM owners WHERE owner_id = ?', ownerId);
  return { used: row?.used ?? 0, held: row?.held ?? 0 };
}
