import { expect } from 'vitest';
import type { Answer } from './http.ts';

/** What no user should read: paths, SQL, stacks, driver names. */
const INSIDE =
  /node_modules|\/tmp\/|\/src\/|\.ts:\d|\bat \w+ \(|\b(SELECT|INSERT|UPDATE|SQLITE|ENOENT|ENOSPC|sqlite)\b/;

/** Asserts an answer in problem+json (RFC 9457) with this status and code, in words for a user. */
export function expectProblem(answer: Answer, status: number, code: string): void {
  const { headers, body } = answer;
  const seen = { status: answer.status, code: body?.code, type: headers['content-type']?.split(';')[0] };
  expect(seen, answer.bytes.toString().slice(0, 500)).toEqual({ status, code, type: 'application/problem+json' });
  expect(body.status).toBe(status);
  expect(body.title).toMatch(/^\S.*\S$/);
  expect(body.detail).toMatch(/\S.*[.?!]$/);
  expect(answer.bytes.toString()).not.toMatch(INSIDE);
}
