import type { FieldError, HoldfastError } from './errors.ts';

/** Problem details for HTTP APIs (RFC 9457), with our code, the request's id and the fields that are wrong. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly requestId: string;
  readonly fields?: readonly FieldError[];
}

export const PROBLEM_TYPE = 'application/problem+json';

export function toProblem(error: HoldfastError, requestId: string): Problem {
  const { code, detail, fields } = error;
  const { http, title } = error.meaning;
  return {
    type: `urn:holdfast:problem:${code}`,
    title,
    status: http,
    detail,
    code,
    requestId,
    ...(fields.length > 0 && { fields }),
  };
}
