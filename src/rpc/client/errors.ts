import { Metadata, type StatusObject } from '@grpc/grpc-js';
import { type HoldfastError, toHoldfastError } from '../../base/errors.ts';
import { fromStatus } from '../status/status.ts';

/** What an attempt was rejected with: a status, or the reason of its signal. */
export const errorOf = (thrown: unknown, path: string): HoldfastError =>
  isStatus(thrown) ? fromStatus(thrown, path) : toHoldfastError(thrown);

const isStatus = (thrown: unknown): thrown is StatusObject =>
  (thrown as Partial<StatusObject> | null)?.metadata instanceof Metadata;
