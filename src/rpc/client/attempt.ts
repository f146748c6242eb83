import { type Channel, type Metadata, status as Status, type StatusObject } from '@grpc/grpc-js';

/** What is sent: one request, once. */
export interface Attempt {
  readonly path: string;
  readonly request: Buffer;
  readonly metadata: Metadata;
  /** Milliseconds of Unix time. */
  readonly deadline: number;
  readonly signal: AbortSignal;
}

/** Resolves to the answer's bytes. Rejects with the status as it came, or with the reason of the signal. */
export function attempt(channel: Channel, { path, request, metadata, deadline, signal }: Attempt): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const call = channel.createCall(path, deadline, undefined, null, undefined);
    let answer: Buffer | undefined;
    const cancel = () => {
      reject(signal.reason);
      call.cancelWithStatus(Status.CANCELLED, 'The caller is gone.');
    };
    signal.addEventListener('abort', cancel, { once: true });
    call.start(metadata, {
      onReceiveMetadata(_) {},
      onReceiveMessage(message: Buffer) {
        answer = message;
      },
      onReceiveStatus(status) {
        signal.removeEventListener('abort', cancel);
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
