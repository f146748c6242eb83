import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { keysIn, onStore, readS3Url } from '../engines/s3-client.ts';
import type { Installation } from '../inspect.ts';

/** The folder of a store on disk; undefined for one that is not. */
export function storeFolder({ storageUrl, dataDirs }: Installation): string | undefined {
  if (!storageUrl.startsWith('file:')) return undefined;
  return storageUrl === 'file:' ? join(dataDirs[0] as string, 'objects') : fileURLToPath(storageUrl);
}

/**
 * What the object store has, finished or not, sorted: files, or keys, and multipart uploads under way, which stand
 * below `uploads/`.
 */
export async function storedFiles(at: Installation): Promise<string[]> {
  const folder = storeFolder(at);
  const found = folder
    ? await filesIn(folder)
    : [...(await keysIn(at.storageUrl)), ...(await multipartIn(at.storageUrl))];
  return found.map((path) => `objects/${path}`).sort();
}

/** The same of one file alone, whatever else is there. */
export const storedOf = async (at: Installation, fileId: string): Promise<string[]> =>
  (await storedFiles(at)).filter((path) => path.includes(fileId));

async function filesIn(folder: string): Promise<string[]> {
  const uploads = join(folder, 'uploads');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() || entry.parentPath === uploads)
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

const multipartIn = (url: string): Promise<string[]> =>
  onStore(url, async (client) => {
    const { bucket: Bucket, prefix: Prefix } = readS3Url(url);
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix }));
    return Uploads.map(({ Key, UploadId }) => `uploads/${Key}~${UploadId}`);
  });

/** What processing has on disk, but for its fonts, which each start lays out anew. */
export async function scratchFiles({ dataDirs }: Installation): Promise<string[]> {
  const found: string[] = [];
  for (const dataDir of dataDirs) {
    const entries = await readdir(dataDir, { recursive: true, withFileTypes: true });
    const paths = entries
      .filter((entry) => entry.isFile() && entry.parentPath !== dataDir)
      .map((entry) => relative(dataDir, join(entry.parentPath, entry.name)));
    found.push(...paths.filter((path) => !/^objects[/\\]/.test(path) && !/[/\\]fonts[/\\]/.test(path)));
  }
  return found.sort();
}
