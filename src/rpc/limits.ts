import { HoldfastError } from '../base/errors.ts';
import { formatSize } from '../base/units.ts';

/** The most bytes of one message, either way: what gRPC takes of a message in every language unless told otherwise. */
export const MESSAGE_LIMIT = 4 * 1024 * 1024;

/** Throws `too_large` for a message that no call may carry. */
export function checkSize(bytes: number, what: 'request' | 'answer', limit = MESSAGE_LIMIT): void {
  if (bytes <= limit) return;
  throw new HoldfastError(
    'too_large',
    `The ${what} has ${formatSize(bytes)}; a call carries at most ${formatSize(limit)}. ${
      what === 'request' ? 'Send' : 'Ask for'
    } less at a time.`,
  );
}
