import { newId } from '../../base/ids.ts';
import type { DatabaseServer } from '../../drivers/database/port.ts';
import { StartError } from '../start-error.ts';

type Tables = Record<string, { id: number }>;

/**
 * Makes a table, writes, reads and deletes a row in it, and drops it: the rights that a server and its migrations need.
 * Throws `StartError` where something of it is refused.
 */
export async function writeProbe(database: DatabaseServer): Promise<void> {
  const db = database.view<Tables>();
  const table = `holdfast_probe_${newId().replaceAll('-', '_')}`;
  try {
    await db.unit(async (tx) => {
      // A unit may be run again, and on MySQL a table outlives one that failed.
      await tx.schema.createTable(table).ifNotExists().addColumn('id', 'integer').execute();
      await tx.insertInto(table).values({ id: 1 }).execute();
      await tx.selectFrom(table).select('id').where('id', '=', 1).executeTakeFirstOrThrow();
      await tx.deleteFrom(table).where('id', '=', 1).execute();
    });
  } catch (error) {
    throw new StartError(`a table cannot be made and written: ${innermost(error)}.`, error);
  } finally {
    await db.unit((tx) => tx.schema.dropTable(table).ifExists().execute()).catch(() => {});
  }
}

function innermost(error: unknown): string {
  const { cause, message } = error as Error;
  return cause === undefined ? message.replace(/\.$/, '') : innermost(cause);
}
