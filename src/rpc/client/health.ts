import { Metadata } from '@grpc/grpc-js';
import { HealthDefinition } from 'nice-grpc-server-health';
import { HoldfastError } from '../../base/errors.ts';
import { attempt } from './attempt.ts';
import type { Connection } from './connection.ts';
import { Overdue } from './overdue.ts';

const { check } = HealthDefinition.methods;
const PATH = `/${HealthDefinition.fullName}/${check.name}`;
const SERVING = 1;
/** Milliseconds. */
const overdue = new Overdue(5_000);

/** Rejects unless an instance says that it serves. */
export async function askHealth(connection: Connection, signal: AbortSignal): Promise<void> {
  const request = Buffer.from(check.requestType.encode({ service: '' }).finish());
  const call = { path: PATH, request, metadata: new Metadata(), signal, deadline: undefined, overdue };
  const line = connection.take();
  const answer = await attempt(line.channel, call).finally(() => connection.handBack(line));
  const { status } = check.responseType.decode(answer);
  if (status !== SERVING) throw new HoldfastError('unavailable', 'The service is starting or stopping.');
}
