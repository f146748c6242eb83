import { withDeadline } from '../../../base/deadline.ts';
import type { GatewayDeps } from '../deps.ts';
import { afterwards } from './afterwards.ts';
import type { StoredFile, UploadScope } from './store-file.ts';

/** Milliseconds that a client who waits for its answer waits for what does not answer us. */
const PATIENCE = 5_000;

type Deps = Pick<GatewayDeps, 'uploads' | 'objects'>;
type Scope = Pick<UploadScope, 'call' | 'ownerId'>;

/** Removes what was stored, and gives its upload up. Only for what nobody has tried to confirm: its bytes are gone. */
export async function discardFile(
  deps: Deps,
  scope: Scope,
  { fileId, key }: Pick<StoredFile, 'fileId' | 'key'>,
): Promise<void> {
  if (key === '') return;
  const remove = async () => {
    await deps.objects.delete([key]);
    await abandon(deps, scope, fileId);
  };
  await patiently(scope, fileId, remove());
}

/**
 * Gives an upload up of which it is not known whether it was confirmed. One that was stays as it is; the bytes of
 * another are left to the janitor.
 */
export const giveUp = (deps: Pick<Deps, 'uploads'>, scope: Scope, fileId: string): Promise<void> =>
  patiently(scope, fileId, abandon(deps, scope, fileId));

/** However long what came before has taken, this has time of its own. */
const abandon = ({ uploads }: Pick<Deps, 'uploads'>, { call, ownerId }: Scope, fileId: string) =>
  uploads.abandonUpload({ ownerId, fileId }, afterwards(call));

/** What cannot be done now is left to the janitor. */
async function patiently({ call }: Scope, fileId: string, work: Promise<unknown>): Promise<void> {
  try {
    await withDeadline(PATIENCE, work);
  } catch (error) {
    call.log.warn({ err: error, file_id: fileId }, 'an upload that broke off could not be given up');
  }
}
