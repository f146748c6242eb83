/**
 * The limit: what Node does with the same bytes when nothing stands between HTTP and the disk. It gives the same
 * promise for them, and no other: when the answer comes the file is whole under its name, and survives a power cut
 * (written beside it, fsync'd, renamed, the folder fsync'd). No accounts, no rows, no hashes, no checks.
 *
 * POST /       writes the body                     → 201, the file's number
 * GET  /N      streams the file with that number   → 200
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, rename, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const folder = process.argv[2] as string;
await mkdir(folder, { recursive: true });
const HIGH_WATER_MARK = 1024 * 1024;
let files = 0;

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === 'POST') {
    const number = String(files++);
    const draft = join(folder, `${number}.part`);
    await pipeline(request, createWriteStream(draft, { flush: true, highWaterMark: HIGH_WATER_MARK }));
    await rename(draft, join(folder, number));
    const names = await open(folder, 'r');
    await names.sync();
    await names.close();
    response.writeHead(201, { 'content-length': number.length }).end(number);
    return;
  }
  const path = join(folder, (request.url ?? '/').slice(1));
  const { size } = await stat(path);
  response.writeHead(200, { 'content-length': size, 'content-type': 'application/octet-stream' });
  await pipeline(createReadStream(path, { highWaterMark: Math.min(size || 1, HIGH_WATER_MARK) }), response);
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => response.destroy(error));
});
server.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }));
});
