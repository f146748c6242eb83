import { unlessAborted } from '../../../base/deadline.ts';
import { HoldfastError } from '../../../base/errors.ts';
import { NoAnswer } from '../fetch.ts';

/** What providers say when it is not for the user to change (RFC 6749, section 4.1.2.1). */
const PASSING = ['server_error', 'temporarily_unavailable'];
const DEPTH = 5;

/** What it means to the user that something went wrong with a provider; what it was stays for the log. */
export function refusalOf(thrown: unknown, title: string): unknown {
  if (thrown instanceof HoldfastError || isAbort(thrown)) return thrown;
  let error = thrown;
  for (let depth = 0; depth < DEPTH && error instanceof Error; depth++) {
    const { status, error: said } = error as { status?: unknown; error?: unknown };
    const passing = typeof said === 'string' && PASSING.includes(said);
    if (error instanceof NoAnswer || passing || (typeof status === 'number' && status >= 500)) {
      return unreachable(title, thrown);
    }
    if (error.cause instanceof Response && error.cause.status >= 500) return unreachable(title, thrown);
    error = error.cause;
  }
  return new HoldfastError('sign_in_refused', `${title} did not sign you in. Try again, or sign in in another way.`, {
    cause: thrown,
  });
}

/** Does something with a provider, and throws what it means to the user where that fails. */
export const refusing = <T>(title: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> =>
  unlessAborted(signal, work()).catch((error) => {
    throw refusalOf(error, title);
  });

/** All that errors said on the way, without what was sent. */
export function reasonsOf(error: unknown): string {
  const said: string[] = [];
  for (let each = error; each instanceof Error && said.length < DEPTH; each = each.cause) {
    const { error: code } = each as { error?: unknown };
    said.push(typeof code === 'string' ? `${each.message} (${code.slice(0, 64)})` : each.message);
  }
  return said.join(': ');
}

const unreachable = (title: string, cause: unknown) =>
  new HoldfastError('unavailable', `${title} cannot be reached just now. Try again in a moment.`, { cause });

const isAbort = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
