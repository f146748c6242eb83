import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { HoldfastError } from '../../../base/errors.ts';
import type { ObjectStore } from '../../../drivers/objects/port.ts';
import type { Claim } from './claims.ts';

/** What became of an object: its hash, or why the source has not what its row says. */
export type Outcome = { readonly sha256: string } | { readonly damage: 'missing' | 'different' };

/**
 * Copies an object, and reads it back. Its bytes are hashed as they leave the source and again as the other store gives
 * them: a length alone tells nothing of bytes that changed on the way, and not every store keeps a checksum.
 */
export async function copyObject(
  from: ObjectStore,
  to: ObjectStore,
  claim: Claim,
  { signal, onBytes }: { readonly signal: AbortSignal; readonly onBytes: (bytes: number) => void },
): Promise<Outcome> {
  const standing = await hashOf(to, claim.key, signal);
  // Of a run that was cut off before it could say so.
  if (standing !== undefined && standing === claim.sha256) {
    onBytes(claim.size);
    return { sha256: standing };
  }
  if (standing !== undefined) await to.delete([claim.key]);
  const sent = await send(from, to, claim, signal, onBytes);
  if ('damage' in sent) return sent;
  const kept = await hashOf(to, claim.key, signal);
  if (kept === sent.sha256) return sent;
  await to.delete([claim.key]);
  throw new HoldfastError('unavailable', `The store to copy to gave other bytes than it was given for ${claim.key}.`);
}

async function send(
  from: ObjectStore,
  to: ObjectStore,
  { key, size, sha256, contentType }: Claim,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
): Promise<Outcome> {
  const body = await orUndefined(from.get(key, { signal }));
  if (!body) return { damage: 'missing' };
  if (body.length !== size) {
    body.stream.destroy();
    return { damage: 'different' };
  }
  const hash = createHash('sha256');
  const hashing = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk);
      onBytes(chunk.length);
      done(null, chunk);
    },
  });
  const feeding = pipeline(body.stream, hashing, { signal });
  const [putting] = await Promise.allSettled([to.put(key, hashing, { size, contentType, signal }), feeding]);
  if (putting.status === 'rejected') throw putting.reason;
  await feeding;
  const read = hash.digest('hex');
  if (sha256 === undefined || read === sha256) return { sha256: read };
  await to.delete([key]);
  return { damage: 'different' };
}

/** Of what a store gives; undefined where it has no such object. */
async function hashOf(store: ObjectStore, key: string, signal: AbortSignal): Promise<string | undefined> {
  const body = await orUndefined(store.get(key, { signal }));
  if (!body) return undefined;
  const hash = createHash('sha256');
  await pipeline(body.stream, hash, { signal });
  return hash.digest('hex');
}

async function orUndefined<T>(found: Promise<T>): Promise<T | undefined> {
  return found.catch((error) => {
    if (error instanceof HoldfastError && error.code === 'not_found') return undefined;
    throw error;
  });
}
