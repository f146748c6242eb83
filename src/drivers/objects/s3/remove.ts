import { DeleteObjectCommand, DeleteObjectsCommand } from '@aws-sdk/client-s3';
import { HoldfastError } from '../../../base/errors.ts';
import { checkKey } from '../keys.ts';
import { at, type Bucket } from './bucket.ts';
import { answered } from './errors.ts';

/** The most keys that S3 takes at once. */
const BATCH = 1_000;

export async function remove(bucket: Bucket, keys: readonly string[]): Promise<void> {
  for (const key of keys) checkKey(key);
  const all = [...new Set(keys)];
  if (all.length === 1) {
    await answered(bucket.clients.quick.send(new DeleteObjectCommand(at(bucket, all[0] as string))));
    return;
  }
  for (let first = 0; first < all.length; first += BATCH) await removeBatch(bucket, all.slice(first, first + BATCH));
}

/** Each key has an outcome of its own; those that failed are told of after all were tried. */
async function removeBatch(bucket: Bucket, keys: readonly string[]): Promise<void> {
  const command = new DeleteObjectsCommand({
    Bucket: bucket.name,
    Delete: { Objects: keys.map((key) => ({ Key: at(bucket, key).Key })), Quiet: true },
  });
  const { Errors = [] } = await answered(bucket.clients.quick.send(command));
  const failed = Errors.filter(({ Code }) => Code !== 'NoSuchKey');
  const [first] = failed;
  if (!first) return;
  throw new HoldfastError(
    'unavailable',
    `${failed.length} of ${keys.length} objects could not be deleted. Try again.`,
    {
      cause: new Error(`${first.Key}: ${first.Code} ${first.Message ?? ''}`),
      retryAfter: 5,
    },
  );
}
