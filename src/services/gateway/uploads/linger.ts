import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { App } from '../app.ts';

/** Bytes of a body that are read and thrown away so that the connection can be used again. */
const KEEP_OPEN = 1024 * 1024;
/** How much is thrown away, and for how many milliseconds, until the connection is closed in the client's face. */
const MAX_BYTES = 1024 * 1024 * 1024;
const MAX_TIME = 30_000;
const MAX_SILENCE = 5_000;

/**
 * Lets clients read answers that come before their body has ended. A connection that is closed while bytes still come
 * in is reset, and a reset takes the answer with it; so the answer goes out whole at once, with `Connection: close`,
 * and the rest of the body is thrown away for a while before the connection ends.
 */
export function answerBeforeTheEnd(app: App): void {
  app.addHook('onSend', async (request: FastifyRequest, reply: FastifyReply, payload: unknown) => {
    const { raw } = request;
    if (raw.readableEnded || raw.destroyed) return payload;
    if (raw.complete || Number(raw.headers['content-length']) <= KEEP_OPEN) {
      raw.resume();
      return payload;
    }
    reply.header('connection', 'close');
    if (typeof payload !== 'string' && !Buffer.isBuffer(payload)) return payload;
    reply.header('content-length', Buffer.byteLength(payload));
    return lingering(raw, payload);
  });
}

/** The payload as a stream that ends when the rest of the request's body has come, or enough of it. */
function lingering(request: IncomingMessage, payload: string | Buffer): Readable {
  const stream = new Readable({ read() {} });
  stream.push(payload);
  let left = MAX_BYTES;
  const end = () => {
    clearTimeout(deadline);
    clearTimeout(silence);
    request.off('data', onData).off('end', end).off('close', end);
    stream.push(null);
  };
  const deadline = setTimeout(end, MAX_TIME);
  const silence = setTimeout(end, MAX_SILENCE);
  const onData = (chunk: Buffer) => {
    silence.refresh();
    left -= chunk.length;
    if (left < 0) end();
  };
  request
    .on('data', onData)
    .on('end', end)
    .on('close', end)
    .on('error', () => {});
  request.resume();
  stream.once('close', end);
  return stream;
}
