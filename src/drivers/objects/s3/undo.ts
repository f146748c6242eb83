import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { at, type Bucket } from './bucket.ts';
import { find } from './stored.ts';

/** Milliseconds. */
const TIME = 5_000;

/**
 * Takes away what a write that failed may have made all the same. What cannot be taken away now is an object that
 * nobody refers to, and is found as such.
 */
export async function undo(bucket: Bucket, key: string, write: string): Promise<void> {
  const signal = AbortSignal.timeout(TIME);
  try {
    const found = await find(bucket, key, signal);
    if (found?.write !== write) return;
    await bucket.clients.quick.send(new DeleteObjectCommand(at(bucket, key)), { abortSignal: signal });
  } catch (error) {
    bucket.log.debug({ err: error }, 'what a failed write may have left could not be looked for');
  }
}
