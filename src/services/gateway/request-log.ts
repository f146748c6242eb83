import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../../base/logger.ts';
import { userId } from './request.ts';

/** What is known of an answer once its connection is done with it. */
export interface Answered {
  readonly method: string;
  /** The pattern of the route (`/api/files/:id`), never the URL: that may hold a token. Absent where none matched. */
  readonly route: string | undefined;
  /** 499 where the client went away first. */
  readonly status: number;
  /** Milliseconds. */
  readonly duration: number;
}

/** One line for each request, when it is over. */
export function logRequest(log: Logger, request: FastifyRequest, answered: Answered): void {
  log.info(
    {
      request_id: request.id,
      user_id: userId(request.call.principal),
      method: answered.method,
      route: answered.route,
      status: answered.status,
      duration: Math.round(answered.duration * 10) / 10,
    },
    'request',
  );
}

/** Calls back when an answer is whole, or its client gone. */
export function whenAnswered(request: FastifyRequest, reply: FastifyReply, then: (answered: Answered) => void): void {
  const started = performance.now();
  const response = reply.raw;
  response.once('close', () => {
    then({
      method: request.method,
      route: request.routeOptions.url,
      status: response.writableFinished ? response.statusCode : 499,
      duration: performance.now() - started,
    });
  });
}
