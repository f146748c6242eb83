import type { IncomingMessage } from 'node:http';
import { newId } from '../../base/ids.ts';

const SANE = /^[\w.:+/=@-]{1,128}$/;

/** The caller's X-Request-Id where it is short and plain, so that it can stand in a log; otherwise a new one. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && SANE.test(given) ? given : newId();
}
