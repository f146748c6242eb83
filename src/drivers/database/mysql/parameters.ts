import mysql from 'mysql2';
import { checkParameters } from '../parameters.ts';

/**
 * Says of integers that they are some: mysql2 would send every number as a floating-point one, which `LIMIT` refuses and
 * which reads the index of a `bigint` less well.
 */
export function bound(parameters: readonly unknown[]): unknown[] {
  checkParameters(parameters);
  return parameters.map((value) => (Number.isInteger(value) ? mysql.TypedParameter.BIGINT(value as number) : value));
}
