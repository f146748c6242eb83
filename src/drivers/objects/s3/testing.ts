import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keysIn } from '../../../../test/harness/engines/s3-client.ts';
import { place } from '../../../../test/harness/engines/use.ts';
import type { SendSigned, StartedPlace } from '../conformance/place.ts';

/** Sends a signed request as a program without our SDK does. */
export const sendOverHttp: SendSigned = async (_store, { method, url, headers }, body) => {
  const answer = await fetch(url, { method, headers, ...(body && { body: Buffer.from(body) }) });
  return { status: answer.status, body: Buffer.from(await answer.arrayBuffer()) };
};

/** A fresh place on the S3 server of the test run, in a folder of its bucket. */
export async function startPlace(): Promise<StartedPlace> {
  const given = await place('s3');
  const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-s3-'));
  return {
    url: inFolder(given.url),
    dataDir,
    send: sendOverHttp,
    // Beside objects, only who owns the place may stand there.
    residue: async () => (await keysIn(given.url)).filter((key) => !/^in\/here\/(data\/|installation$)/.test(key)),
    async stop() {
      await rm(dataDir, { recursive: true });
      await given.stop();
    },
  };
}

/** The URL of a place, with a prefix in it. */
export function inFolder(url: string): string {
  const own = new URL(url);
  own.pathname = `${own.pathname.replace(/\/$/, '')}/in/here`;
  return own.href;
}

/** What a middleman does with a request: passes it on, keeps the answer back, or answers in place of the store. */
export type Meddling = 'pass' | 'lose the answer' | Answer;

interface Answer {
  readonly status: number;
  /** Of an error; otherwise the body is empty. */
  readonly code?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A server between us and the store that sees each request whole. */
export interface Middleman {
  /** The URL of the store by way of it. */
  readonly url: string;
  /** Asked of each request; passes all at first. */
  meddle: (request: IncomingMessage) => Meddling;
  close(): Promise<void>;
}

export async function openMiddleman(storeUrl: string): Promise<Middleman> {
  const target = new URL(new URL(storeUrl).searchParams.get('endpoint') as string);
  const server = createServer((request, response) => {
    const decision = middleman.meddle(request);
    if (typeof decision === 'object') {
      request.resume();
      response.writeHead(decision.status, { 'content-type': 'application/xml', ...decision.headers });
      const error = `<?xml version="1.0"?><Error><Code>${decision.code}</Code><Message/></Error>`;
      response.end(decision.code && error);
      return;
    }
    const { method, url, headers } = request;
    const onward = send({ host: target.hostname, port: target.port, method, path: url, headers }, (answer) => {
      if (decision === 'lose the answer') {
        answer.resume().once('end', () => request.socket.resetAndDestroy());
        return;
      }
      response.writeHead(answer.statusCode as number, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward.on('error', () => request.socket.destroy()));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const own = new URL(storeUrl);
  own.searchParams.set('endpoint', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const middleman: Middleman = {
    url: own.href,
    meddle: () => 'pass',
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return middleman;
}

/** Meddles with the first `times` requests that fit. */
export function first(times: number, meddling: Meddling, fits: (request: IncomingMessage) => boolean) {
  let left = times;
  return (request: IncomingMessage): Meddling => (left > 0 && fits(request) && left-- > 0 ? meddling : 'pass');
}
