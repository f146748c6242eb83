import { HoldfastError } from '../../base/errors.ts';

/**
 * Refuses what another database would refuse or change: the port knows strings without NUL, integers that a number
 * holds exactly, other finite numbers, and null. Values are not repeated in the message: they may be secret.
 *
 * A NUL can only come from whoever asks, wherever it was let through: `invalid_request`. All else is our mistake.
 */
export function checkParameters(parameters: readonly unknown[]): void {
  for (let position = 0; position < parameters.length; position++) {
    const value = parameters[position];
    if (typeof value === 'string' && value.includes('\0')) {
      throw new HoldfastError('invalid_request', 'A text in the request holds a NUL character. Leave it out.');
    }
    const problem = problemOf(value);
    if (problem) throw new TypeError(`Value ${position + 1} of a statement is ${problem}.`);
  }
}

function problemOf(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return undefined;
    case 'number':
      return Math.abs(value) <= Number.MAX_SAFE_INTEGER ? undefined : 'a number that is not finite or over 2^53';
    case 'object':
      return value === null ? undefined : 'an object';
    default:
      return `of type ${typeof value}`;
  }
}
