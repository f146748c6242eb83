import { readFileSync } from 'node:fs';
import { type Client, credentials, Metadata, makeClientConstructor, type ServiceError } from '@grpc/grpc-js';
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';

/** Milliseconds that a call may take unless it says otherwise. */
const TIMEOUT = 30_000;

/** Calls a method by its name in the contract: `await files('GetFile', { owner_id, file_id })`. */
export type Call = <Answer>(
  method: string,
  request: object,
  options?: { readonly timeout?: number },
) => Promise<Answer>;

/**
 * A client of holdfast.v1.FileService, made at run time from the .proto files in a folder. Fields have the names that
 * they have there; numbers of 64 bits are numbers, times {seconds, nanos}.
 */
export function connect(
  address: string,
  { protos, ca, cert, key }: Readonly<Record<'protos' | 'ca' | 'cert' | 'key', string>>,
): { readonly files: Call; close(): void } {
  const definitions = loadSync('holdfast/v1/file.proto', {
    includeDirs: [protos],
    keepCase: true,
    longs: Number,
    enums: String,
    defaults: true,
  });
  const service = definitions['holdfast.v1.FileService'] as ServiceDefinition;
  const channel = credentials.createSsl(readFileSync(ca), readFileSync(key), readFileSync(cert));
  const client: Client = new (makeClientConstructor(service, 'FileService'))(address, channel);

  const files: Call = <Answer>(method: string, request: object, { timeout = TIMEOUT } = {}) => {
    const definition = service[method];
    if (!definition) throw new Error(`There is no method ${method}.`);
    return new Promise<Answer>((resolve, reject) => {
      client.makeUnaryRequest(
        definition.path,
        definition.requestSerialize,
        definition.responseDeserialize as (bytes: Buffer) => Answer,
        request,
        new Metadata(),
        { deadline: Date.now() + timeout },
        (error: ServiceError | null, answer?: Answer) => (error ? reject(error) : resolve(answer as Answer)),
      );
    });
  };
  return { files, close: () => client.close() };
}
