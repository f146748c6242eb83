import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
} from '@aws-sdk/client-s3';
import { newId } from '../../../base/ids.ts';
import type { Bucket } from './bucket.ts';
import { statusOf } from './errors.ts';
import { explain } from './explain.ts';
import { tryOut } from './probe.ts';
import type { S3Location } from './url.ts';

/** Milliseconds for the whole of it. */
const TIME = 30_000;

/**
 * Tries what everything else needs, so that what is wrong shows at the start and in words. Answers whether the store
 * keeps to `If-None-Match: *`.
 */
export async function examine(
  bucket: Pick<Bucket, 'name' | 'root' | 'clients' | 'encryption'>,
  location: S3Location,
): Promise<boolean> {
  const { clients, name: Bucket, root } = bucket;
  const signal = AbortSignal.timeout(TIME);
  const options = { abortSignal: signal };
  let permission = 's3:ListBucket';
  const onStep = (next: string) => {
    permission = next;
  };
  try {
    // A listing, and not a HEAD of the bucket: the answer to that has no body, and so does not say what is wrong.
    await clients.quick.send(new ListObjectsV2Command({ Bucket, Prefix: root, MaxKeys: 1 }), options);
    const conditional = await tryOut(bucket, { signal, onStep });
    onStep('s3:ListBucketMultipartUploads');
    await clients.quick.send(new ListMultipartUploadsCommand({ Bucket, Prefix: root, MaxUploads: 1 }), options);
    // There is no such upload; only a refusal says something.
    const upload = { Bucket, Key: `${root}probe/${newId()}`, UploadId: newId() };
    onStep('s3:ListMultipartUploadParts');
    await clients.quick.send(new ListPartsCommand(upload), options).catch(ignoreUnlessForbidden);
    onStep('s3:AbortMultipartUpload');
    await clients.quick.send(new AbortMultipartUploadCommand(upload), options).catch(ignoreUnlessForbidden);
    return conditional;
  } catch (error) {
    throw explain(error, location, permission);
  }
}

function ignoreUnlessForbidden(error: unknown): void {
  if (statusOf(error) === 403) throw error;
}
