import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { ChannelCredentials, Client, type ServiceError } from '@grpc/grpc-js';
import { type Call, connect } from '../../examples/grpc/typescript/client.ts';
import { decodeDetails, type ErrorDetails } from '../../src/rpc/status/details.ts';
import type { Certificates } from './certificates.ts';

const PROTOS = new URL('../../proto', import.meta.url).pathname;

/** A back end that calls Holdfast, with the example's client. */
export interface BackEnd {
  readonly files: Call;
  /** Sends bytes as they are. */
  send(path: string, bytes: Buffer): Promise<Buffer | undefined>;
  /** For what neither of these does. */
  readonly raw: Client;
  close(): void;
}

const asBytes = (bytes: Buffer): Buffer => bytes;

export function backEnd(address: string, settings: ReturnType<Certificates['of']>): BackEnd {
  const { TLS_CA: ca, TLS_CERT: cert, TLS_KEY: key } = settings;
  const client = connect(address, { protos: PROTOS, ca, cert, key });
  const [caPem, certPem, keyPem] = [ca, cert, key].map((file) => readFileSync(file));
  const context = createSecureContext({ ca: caPem, cert: certPem, key: keyPem });
  const raw = new Client(address, ChannelCredentials.createFromSecureContext(context), {
    'grpc.max_send_message_length': -1,
  });
  return {
    files: client.files,
    raw,
    send: (path, bytes) =>
      new Promise((resolve, reject) => {
        raw.makeUnaryRequest(path, asBytes, asBytes, bytes, (error, answer) =>
          error ? reject(error) : resolve(answer),
        );
      }),
    close() {
      client.close();
      raw.close();
    },
  };
}

/** How a call failed: its status, and what stands in the details. */
export async function failure(
  call: Promise<unknown>,
): Promise<Partial<ErrorDetails> & { readonly status: number; readonly message: string }> {
  const error = await call.then(
    () => {
      throw new Error('The call did not fail.');
    },
    (error: ServiceError) => error,
  );
  const [bytes] = error.metadata.get('grpc-status-details-bin');
  return { status: error.code, message: error.details, ...(bytes && decodeDetails(bytes as Buffer)) };
}

/** Where the server of a stack answers over gRPC. grpc-js takes no IP address with TLS. */
export function grpcAddress(output: string): string {
  const port = /"grpc":"127\.0\.0\.1:(\d+)"/.exec(output)?.[1];
  if (!port) throw new Error(`The server does not say where it answers over gRPC:\n${output}`);
  return `localhost:${port}`;
}
