import type { Kysely } from 'kysely';
import { type CallContext, derived } from '../../../base/context.ts';
import { hasCode } from '../../../base/errors.ts';
import { newId } from '../../../base/ids.ts';
import { keepLease } from '../../../base/keep-lease.ts';
import { logFailure } from '../../../base/log-failure.ts';
import type { FilesDeps } from '../deps.ts';
import type { FilesTables, UploadsTable } from '../tables.ts';
import { uploadBusy } from './finish.ts';

/** How long after a confirm's last sign of life another, or the janitor, may take over. Milliseconds. */
const LEASE = 120_000;

/** What makes a confirm the only one of its upload. */
export interface ConfirmLease {
  readonly fileId: string;
  readonly token: string;
}

/** False for an upload whose confirm has died, too. */
export const isBeingConfirmed = (upload: Pick<UploadsTable, 'state' | 'lease_until'>, now: number): boolean =>
  upload.state === 'confirming' && (upload.lease_until ?? 0) > now;

/** The caller holds the upload's row, and has seen that nobody confirms it. */
export async function leaseUpload(tx: Kysely<FilesTables>, fileId: string, now: number): Promise<ConfirmLease> {
  const token = newId();
  await tx
    .updateTable('uploads')
    .set({ state: 'confirming', lease_token: token, lease_until: now + LEASE })
    .where('file_id', '=', fileId)
    .execute();
  return { fileId, token };
}

/** To be asked before anything that another confirm could miss. Throws `upload_busy` where one has taken over. */
export async function renewLease({ db }: Pick<FilesDeps, 'db'>, { fileId, token }: ConfirmLease): Promise<void> {
  const now = await db.now();
  const { numUpdatedRows } = await db.unit((tx) =>
    tx
      .updateTable('uploads')
      .set({ lease_until: now + LEASE })
      .where('file_id', '=', fileId)
      .where('lease_token', '=', token)
      .executeTakeFirst(),
  );
  if (numUpdatedRows === 0n) throw uploadBusy();
}

/** Holds the lease for as long as `work` takes, which is cut off, with `upload_busy`, where another has taken over. */
export async function whileLeased<T>(
  deps: Pick<FilesDeps, 'db' | 'log'>,
  lease: ConfirmLease,
  context: CallContext,
  work: (context: CallContext) => Promise<T>,
): Promise<T> {
  const lost = new AbortController();
  const kept = keepLease({
    duration: LEASE,
    extend: () => renewLease(deps, lease),
    isLost: (error) => hasCode(error, 'upload_busy'),
    onLost: (error) => lost.abort(error),
    onError: (error) => logFailure(deps.log, error, 'The lease of a confirm could not be renewed; trying again'),
  });
  try {
    return await work(derived(context, { signal: AbortSignal.any([context.signal, lost.signal]) }));
  } catch (error) {
    // What was cut off says only that it was.
    lost.signal.throwIfAborted();
    throw error;
  } finally {
    kept.letGo();
  }
}
