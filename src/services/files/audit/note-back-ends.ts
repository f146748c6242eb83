import { LRUCache } from 'lru-cache';
import { type CallContext, isBackEnd } from '../../../base/context.ts';
import { hasCode } from '../../../base/errors.ts';
import { newId } from '../../../base/ids.ts';
import type { FileServiceDefinition } from '../../../contract/holdfast/v1/file.ts';
import type { MethodsOf, Service } from '../../../rpc/contract.ts';
import type { AuditTrail } from './trail.ts';

interface Act {
  readonly action: string;
  /** Written before it is answered. What back ends do very often is written a moment later. */
  readonly awaited: boolean;
}

/** What back ends do to a file that the audit trail tells of, as it does of users. */
const ACTS: Partial<Record<MethodsOf<FileServiceDefinition>, Act>> = {
  deleteFile: { action: 'file.deleted', awaited: true },
  generateDownloadURL: { action: 'file.url_signed', awaited: false },
};

/** Milliseconds in which acting for the same owner is one entry. */
const ONE_ENTRY = 3600_000;
const REMEMBERED = 50_000;

type Method = (request: { ownerId: string; fileId?: string }, context: CallContext) => Promise<unknown>;

/** The same service, which notes what other back ends do, and for whom. */
export function noteBackEnds(
  files: Service<FileServiceDefinition>,
  trail: Pick<AuditTrail, 'note'>,
): Service<FileServiceDefinition> {
  const noted = new LRUCache<string, true>({ max: REMEMBERED, ttl: ONE_ENTRY });

  const noteOwner = (ownerId: string, { actorId, ...act }: ReturnType<typeof actOf>) => {
    const key = `${actorId} ${ownerId}`;
    if (ownerId === '' || noted.has(key)) return;
    noted.set(key, true);
    trail.note({
      ...act,
      actorId,
      id: newId(),
      action: 'owner.acted_for',
      targetKind: 'owner',
      targetId: ownerId,
      ownerId,
    });
  };

  const noting =
    (method: Method, act: Act | undefined): Method =>
    async (request, context) => {
      const { principal } = context;
      if (!isBackEnd(principal)) return method(request, context);
      const { ownerId, fileId = '' } = request;
      const by = actOf(principal.name, context);
      try {
        const answer = await method(request, context);
        noteOwner(ownerId, by);
        if (act) {
          const written = trail.note({
            ...by,
            id: newId(),
            action: act.action,
            targetKind: 'file',
            targetId: fileId,
            ownerId,
          });
          if (act.awaited) await written;
        }
        return answer;
      } catch (error) {
        // Otherwise it may be no owner at all.
        if (!hasCode(error, 'invalid_request')) noteOwner(ownerId, by);
        throw error;
      }
    };

  return Object.fromEntries(
    Object.entries(files).map(([name, method]) => [
      name,
      noting(method as Method, ACTS[name as MethodsOf<FileServiceDefinition>]),
    ]),
  ) as unknown as Service<FileServiceDefinition>;
}

/** By whom, in an entry. */
export const actOf = (actorId: string, { requestId, caller: client }: CallContext) => ({
  actorKind: 'service',
  actorId,
  credentialId: '',
  requestId,
  createdAt: new Date(),
  client,
});
