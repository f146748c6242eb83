import type { CustomTypesConfig } from 'pg';

/** Types whose values are numbers to the port (pg_type.dat): int8, int2, int4, oid, float4, float8, numeric. */
const NUMBERS: ReadonlySet<number> = new Set([20, 21, 23, 26, 700, 701, 1700]);

function toNumber(text: string): number {
  const value = Number(text);
  if (Math.abs(value) <= Number.MAX_SAFE_INTEGER) return value;
  throw new RangeError('A number in the database is not finite or over 2^53.');
}

const asItIs = (text: string) => text;

/** How the text of a value is read: numbers as numbers, all else as the text that it is. */
export const types: CustomTypesConfig = {
  // biome-ignore lint/suspicious/noExplicitAny: pg declares one overload for each of its types.
  getTypeParser: ((id: number) => (NUMBERS.has(id) ? toNumber : asItIs)) as any,
};
