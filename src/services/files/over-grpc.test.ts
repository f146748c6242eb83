import { describe } from 'vitest';
import { overGrpc } from '../../rpc/testing/calls.ts';
import { filesLaws } from './conformance/index.ts';
import { openTestFiles } from './testing.ts';

describe('files over gRPC', () => filesLaws((settings) => openTestFiles(settings, undefined, overGrpc())));
