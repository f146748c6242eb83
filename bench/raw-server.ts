/**
 * The limit: what Node does with the same bytes when nothing stands between HTTP and the disk. Every upload is one
 * file, fsync'd before the answer; every download streams one file. No names, no rows, no checks.
 *
 * POST /       writes the body                     → 201, the file's number
 * GET  /N      sends the file with that number   → 200
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const folder = process.argv[2] as string;
await mkdir(folder, { recursive: true });
const HIGH_WATER_MARK = 1024 * 1024;
/** What is smaller is read at once: a stream would be no limit to be measured against. */
const SMALL = 64 * 1024;
let files = 0;

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === 'POST') {
    const number = String(files++);
    await pipeline(request, createWriteStream(join(folder, number), { flush: true, highWaterMark: HIGH_WATER_MARK }));
    response.writeHead(201, { 'content-length': number.length }).end(number);
    return;
  }
  const path = join(folder, (request.url ?? '/').slice(1));
  const { size } = await stat(path);
  response.writeHead(200, { 'content-length': size, 'content-type': 'application/octet-stream' });
  if (size <= SMALL) {
    response.end(await readFile(path));
    return;
  }
  await pipeline(createReadStream(path, { highWaterMark: HIGH_WATER_MARK }), response);
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => response.destroy(error));
});
server.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }));
});
