import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll } from 'vitest';
import { type Engine, startEngine } from '../../../../test/harness/engines/index.ts';
import { describeWithEngines } from '../../../../test/harness/engines/use.ts';
import { onEngine } from '../conformance/on-engine.ts';
import type { StartBroker } from '../conformance/place.ts';
import { brokerConformance } from '../conformance.ts';

/**
 * Milliseconds in which RabbitMQ has surely written that a quorum queue is there. Killed before (seen with 3.10), it
 * knows the queue after its start, and never serves it; nothing tells when it has done so.
 */
const QUEUES_WRITTEN = 6_000;

describeWithEngines(
  ['rabbitmq'],
  'on RabbitMQ',
  () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await startEngine('rabbitmq');
    });
    afterAll(() => engine.stop());
    const start: StartBroker = async () => {
      const started = await onEngine(() => engine)();
      const { faults } = started;
      if (!faults) return started;
      return {
        ...started,
        faults: {
          ...faults,
          async restart() {
            await pause(QUEUES_WRITTEN);
            await faults.restart();
          },
        },
      };
    };
    brokerConformance({ name: 'the RabbitMQ broker', start });
  },
  { own: true },
);
