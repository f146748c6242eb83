import type { CallContext } from '../../../base/context.ts';
import { HoldfastError } from '../../../base/errors.ts';
import { isIdempotencyKey } from '../../../base/idempotency-key.ts';
import type { GatewayDeps } from '../deps.ts';
import { afterwards } from './afterwards.ts';
import { keyOfAnother } from './store-file.ts';

/** Milliseconds between two signs that the request which holds a key is alive; a key is held for a minute. */
const RENEW = 20_000;

/** What a request came to. */
export interface Answer {
  /** The same for the same request. */
  readonly fingerprint: () => string;
  /** JSON. */
  readonly body: string;
}

interface IdempotentRequest {
  /** Does what the request asks for; throws where it failed as a whole. */
  readonly run: (idempotencyId: string | undefined) => Promise<Answer>;
  /** Reads the request for its fingerprint alone. */
  readonly fingerprint: () => Promise<string>;
}

/** The Idempotency-Key of a request, if it has one. Throws `invalid_request` for one that is none. */
export function idempotencyKeyOf(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (typeof header !== 'string' || !isIdempotencyKey(header)) {
    throw new HoldfastError('invalid_request', 'An Idempotency-Key is 1 to 255 visible ASCII characters.');
  }
  return header;
}

/**
 * Answers a request with a key once: the same request again gets the same answer, another is refused with
 * `idempotency_mismatch`, one that comes meanwhile with `idempotency_in_flight`. A request that failed frees its key;
 * where a file of it was confirmed all the same, the key stays with that, for the same request to take it up.
 */
export async function answerOnce(
  uploads: GatewayDeps['uploads'],
  { call, ownerId, key }: { readonly call: CallContext; readonly ownerId: string; readonly key: string | undefined },
  { run, fingerprint }: IdempotentRequest,
): Promise<{ readonly body: string; readonly replayed: boolean }> {
  if (key === undefined) return { body: (await run(undefined)).body, replayed: false };

  const claim = await uploads.claimIdempotencyKey({ ownerId, key }, call);
  if (claim.answer !== undefined) {
    if ((await fingerprint()) !== claim.fingerprint) throw keyOfAnother();
    return { body: claim.answer, replayed: true };
  }

  const { id } = claim;
  const context = afterwards(call);
  const renewing = setInterval(() => {
    uploads.extendIdempotencyKey({ ownerId, id }, afterwards(call)).catch((error) => {
      call.log.warn({ err: error }, 'an Idempotency-Key could not be held longer');
    });
  }, RENEW);
  const settle = (answer: Partial<Answer>) =>
    uploads
      .settleIdempotencyKey({ ownerId, id, fingerprint: answer.fingerprint?.() ?? '', answer: answer.body }, context)
      // The request is answered all the same: its key is free again within a minute.
      .catch((error) => call.log.warn({ err: error }, 'an Idempotency-Key could not be settled'));
  try {
    const answer = await run(id);
    await settle(answer);
    return { body: answer.body, replayed: false };
  } catch (error) {
    await settle({});
    throw error;
  } finally {
    clearInterval(renewing);
  }
}
