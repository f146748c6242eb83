import type { FastifyRequest } from 'fastify';
import { type HoldfastError, toHoldfastError } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import type { RecordAuditRequest } from '../../contract/holdfast/internal/v1/account.ts';
import type { GatewayDeps } from './deps.ts';
import { clientOf } from './request.ts';

type Entry = Pick<
  RecordAuditRequest,
  'action' | 'actorId' | 'credentialId' | 'targetKind' | 'targetId' | 'ownerId' | 'data'
>;

/**
 * Writes to the audit trail what a request does. Answers why where that is not possible just now, as while everything is
 * moved to another place: then the entry is in the log.
 */
export async function writeEntry(
  audit: GatewayDeps['audit'],
  request: FastifyRequest,
  entry: Entry,
): Promise<HoldfastError | undefined> {
  const written = { ...entry, id: newId(), client: clientOf(request) };
  try {
    await audit.recordAudit(written, request.call);
    return undefined;
  } catch (thrown) {
    const error = toHoldfastError(thrown);
    const why = error.meaning.retryable ? { reason: error.detail } : { err: error.cause ?? error };
    request.call.log.error(
      { ...why, code: error.code, entry: written },
      'an entry of the audit trail could not be written',
    );
    return error;
  }
}
