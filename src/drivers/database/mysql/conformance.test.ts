import { afterAll, beforeAll } from 'vitest';
import { type Engine, startEngine } from '../../../../test/harness/engines/index.ts';
import { describeWithEngines } from '../../../../test/harness/engines/use.ts';
import { onEngine } from '../conformance/on-engine.ts';
import { databaseConformance } from '../conformance.ts';

describeWithEngines(
  ['mysql'],
  'the driver of MySQL and MariaDB',
  () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await startEngine('mysql');
    });
    afterAll(() => engine.stop());
    databaseConformance({ name: 'MySQL', start: onEngine(() => engine) });
  },
  { own: true },
);
