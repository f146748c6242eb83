/**
 * Uploads a file for one of this back end's users, waits for its thumbnail, and fetches that:
 *
 *   TLS_CA=ca.pem TLS_CERT=client-billing.pem TLS_KEY=client-billing.key node main.ts localhost:9001 alice photo.jpg
 *
 * The address has a host name and not an IP address: grpc-js takes none with TLS. PROTOS is the folder with the .proto
 * files; by default the one of this repository.
 */

import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Call, connect } from './client.ts';

interface File {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly processing: { readonly state: string };
  readonly variants: readonly { readonly type: string }[];
}

interface SignedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface Part {
  readonly number: number;
  readonly request: SignedRequest;
}

interface Target {
  readonly request: SignedRequest | null;
  readonly part_size: number;
  readonly part_count: number;
  readonly parts: readonly Part[];
}

interface Reserved {
  readonly file: File;
  readonly upload: Target;
  readonly error: { readonly code: string; readonly detail: string } | null;
}

const [address, owner, path] = process.argv.slice(2);
const { TLS_CA: ca, TLS_CERT: cert, TLS_KEY: key, PROTOS: protos } = process.env;
if (!address || !owner || !path || !ca || !cert || !key) {
  console.error('usage: TLS_CA=… TLS_CERT=… TLS_KEY=… node main.ts <address> <owner> <file>');
  process.exit(2);
}
const client = connect(address, { ca, cert, key, protos: protos ?? join(import.meta.dirname, '../../../proto') });
try {
  const file = await upload(client.files, owner, path);
  console.log(`${file.name} is ${file.id}`);
  await waitForVariant(client.files, owner, file.id, 'thumbnail');
  const target = `${path}.thumbnail.jpg`;
  await download(client.files, { owner_id: owner, file_id: file.id, variant: 'thumbnail' }, target);
  console.log(`its thumbnail is in ${target}`);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
} finally {
  client.close();
}

/** Reserves a place, sends the bytes straight to the store, and says that they are there. */
async function upload(files: Call, owner: string, path: string): Promise<File> {
  const { size } = await stat(path);
  const { results } = await files<{ results: readonly Reserved[] }>('GenerateUploadURLs', {
    owner_id: owner,
    files: [{ name: basename(path), size }],
  });
  const [reserved] = results;
  if (!reserved || reserved.error) throw new Error(reserved?.error?.detail ?? 'There was no answer.');
  const { file, upload: target } = reserved;
  if (target.request) await send(target.request, path, 0, size);
  else {
    let known = target.parts;
    for (let from = 1; from <= target.part_count; from += known.length) {
      // Where more are needed than came with the first answer.
      if (known[0]?.number !== from) {
        const more = { owner_id: owner, file_id: file.id, from, count: 100 };
        known = (await files<{ parts: readonly Part[] }>('GenerateUploadPartURLs', more)).parts;
      }
      for (const { number, request } of known) {
        const begin = (number - 1) * target.part_size;
        await send(request, path, begin, Math.min(begin + target.part_size, size));
      }
    }
  }
  const whose = { owner_id: owner, file_id: file.id };
  // The bytes are read again to be sure of them, which takes a while where they are many.
  return (await files<{ file: File }>('ConfirmUpload', whose, { timeout: 600_000 })).file;
}

/** One signed request, with exactly its method and headers: the bytes of a file from `begin` to before `end`. */
async function send({ method, url, headers }: SignedRequest, path: string, begin: number, end: number): Promise<void> {
  const body = end > begin ? createReadStream(path, { start: begin, end: end - 1 }) : Readable.from([]);
  const answer = await fetch(url, {
    method,
    headers: { ...headers, 'content-length': String(end - begin) },
    body: Readable.toWeb(body) as ReadableStream<Uint8Array>,
    duplex: 'half',
  } as RequestInit);
  if (!answer.ok) throw new Error(`${method} answered ${answer.status}: ${await answer.text()}`);
  await answer.body?.cancel();
}

/** Variants are made after the upload is confirmed, within a second or so. */
async function waitForVariant(files: Call, owner: string, fileId: string, type: string): Promise<void> {
  const giveUp = Date.now() + 60_000;
  while (Date.now() < giveUp) {
    const { file } = await files<{ file: File }>('GetFile', { owner_id: owner, file_id: fileId });
    if (file.variants.some((variant) => variant.type === type)) return;
    if (file.processing.state !== 'PROCESSING_STATE_RUNNING') throw new Error(`There will be no ${type}.`);
    await sleep(100);
  }
  throw new Error(`There is no ${type} after a minute.`);
}

/** By a URL that needs no header. */
async function download(files: Call, wanted: object, target: string): Promise<void> {
  const { url } = await files<{ url: string }>('GenerateDownloadURL', wanted);
  const answer = await fetch(url);
  if (!answer.ok || !answer.body) throw new Error(`The URL answered ${answer.status}.`);
  const file = await open(target, 'w');
  await file.writeFile(answer.body).finally(() => file.close());
}
