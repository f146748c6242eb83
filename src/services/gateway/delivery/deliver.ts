import type { OutgoingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { HoldfastError } from '../../../base/errors.ts';
import type { ObjectBody, ObjectStore } from '../../../drivers/objects/port.ts';
import { evaluate } from './conditions.ts';
import { contentSecurityPolicy } from './security-headers.ts';

/** An object as somebody who may have it gets it. */
export interface Deliverable {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly contentType: string;
  readonly contentDisposition: string;
  /** Without quotes; changes whenever the bytes do. */
  readonly etag: string;
  readonly modifiedAt: Date;
  readonly cacheControl: string;
}

/** Whoever gets it may keep it, and asks each time whether it may still be used. */
export const PRIVATE = 'private, no-cache';
/** Anybody may keep it for ever. */
export const PUBLIC = 'public, max-age=31536000, immutable';

/** Answers GET or HEAD with an object, or what the request's conditions and range leave of it (RFC 9110). */
export async function deliver(
  request: FastifyRequest,
  reply: FastifyReply,
  objects: ObjectStore,
  content: Deliverable,
): Promise<FastifyReply> {
  const { key, size, contentType, modifiedAt } = content;
  const etag = `"${content.etag}"`;
  const outcome = evaluate(request.method, request.raw.headers, { size, etag, modifiedAt });
  if (outcome.status === 412) {
    throw new HoldfastError('precondition_failed', 'The content is not the one that the request is about.');
  }
  if (outcome.status === 416) {
    reply.header('content-range', `bytes */${size}`);
    throw new HoldfastError('range_not_satisfiable', `The content has ${size} bytes, and the range lies outside.`);
  }

  const range = outcome.status === 206 ? outcome.range : undefined;
  const body =
    outcome.status === 304 || request.method === 'HEAD'
      ? undefined
      : await objects.get(key, { ...(range && { range }), signal: request.call.signal });

  reply.code(outcome.status).headers({
    etag,
    'last-modified': modifiedAt.toUTCString(),
    'cache-control': content.cacheControl,
  });
  if (outcome.status === 304) return reply.send();

  reply.headers({
    'accept-ranges': 'bytes',
    'content-type': contentType,
    'content-length': String(range ? range.last - range.first + 1 : size),
    'content-disposition': content.contentDisposition,
    'content-security-policy': contentSecurityPolicy(contentType),
    'x-content-type-options': 'nosniff',
  });
  if (range) reply.header('content-range', `bytes ${range.first}-${range.last}/${size}`);
  return body?.writeTo ? pumped(request, reply, body.writeTo) : reply.send(body?.bytes ?? body?.stream);
}

/** Answers past Fastify, which knows bodies and streams only; its hooks for what was answered run all the same. */
async function pumped(
  request: FastifyRequest,
  reply: FastifyReply,
  writeTo: NonNullable<ObjectBody['writeTo']>,
): Promise<FastifyReply> {
  const response = reply.hijack().raw;
  response.writeHead(reply.statusCode, reply.getHeaders() as OutgoingHttpHeaders);
  try {
    await writeTo(response);
    response.end();
  } catch (error) {
    // The status went out already: only a connection that is cut tells the client.
    if (!response.destroyed) request.call.log.error({ err: error }, 'an object could not be sent to its end');
    response.destroy();
  }
  return reply;
}
