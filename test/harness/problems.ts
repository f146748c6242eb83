import { expect } from 'vitest';
import type { Answer } from './http.ts';
import { stackKind } from './stack-kind.ts';

/** What no user should read: paths, SQL, stacks, driver names. */
const INSIDE =
  /node_modules|\/tmp\/|\/src\/|\.ts:\d|\bat \w+ \(|\b(SELECT|INSERT|UPDATE|SQLITE|ENOENT|ENOSPC|sqlite|postgres|mysql|ECONNREFUSED|amqp|nats)\b/;

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

/** Asserts that a signed URL refuses: ours with this status and code, one of S3 with one of its own. */
export function expectUrlRefused(answer: Answer, status: number, code: string): void {
  if (stackKind().objects === 'disk') {
    expectProblem(answer, status, code);
  } else {
    expect(answer.status, answer.bytes.toString().slice(0, 500)).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
  }
}
