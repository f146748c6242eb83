import { ConnectionTimeoutError, ErrorReply, SocketClosedUnexpectedlyError } from '@redis/client';
import { formatAddress } from '../../../base/address.ts';
import { socketReason } from '../socket-reason.ts';
import type { RedisTarget } from './target.ts';

/** Replies of a server that will answer later, or from another place: it is as good as away. */
const AWAY = ['LOADING', 'READONLY', 'MASTERDOWN', 'CLUSTERDOWN', 'TRYAGAIN', 'MOVED', 'BUSY'];
/** Of these, those that a new connection may get over: it may find another server. */
const ELSEWHERE = ['LOADING', 'READONLY', 'MASTERDOWN', 'MOVED'];
/** Replies of a server that answers and will not take messages until somebody does something. */
const REFUSING = ['OOM', 'MISCONF', 'NOREPLICAS', 'NOPERM', 'NOAUTH', 'WRONGPASS'];
/** The group, or the stream that it reads, is not there (any more). */
const FORGOTTEN = ['NOGROUP', 'UNBLOCKED'];

/** The word that a reply begins with; before Redis 7, what a script was told stands behind its place in the script. */
function wordOf(error: unknown): string | undefined {
  if (!(error instanceof ErrorReply)) return undefined;
  return /^(?:ERR .*@user_script: ?\d+: -?)?([A-Z]+)\b/.exec(error.message)?.[1];
}

const says = (error: unknown, words: readonly string[]): boolean => words.includes(wordOf(error) ?? '');

/** Whether the server could not be asked, or says that it is not there for us now. */
export const isAway = (error: unknown): boolean => !(error instanceof ErrorReply) || says(error, AWAY);
export const isElsewhere = (error: unknown): boolean => says(error, ELSEWHERE);
export const isRefusing = (error: unknown): boolean => says(error, REFUSING);
export const isForgotten = (error: unknown): boolean => says(error, FORGOTTEN);

/** Whether it is a matter of room: who may log in and what is allowed is as it should be. */
export const isFull = (error: unknown): boolean => says(error, ['OOM', 'MISCONF', 'NOREPLICAS']);

/** What an operator should do about a server that refuses. */
export function remedyOf(error: unknown): string {
  switch (wordOf(error)) {
    case 'OOM':
      return 'Redis has reached maxmemory: give it more, or have others keep less in it';
    case 'MISCONF':
      return 'Redis cannot save to its disk: make room there';
    case 'NOREPLICAS':
      return 'Redis has too few replicas to take writes (min-replicas-to-write)';
    default:
      return 'Redis does not allow what we ask for: check the user of BROKER_URL and its permissions';
  }
}

/** A thing about the server that makes it unfit for us; the message says what to do. */
export class UnfitServerError extends Error {}

/** It took the connection and said nothing. */
export class SilentServerError extends Error {
  override message = 'It does not answer.';
}

/** What time alone does not mend, in one line for the operator; undefined for all else. */
export function lastingReason(error: Error, target: RedisTarget): string | undefined {
  const lasting = error instanceof UnfitServerError || (error instanceof ErrorReply && !isAway(error));
  return lasting ? `BROKER_URL: ${reasonOf(error, target)}.` : undefined;
}

/** What went wrong at open, in one line for the operator; never with the password. */
export function openError(error: unknown, target: RedisTarget): Error {
  return new Error(`BROKER_URL: ${reasonOf(error, target)}.`, { cause: error });
}

function reasonOf(error: unknown, target: RedisTarget): string {
  const at = `Redis at ${formatAddress(target)}`;
  if (error instanceof UnfitServerError) return `${at} ${error.message}`;
  if (error instanceof ErrorReply) return `${at} ${replyReason(error.message, target)}`;
  if (error instanceof SocketClosedUnexpectedlyError) {
    return `${at} closed the connection; ${target.tls ? 'check that it takes TLS there' : 'where it wants TLS, write rediss://'}`;
  }
  if (error instanceof SilentServerError) return `${at} does not answer; check host and port`;
  if (error instanceof ConnectionTimeoutError)
    return `nothing answers at ${formatAddress(target)}; check host and port`;
  const server = { name: 'Redis', addresses: [formatAddress(target)], plain: 'redis://', secure: 'rediss://' };
  return socketReason(error, server) ?? `${at} could not be used (${(error as Error).message.split('\n')[0]})`;
}

function replyReason(message: string, { username = 'default', database }: RedisTarget): string {
  if (/^WRONGPASS/.test(message)) return 'does not know the user or the password of the URL';
  if (/^NOAUTH/.test(message)) return 'asks for a password; write redis://user:password@host';
  if (/without any password configured/.test(message)) return 'takes no password; leave it out of the URL';
  if (/DB index is out of range/.test(message)) return `has no database ${database}`;
  if (/^NOPERM/.test(message)) {
    return `does not let the user "${username}" do what is needed; allow it our keys and channels, and scripts`;
  }
  if (/^MOVED/.test(message)) {
    return 'is one node of a cluster with others; give a single server, or a proxy in front of the cluster';
  }
  if (/^CLUSTERDOWN/.test(message)) return 'is a cluster that does not serve all keys just now; mend it';
  if (/^LOADING/.test(message)) return 'is still loading its data; try again soon';
  if (/unknown command/i.test(message)) return `lacks a command that is needed (${message.split('\n')[0]})`;
  return `refuses: ${message.split('\n')[0]}`;
}
