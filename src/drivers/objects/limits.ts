import { HoldfastError } from '../../base/errors.ts';

/** The most that a listing answers. */
export const MAX_LISTED = 1_000;

/** Throws `invalid_request` for what is no limit of a listing. */
export function checkLimit(limit: number): void {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LISTED) {
    throw new HoldfastError('invalid_request', `The limit must be from 1 to ${MAX_LISTED}.`);
  }
}

/** Parts are numbered from 1 to this (Amazon S3 multipart upload limits). */
export const MAX_PARTS = 10_000;

/** Throws `invalid_request` for what is no number of a part. */
export function checkPartNumber(number: number): void {
  if (!Number.isInteger(number) || number < 1 || number > MAX_PARTS) {
    throw new HoldfastError('invalid_request', `Parts are numbered from 1 to ${MAX_PARTS}.`);
  }
}
