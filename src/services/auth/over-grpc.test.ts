import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { overGrpc } from '../../rpc/testing/calls.ts';
import { authLaws } from './conformance/index.ts';

describe('auth over gRPC', () => {
  authLaws(async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-auth-'));
    return { url: 'sqlite:', dataDir, stop: () => rm(dataDir, { recursive: true, force: true }) };
  }, overGrpc());
});
