import { randomBytes } from 'node:crypto';
import { type Answer, type Connection, hammer, head } from './http.ts';
import { cpuSeconds } from './measure.ts';
import { type Server, signUp, startHoldfast, startRaw } from './servers.ts';

export const SIZE = 10 * 1024;
export const CONCURRENCY = 32;
export const COUNT = 3000;

/** A server that takes small files. */
export interface Side {
  readonly server: Server;
  upload(connection: Connection, body: Buffer): Promise<Answer>;
  download(connection: Connection, id: string): Promise<Answer>;
  idOf(answer: Answer): string;
}

export interface Round {
  readonly rate: number;
  /** Milliseconds per operation. */
  readonly cpu: number;
}

const body = randomBytes(SIZE);

export async function raw(): Promise<Side> {
  const server = await startRaw();
  const upload = head('POST', '/', { 'content-length': SIZE });
  return {
    server,
    upload: (connection, bytes) => connection.send(upload, bytes, true),
    download: (connection, id) => connection.send(head('GET', `/${id}`, {})),
    idOf: (answer) => String(answer.body),
  };
}

export async function ours(environment: Record<string, string> = {}): Promise<Side> {
  const server = await startHoldfast(environment);
  const headers = await signUp(server.url);
  const upload = head('POST', '/api/files?name=small.bin', {
    ...headers,
    'content-type': 'application/octet-stream',
    'content-length': SIZE,
  });
  return {
    server,
    upload: (connection, bytes) => connection.send(upload, bytes, true),
    download: (connection, id) => connection.send(head('GET', `/api/files/${id}/content`, headers)),
    idOf: (answer) => JSON.parse(String(answer.body)).files[0].id,
  };
}

/** `expected` is the status that the server answers an upload with. */
export async function uploads({ server, upload, idOf }: Side, expected: number): Promise<Round & { ids: string[] }> {
  const ids: string[] = [];
  const cpu = cpuSeconds(server.pid);
  const seconds = await hammer(server.url, { count: COUNT, concurrency: CONCURRENCY }, async (connection) => {
    const answer = await upload(connection, body);
    if (answer.status !== expected) throw new Error(`An upload was answered ${answer.status}: ${answer.body}`);
    ids.push(idOf(answer));
  });
  return { rate: COUNT / seconds, cpu: ((cpuSeconds(server.pid) - cpu) * 1000) / COUNT, ids };
}

export async function downloads({ server, download }: Side, ids: readonly string[]): Promise<Round> {
  const cpu = cpuSeconds(server.pid);
  const seconds = await hammer(server.url, { count: COUNT, concurrency: CONCURRENCY }, async (connection, index) => {
    const answer = await download(connection, ids[index % ids.length] as string);
    if (answer.status !== 200 || answer.bytes !== SIZE) throw new Error(`A download was answered ${answer.status}.`);
  });
  return { rate: COUNT / seconds, cpu: ((cpuSeconds(server.pid) - cpu) * 1000) / COUNT };
}
