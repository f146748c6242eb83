import type { Kysely } from 'kysely';
import { newId } from '../../../base/ids.ts';
import { preparedInsert } from '../../../base/prepared-query.ts';
import type { FileRow } from '../file-rows.ts';
import type { FilesTables } from '../tables.ts';

export type EventType =
  | 'file.uploaded'
  | 'file.updated'
  | 'file.deleted'
  | 'file.restored'
  | 'file.purged'
  | 'file.processed'
  | 'variant.ready'
  | 'job.dead';

export interface NewEvent {
  readonly type: EventType;
  readonly data: Readonly<Record<string, unknown>>;
}

const VERSION = 1;

const insert = preparedInsert<FilesTables, 'files_outbox'>('files_outbox');

/**
 * Writes what happened to a file into the outbox, in the unit of work that made it happen. Answers the number of the
 * last event: the caller writes it to the file's `sequence`, together with whatever else it changes there.
 */
export async function appendEvents(
  tx: Kysely<FilesTables>,
  file: Pick<FileRow, 'id' | 'owner_id' | 'sequence'>,
  events: readonly NewEvent[],
  now: number,
): Promise<number> {
  await Promise.all(
    events.map(({ type, data }, index) =>
      insert(tx, {
        id: newId(),
        position: null,
        type,
        version: VERSION,
        file_id: file.id,
        owner_id: file.owner_id,
        sequence: file.sequence + index + 1,
        data: JSON.stringify(data),
        created_at: now,
      }),
    ),
  );
  return file.sequence + events.length;
}
