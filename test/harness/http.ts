import { Agent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** A call's body: bytes at hand, or a stream of them. */
export type Body = string | Uint8Array | Readable;

export interface CallOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Body;
  /** Sent as JSON in place of `body`. */
  readonly json?: unknown;
  readonly signal?: AbortSignal;
  /** Milliseconds until the answer must be there. */
  readonly deadline?: number;
}

/** An answer that was read whole. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly bytes: Buffer;
  /** The JSON document; undefined where the body is none. */
  // biome-ignore lint/suspicious/noExplicitAny: what a test reads of it is what it asserts.
  readonly body: any;
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/**
 * Sends a request and resolves with the answer's head; its body must be consumed or destroyed. Headers and path go
 * out exactly as given, and an answer that comes before the body was sent counts.
 */
export function open(
  method: string,
  url: string,
  { headers = {}, body, json, signal, deadline = 60_000 }: CallOptions = {},
): Promise<IncomingMessage> {
  const content = json === undefined ? body : JSON.stringify(json);
  const known = content === undefined || content instanceof Readable ? undefined : Buffer.from(content);
  const { host, pathname, search } = splitUrl(url);
  const sent = request(`http://${host}`, {
    method,
    path: pathname + search,
    agent,
    signal: AbortSignal.any([AbortSignal.timeout(deadline), ...(signal ? [signal] : [])]),
    headers: {
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...(known ? { 'content-length': String(known.length) } : {}),
      ...headers,
    },
  });
  return new Promise((resolve, reject) => {
    sent.on('response', resolve).on('error', reject);
    if (content instanceof Readable) pipeline(content, sent).catch(reject);
    else sent.end(known);
  });
}

export async function call(method: string, url: string, options?: CallOptions): Promise<Answer> {
  const answer = await open(method, url, options);
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const isJson = /[/+]json\b/.test(answer.headers['content-type'] ?? '');
  return {
    status: answer.statusCode as number,
    headers: answer.headers,
    bytes,
    body: isJson && bytes.length > 0 ? JSON.parse(bytes.toString()) : undefined,
  };
}

/** The first cookie that an answer sets, as a browser sends it back. */
export const cookieOf = ({ headers }: Pick<Answer, 'headers'>): string =>
  headers['set-cookie']?.[0]?.split(';')[0] ?? '';

/** Unlike `URL`, leaves the path as it is written. */
function splitUrl(url: string) {
  const match = /^https?:\/\/([^/?#]+)([^?#]*)(\?[^#]*)?/.exec(url);
  if (!match) throw new TypeError(`${url} is not a URL`);
  return { host: match[1] as string, pathname: match[2] || '/', search: match[3] ?? '' };
}

interface RawOptions {
  /** Closes the connection without a farewell when all was written and this resolves. */
  readonly cutWhen?: () => Promise<unknown> | unknown;
}

/** Writes bytes to a socket as they are and answers all that comes back until the other side closes. */
export function sendRaw(url: string, chunks: readonly (string | Uint8Array)[], { cutWhen }: RawOptions = {}) {
  const { hostname, port } = new URL(url);
  return new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    const answer: Buffer[] = [];
    socket.setTimeout(30_000, () => socket.destroy(new Error('No answer for 30 s')));
    socket.on('data', (chunk: Buffer) => answer.push(chunk));
    socket.on('error', (error) => (cutWhen || answer.length > 0 ? undefined : reject(error)));
    socket.on('close', () => resolve(Buffer.concat(answer).toString('latin1')));
    const write = async () => {
      for (const chunk of chunks) await new Promise((written) => socket.write(Buffer.from(chunk as string), written));
      if (!cutWhen) return;
      await cutWhen();
      socket.resetAndDestroy();
    };
    socket.on('connect', () =>
      write().catch((error) => {
        reject(error);
        socket.destroy();
      }),
    );
  });
}
