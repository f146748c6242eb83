import { afterAll, beforeAll } from 'vitest';
import { type Engine, startEngine } from '../../../../test/harness/engines/index.ts';
import { describeWithEngines } from '../../../../test/harness/engines/use.ts';
import { onEngine } from '../conformance/on-engine.ts';
import { databaseConformance } from '../conformance.ts';

describeWithEngines(
  ['postgres'],
  'the PostgreSQL driver',
  () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await startEngine('postgres');
    });
    afterAll(() => engine.stop());
    databaseConformance({ name: 'PostgreSQL', start: onEngine(() => engine) });
  },
  { own: true },
);
