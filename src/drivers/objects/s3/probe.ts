import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { HoldfastError } from '../../../base/errors.ts';
import { newId } from '../../../base/ids.ts';
import type { Bucket } from './bucket.ts';
import { answered, isRefused, statusOf } from './errors.ts';

const IF_ABSENT = { IfNoneMatch: '*' } as const;

/** Milliseconds that clearing up after a failure may take. */
const CLEAR_UP = 5_000;

interface TrialOptions {
  readonly signal: AbortSignal;
  /** Told the permission that the next request needs, as S3 calls it. */
  readonly onStep: (permission: string) => void;
}

/** Does once, beside the objects, all that storing one needs. */
export const probe = (bucket: Bucket, signal: AbortSignal): Promise<void> =>
  answered(
    tryOut(bucket, { signal, onStep: () => {} }).then(() => undefined),
    signal,
  );

/**
 * Writes an object, once more, reads it and deletes it. Answers whether the store keeps to `If-None-Match: *`: those
 * that do not know it say nothing, or that they cannot. Throws the store's own errors.
 */
export async function tryOut(
  { clients: { quick }, name, root, encryption }: Pick<Bucket, 'name' | 'root' | 'clients' | 'encryption'>,
  { signal, onStep }: TrialOptions,
): Promise<boolean> {
  const place = { Bucket: name, Key: `${root}probe/${newId()}` };
  const options = { abortSignal: signal };
  const fields = { ...place, ...encryption, Body: place.Key };
  try {
    onStep('s3:PutObject');
    const put = async (condition: { IfNoneMatch?: '*' }) => {
      const written = await quick.send(new PutObjectCommand({ ...fields, ...condition }), options);
      if (encryption.ServerSideEncryption && !written.ServerSideEncryption) throw new NotEncrypted();
    };
    let conditional = false;
    try {
      await put(IF_ABSENT);
      await put(IF_ABSENT);
    } catch (error) {
      conditional = isRefused(error);
      // What some say who do not know it.
      if (!conditional && ![400, 404, 501].includes(statusOf(error) ?? 0)) throw error;
      if (!conditional) await put({});
    }
    onStep('s3:GetObject');
    const { Body } = await quick.send(new GetObjectCommand(place), options);
    if ((await Body?.transformToString()) !== place.Key) {
      throw new HoldfastError('unavailable', 'The object store does not give back what it was given.');
    }
    onStep('s3:DeleteObject');
    await quick.send(new DeleteObjectCommand(place), options);
    return conditional;
  } catch (error) {
    const late = { abortSignal: AbortSignal.timeout(CLEAR_UP) };
    await quick.send(new DeleteObjectCommand(place), late).catch(() => undefined);
    throw error;
  }
}

/** The store was told to encrypt, and said nothing of having done so. */
export class NotEncrypted extends HoldfastError {
  constructor() {
    super('unavailable', 'The object store does not encrypt what it is told to encrypt.');
  }
}
