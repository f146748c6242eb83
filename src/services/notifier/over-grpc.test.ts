import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { overGrpc } from '../../rpc/testing/calls.ts';
import { notifierLaws } from './conformance/index.ts';

describe('the notifier over gRPC', () => {
  notifierLaws(async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-notifier-'));
    return { url: 'sqlite:', dataDir, stop: () => rm(dataDir, { recursive: true, force: true }) };
  }, overGrpc());
});
