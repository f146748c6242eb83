import mysql, { type FieldPacket } from 'mysql2';

/** Texts are kept as bytes of UTF-8 (`QueryCompiler`); numbers that mysql2 gives as text are none that we can hold. */
export function portRows(rows: Record<string, unknown>[], fields: readonly FieldPacket[]): Record<string, unknown>[] {
  const numbers = new Set(fields.filter(({ type }) => isNumeric(type)).map(({ name }) => name));
  const others = fields.map(({ name }) => name).filter((name) => !numbers.has(name));
  for (const row of rows) {
    for (const name of others) {
      const value = row[name];
      if (Buffer.isBuffer(value)) row[name] = value.toString('utf8');
    }
    for (const name of numbers) {
      const value = row[name];
      if (typeof value === 'string') row[name] = toNumber(value, name);
    }
  }
  return rows;
}

const NUMERIC: readonly (number | undefined)[] = [mysql.Types.LONGLONG, mysql.Types.NEWDECIMAL, mysql.Types.DECIMAL];
const isNumeric = (type: number | undefined) => NUMERIC.includes(type);

/** Sums are decimals on MySQL; integers over 2^53 come as text. */
function toNumber(text: string, name: string): number {
  const number = Number(text);
  if (Number.isInteger(number) ? Number.isSafeInteger(number) : Number.isFinite(number)) return number;
  throw new RangeError(`The value of "${name}" is over 2^53.`);
}
