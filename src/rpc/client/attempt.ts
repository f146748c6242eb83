import { type Channel, type Metadata, status as Status, type StatusObject } from '@grpc/grpc-js';
import type { Overdue } from './overdue.ts';

/** What is sent: one request, once. */
export interface Attempt {
  readonly path: string;
  readonly request: Buffer;
  readonly metadata: Metadata;
  readonly signal: AbortSignal;
  /** Milliseconds of Unix time; goes along, so that the other side knows it too. Absent: `overdue` gives the call up. */
  readonly deadline: number | undefined;
  readonly overdue: Overdue;
}

/** Resolves to the answer's bytes. Rejects with the status as it came, or with the reason of the signal. */
export function attempt(
  channel: Channel,
  { path, request, metadata, signal, deadline, overdue }: Attempt,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const call = channel.createCall(path, deadline ?? Number.POSITIVE_INFINITY, undefined, null, undefined);
    let answer: Buffer | undefined;
    const giveUp = (reason: unknown) => {
      reject(reason);
      call.cancelWithStatus(Status.CANCELLED, 'Nobody waits for the answer any more.');
    };
    const onAbort = () => giveUp(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const waiting =
      deadline === undefined
        ? overdue.add(() => giveUp(new DOMException('The deadline has passed.', 'TimeoutError')))
        : undefined;
    call.start(metadata, {
      onReceiveMetadata(_) {},
      onReceiveMessage(message: Buffer) {
        answer = message;
      },
      onReceiveStatus(status) {
        signal.removeEventListener('abort', onAbort);
        if (waiting) overdue.delete(waiting);
        if (status.code !== Status.OK) reject(status);
        else if (answer) resolve(answer);
        else reject({ ...status, code: Status.INTERNAL, details: 'There was no answer.' } satisfies StatusObject);
      },
    });
    call.sendMessageWithContext({}, request);
    call.startRead();
    call.halfClose();
  });
}
