import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEngine } from '../../../../test/harness/engines/index.ts';
import { describeWithEngines } from '../../../../test/harness/engines/use.ts';
import { openProxy } from '../../../../test/harness/proxy.ts';
import { objectsOutageConformance } from '../conformance.ts';
import { inFolder, sendOverHttp } from './testing.ts';

describeWithEngines(
  ['s3'],
  'on an S3 server of our own',
  () => {
    objectsOutageConformance({
      name: 'the S3 store',
      async start() {
        const engine = await startEngine('s3');
        const given = await engine.place();
        const line = await openProxy(given.url);
        const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-s3-'));
        return {
          url: inFolder(line.url),
          dataDir,
          send: sendOverHttp,
          line,
          async restart() {
            await engine.kill();
            await engine.restart();
          },
          async stop() {
            await line.stop();
            await engine.stop();
            await rm(dataDir, { recursive: true });
          },
        };
      },
    });
  },
  { own: true },
);
