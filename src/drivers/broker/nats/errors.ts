import { JetStreamApiError } from '@nats-io/jetstream';
import {
  AuthorizationError,
  NoRespondersError,
  PermissionViolationError,
  TimeoutError,
  UserAuthenticationExpiredError,
} from '@nats-io/transport-node';
import { socketReason } from '../socket-reason.ts';
import type { NatsTarget } from './target.ts';

/** A thing about the server that makes it unfit for us; the message goes on from its address and says what to do. */
export class UnfitServerError extends Error {}

/** Error codes of the JetStream API (nats-server, server/errors.json). */
const NOT_ENABLED = [10039, 10076];
const OVERLAPS = [10065];
const NO_ROOM = [10002, 10023, 10028, 10047];
const NO_CLUSTER = [10005, 10074];

/** What went wrong at open, in one line for the operator; never with the password. */
export const openError = (error: unknown, target: NatsTarget): Error =>
  new Error(`BROKER_URL: ${lastingReason(error, target) ?? passingReason(error, target)}.`, { cause: error });

/** What time alone does not mend, in one line for the operator; undefined for all else. */
export const lastingError = (error: unknown, target: NatsTarget): Error | undefined => {
  const reason = lastingReason(error, target);
  return reason === undefined ? undefined : new Error(`BROKER_URL: ${reason}.`, { cause: error });
};

/** Nobody takes what is published there. */
export const isNobodyThere = (error: unknown): boolean => innermost(error) instanceof NoRespondersError;

const nameOf = ({ servers }: NatsTarget): string => `NATS at ${servers.join(', ')}`;

function lastingReason(error: unknown, target: NatsTarget): string | undefined {
  const at = nameOf(target);
  const cause = innermost(error);
  if (cause instanceof UnfitServerError) return `${at} ${cause.message}`;
  if (cause instanceof AuthorizationError || cause instanceof UserAuthenticationExpiredError) {
    return `${at} does not let us in with the user, password, token or key of the URL`;
  }
  if (cause instanceof PermissionViolationError) {
    const deed = cause.operation === 'publish' ? 'publish to' : 'subscribe to';
    return `${at} does not let this user ${deed} "${cause.subject}"; allow it what docs/engines.md lists`;
  }
  const code = cause instanceof JetStreamApiError ? cause.code : 0;
  if (NOT_ENABLED.includes(code)) return `${at} has no JetStream for this account; enable it`;
  if (OVERLAPS.includes(code)) {
    return `${at} has another stream that takes what begins with "${target.prefix}."; set another ?prefix=`;
  }
  if (NO_CLUSTER.includes(code)) return `${at} has not so many servers with JetStream; set a smaller ?replicas=`;
  if (NO_ROOM.includes(code)) return `${at} has no room for another stream (${(cause as Error).message}); give it more`;
  return undefined;
}

function passingReason(error: unknown, target: NatsTarget): string {
  const at = nameOf(target);
  if (isNobodyThere(error)) return `${at} has no JetStream; start it with "-js", or enable it`;
  const cause = innermost(error);
  if (cause instanceof TimeoutError) return `${at} does not answer; check host and port, and that JetStream is ready`;
  const server = { name: 'NATS', addresses: target.servers, plain: 'nats://', secure: 'tls://' };
  const [said] = ((cause as Error | undefined)?.message ?? 'no reason was given').split('\n');
  return socketReason(cause, server) ?? `${at} could not be used (${said})`;
}

/** The library wraps what the socket or the server said. */
function innermost(error: unknown): unknown {
  const { cause } = (error ?? {}) as { cause?: unknown };
  return cause instanceof Error && !(error instanceof AuthorizationError) ? innermost(cause) : error;
}
