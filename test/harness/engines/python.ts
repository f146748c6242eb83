import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { program } from './find.ts';

/** Debian packages with all that a gRPC client in Python needs. */
export const PYTHON_GRPC_PACKAGES = ['python3-grpcio', 'protobuf-compiler', 'libprotobuf-dev'];

/** What of it cannot be had, and what to do about it; undefined where all is there. */
export function whyNoPythonGrpc(): string | undefined {
  const missing = missingParts();
  return missing.length > 0
    ? `Python with gRPC (no ${missing.join(', no ')}; run npm run engines -- --install)`
    : undefined;
}

function missingParts(): string[] {
  const python = program('python3');
  const protoc = program('protoc');
  const imports = python && spawnSync(python, ['-c', 'import grpc, google.protobuf']).status === 0;
  const messages = protoc && existsSync(join(dirname(protoc), '../include/google/protobuf/timestamp.proto'));
  return [
    ...(imports ? [] : ['grpcio for python3']),
    ...(protoc ? [] : ['protoc']),
    ...(protoc && !messages ? ['messages of Google beside protoc'] : []),
  ];
}
