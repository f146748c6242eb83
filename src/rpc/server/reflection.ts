import { once } from 'node:events';
import type { Server, ServerDuplexStream } from '@grpc/grpc-js';
import { ServerReflection, ServerReflectionService } from 'nice-grpc-server-reflection';
import { toHoldfastError } from '../../base/errors.ts';
import { DESCRIPTORS } from '../../contract/descriptors.ts';
import { CALL_ERRORS, toStatus } from '../status/status.ts';
import type { Peers } from './peers.ts';

const { requestDeserialize, responseSerialize, path } = ServerReflectionService.serverReflectionInfo;
/** Tools ask by the older name too; the messages are the same. */
const PATHS = [path, path.replace('.v1.', '.v1alpha.')];

type Request = ReturnType<typeof requestDeserialize>;
type Response = Parameters<typeof responseSerialize>[0];
type Stream = ServerDuplexStream<Request, Response>;

/** Serves gRPC server reflection of some contracts to whoever has a certificate, until the signal fires. */
export function addReflection(server: Server, contracts: readonly string[], peers: Peers, stopping: AbortSignal): void {
  const reflection = ServerReflection(DESCRIPTORS, contracts) as {
    serverReflectionInfo(requests: AsyncIterable<Request>): AsyncIterable<Response>;
  };
  const open = new Set<Stream>();
  stopping.addEventListener('abort', () => {
    for (const stream of open) stream.end();
  });
  const answer = async (stream: Stream) => {
    peers.at(stream.getPeer());
    // The last answers go out after the last request has come.
    const requests = stream.iterator({ destroyOnReturn: false });
    for await (const response of reflection.serverReflectionInfo(requests)) {
      if (!stream.write(response)) await once(stream, 'drain');
    }
    stream.end();
  };
  const handle = (stream: Stream) => {
    open.add(stream);
    stream.once('close', () => open.delete(stream));
    answer(stream).catch((error) => stream.emit('error', toStatus(toHoldfastError(error), CALL_ERRORS)));
  };
  for (const each of PATHS) server.register(each, handle, responseSerialize, requestDeserialize, 'bidi');
}
