import { afterAll, beforeAll } from 'vitest';
import { type Engine, startEngine } from '../../../../test/harness/engines/index.ts';
import { describeWithEngines } from '../../../../test/harness/engines/use.ts';
import { onEngine } from '../conformance/on-engine.ts';
import { brokerConformance } from '../conformance.ts';

describeWithEngines(
  ['rabbitmq'],
  'on RabbitMQ',
  () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await startEngine('rabbitmq');
    });
    afterAll(() => engine.stop());
    brokerConformance({ name: 'the RabbitMQ broker', start: onEngine(() => engine) });
  },
  { own: true },
);
