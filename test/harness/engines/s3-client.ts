import { DeleteObjectsCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';

/** What a URL `s3://key:secret@bucket/prefix?endpoint=…&region=…` says. Without a key the usual chain is asked. */
export function readS3Url(url: string) {
  const { hostname, pathname, searchParams, username, password } = new URL(url);
  const folder = decodeURIComponent(pathname).replace(/^\/+|\/+$/g, '');
  return {
    bucket: hostname,
    /** Empty, or ends with a slash. */
    prefix: folder === '' ? '' : `${folder}/`,
    endpoint: searchParams.get('endpoint') ?? undefined,
    region: searchParams.get('region') ?? 'us-east-1',
    credentials: username
      ? { accessKeyId: decodeURIComponent(username), secretAccessKey: decodeURIComponent(password) }
      : undefined,
  };
}

/** Acts with a client of its own on the store that the URL names. */
export async function onStore<T>(url: string, act: (client: S3Client) => Promise<T>): Promise<T> {
  const { endpoint, region, credentials } = readS3Url(url);
  const client = new S3Client({
    region,
    forcePathStyle: true,
    maxAttempts: 1,
    // Other stores than that of AWS do not know the checksums that the client sends of itself.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(endpoint && { endpoint }),
    ...(credentials && { credentials }),
  });
  try {
    return await act(client);
  } finally {
    client.destroy();
  }
}

/** All keys under the prefix of the URL, without it. */
export const keysIn = (url: string): Promise<string[]> =>
  onStore(url, async (client) => {
    const { bucket: Bucket, prefix: Prefix } = readS3Url(url);
    const keys: string[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await client.send(new ListObjectsV2Command({ Bucket, Prefix, ContinuationToken }));
      keys.push(...(page.Contents ?? []).map(({ Key = '' }) => Key.slice(Prefix.length)));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken);
    return keys;
  });

/** Removes all objects under the prefix of the URL. */
export async function emptyPlace(url: string): Promise<void> {
  const { bucket: Bucket, prefix } = readS3Url(url);
  const keys = await keysIn(url);
  await onStore(url, async (client) => {
    for (let from = 0; from < keys.length; from += 1_000) {
      const Objects = keys.slice(from, from + 1_000).map((key) => ({ Key: prefix + key }));
      await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
    }
  });
}
