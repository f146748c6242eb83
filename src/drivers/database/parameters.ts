/**
 * Refuses what another database would refuse or change: the port knows strings without NUL, integers that a number
 * holds exactly, other finite numbers, and null. Values are not repeated in the message: they may be secret.
 */
export function checkParameters(parameters: readonly unknown[]): void {
  for (let position = 0; position < parameters.length; position++) {
    const problem = problemOf(parameters[position]);
    if (problem) throw new TypeError(`Value ${position + 1} of a statement is ${problem}.`);
  }
}

function problemOf(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return value.includes('\0') ? 'a text with a NUL character' : undefined;
    case 'number':
      return Math.abs(value) <= Number.MAX_SAFE_INTEGER ? undefined : 'a number that is not finite or over 2^53';
    case 'object':
      return value === null ? undefined : 'an object';
    default:
      return `of type ${typeof value}`;
  }
}
