import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { HoldfastError } from '../../../base/errors.ts';
import type { Bucket } from './bucket.ts';
import { answered, isGone, isRefused, toStoreError } from './errors.ts';

const fileOf = ({ name, root }: Bucket) => ({ Bucket: name, Key: `${root}installation` });

export async function installation(bucket: Bucket): Promise<string | undefined> {
  try {
    const { Body } = await bucket.clients.quick.send(new GetObjectCommand(fileOf(bucket)));
    return await Body?.transformToString();
  } catch (error) {
    if (isGone(error)) return undefined;
    throw toStoreError(error);
  }
}

/** Where the store does not keep to conditions, two that claim it in the same moment are told apart by reading back. */
export async function claim(bucket: Bucket, id: string): Promise<void> {
  if (!(await installation(bucket))) {
    const command = new PutObjectCommand({
      ...fileOf(bucket),
      ...bucket.encryption,
      Body: id,
      ContentType: 'text/plain',
      ...(bucket.conditional && { IfNoneMatch: '*' }),
    });
    await answered(
      bucket.clients.quick.send(command).catch((error: unknown) => {
        if (!isRefused(error)) throw error;
      }),
    );
  }
  if ((await installation(bucket)) !== id) {
    throw new HoldfastError('conflict', 'The object store belongs to another installation.');
  }
}
