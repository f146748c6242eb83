import { setTimeout as wait } from 'node:timers/promises';
import { DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { backoff } from '../../../base/backoff.ts';
import { HoldfastError } from '../../../base/errors.ts';
import { newId } from '../../../base/ids.ts';
import type { Bucket } from './bucket.ts';
import { answered, isCollision, isGone, isRefused, toStoreError } from './errors.ts';

const ATTEMPTS = 5;

/** A mark that is older than another by so much was left by a process that is gone. Milliseconds. */
const STALE = 3_600_000;

export async function installation(bucket: Bucket): Promise<string | undefined> {
  try {
    const { Body } = await bucket.clients.quick.send(new GetObjectCommand({ Bucket: bucket.name, Key: owner(bucket) }));
    return (await Body?.transformToString()) || undefined;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw toStoreError(error);
  }
}

/** Of those who claim it in one moment one gets it, also where the store does not keep to conditions. */
export async function claim(bucket: Bucket, id: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const claimed = await installation(bucket);
    if (claimed === id) return;
    if (claimed !== undefined) {
      throw new HoldfastError('conflict', 'The object store belongs to another installation.');
    }
    if (attempt === ATTEMPTS) {
      throw new HoldfastError('conflict', 'Another installation claims the object store at the same moment.');
    }
    if (attempt > 0) await wait(backoff(attempt, { base: 100, max: 2_000 }));
    await (bucket.conditional ? writeIfAbsent(bucket, id) : writeIfAlone(bucket, id));
  }
}

const owner = ({ root }: Bucket): string => `${root}installation`;

async function write(bucket: Bucket, Key: string, id: string, condition: { readonly IfNoneMatch?: '*' } = {}) {
  const fields = { Bucket: bucket.name, Key, Body: id, ContentType: 'text/plain' };
  await bucket.clients.quick.send(new PutObjectCommand({ ...fields, ...bucket.encryption, ...condition }));
}

const writeIfAbsent = (bucket: Bucket, id: string): Promise<void> =>
  answered(
    write(bucket, owner(bucket), id, { IfNoneMatch: '*' }).catch((error: unknown) => {
      if (!isRefused(error) && !isCollision(error)) throw error;
    }),
  );

/**
 * Where a later write would silently win over the first: whoever wants the store puts up a mark of its own, and goes on
 * only where no other installation has one. Of two, at least the later one sees the mark of the other, or what the other
 * wrote before it took its mark away. Reads and lists have to show what was written before, as S3 promises.
 */
async function writeIfAlone(bucket: Bucket, id: string): Promise<void> {
  const own = `${bucket.root}claims/${id}/${newId()}`;
  await answered(write(bucket, own, id));
  try {
    if (await hasRival(bucket, id, own)) return;
    if ((await installation(bucket)) === undefined) await answered(write(bucket, owner(bucket), id));
  } finally {
    await answered(bucket.clients.quick.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: own })));
  }
}

async function hasRival(bucket: Bucket, id: string, own: string): Promise<boolean> {
  const Prefix = `${bucket.root}claims/`;
  const { Contents = [] } = await answered(
    bucket.clients.quick.send(new ListObjectsV2Command({ Bucket: bucket.name, Prefix })),
  );
  const since = Contents.find(({ Key }) => Key === own)?.LastModified;
  if (since === undefined) throw new HoldfastError('unavailable', 'The object store does not list what it was given.');
  return Contents.some(
    ({ Key, LastModified = since }) =>
      !Key?.startsWith(`${Prefix}${id}/`) && since.getTime() - LastModified.getTime() < STALE,
  );
}
