import { AuthorizationError, errors, PermissionViolationError, TimeoutError } from '@nats-io/transport-node';
import { errnoOf } from '../../../base/errors.ts';
import type { NatsTarget } from './target.ts';

/** What went wrong at open, in one line for the operator; never with the password. */
export const openError = (error: unknown, target: NatsTarget): Error =>
  new Error(`BROKER_URL: ${reasonOf(error, target)}.`, { cause: error });

function reasonOf(error: unknown, { servers }: NatsTarget): string {
  const at = `NATS at ${servers.join(', ')}`;
  const cause = innermost(error);
  if ((error as Error).name === 'JetStreamNotEnabled')
    return `${at} has no JetStream; start it with "-js", or enable it`;
  if (cause instanceof AuthorizationError) return `${at} does not know the user, password or token of the URL`;
  if (cause instanceof PermissionViolationError) {
    return `${at} does not let this user do what is needed; allow it our subjects and $JS.API.>`;
  }
  if (cause instanceof TimeoutError) return `${at} does not answer; check host and port`;
  const errno = errnoOf(cause) ?? '';
  switch (errno) {
    case 'ECONNREFUSED':
      return `there is no server at ${servers.join(', ')}; start NATS, or correct host and port`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `a host of ${servers.join(', ')} is not known; check its name`;
    case 'ECONNRESET':
      return `${at} reset the connection; check the port, and whether it wants TLS (tls://)`;
  }
  if (/CERT|SELF_SIGNED|VERIFY|ALTNAME/.test(errno)) {
    return `the certificate of ${at} is not trusted (${errno}); give its authority as ?ca=FILE`;
  }
  return `${at} could not be used (${(cause as Error).message.split('\n')[0]})`;
}

/** The library wraps what the socket said. */
function innermost(error: unknown): unknown {
  const { cause } = (error ?? {}) as { cause?: unknown };
  return cause instanceof Error && !(error instanceof errors.AuthorizationError) ? innermost(cause) : error;
}
