/**
 * node bench/calls/server.ts ours|bare|bare-tls FOLDER
 *
 * A gRPC server on a free port of the loopback address, which it prints: ours (with mutual TLS), or one of nice-grpc as
 * it comes, without and with mutual TLS.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ServerCredentials } from '@grpc/grpc-js';
import { createServer } from 'nice-grpc';
import { createLogger } from '../../src/base/logger.ts';
import { FileServiceDefinition } from '../../src/contract/holdfast/v1/file.ts';
import { ACCESS } from '../../src/rpc/access.ts';
import { answered, createRpcServer } from '../../src/rpc/server/index.ts';
import { openCertificates } from '../../src/rpc/tls/certificates.ts';
import { service } from './file.ts';

const [kind, folder = ''] = process.argv.slice(2);
const file = (name: string) => join(folder, name);

if (kind === 'ours') {
  const log = await createLogger({ level: 'info', pretty: false, to: 'stderr' });
  const files = { ca: file('ca.pem'), cert: file('files.pem'), key: file('files.key') };
  const certificates = await openCertificates(files, { log });
  const contracts = [answered(FileServiceDefinition, service)];
  const server = createRpcServer({ contracts, certificates, access: ACCESS, log });
  console.log(await server.listen('127.0.0.1', 0));
} else {
  const credentials = ServerCredentials.createSsl(
    readFileSync(file('ca.pem')),
    [{ cert_chain: readFileSync(file('files.pem')), private_key: readFileSync(file('files.key')) }],
    true,
  );
  const server = createServer();
  server.add(FileServiceDefinition, service as never);
  const port = await server.listen('127.0.0.1:0', kind === 'bare-tls' ? credentials : undefined);
  console.log(port);
}

// So that a profile that is taken is written.
process.on('SIGTERM', () => process.exit());
