import { pino } from 'pino';
import { expect, test } from 'vitest';
import { describeWithEngines, place } from '../../../test/harness/engines/use.ts';
import type { Finding } from './finding.ts';
import { examineIngest } from './ingest.ts';

async function findings(...ingestUrl: string[]): Promise<Finding[]> {
  const log = pino({ level: 'silent' });
  return Array.fromAsync(examineIngest({ ingestUrl }, { log, signal: AbortSignal.timeout(20_000) }));
}

test('says of each place why it cannot be heard', async () => {
  expect(await findings()).toEqual([]);
  expect(await findings('amqp://127.0.0.1:1?exchange=e', 'nats://127.0.0.1')).toEqual([
    { name: 'ingest', state: 'failed', detail: expect.stringMatching(/^INGEST_URL: there is no server at/) },
    { name: 'ingest', state: 'failed', detail: expect.stringMatching(/^INGEST_URL: after the host goes the subject/) },
  ]);
});

describeWithEngines(['nats'], 'a place that can be heard', () => {
  test('is said to be so', async () => {
    const nats = await place('nats');
    const { prefix, url } = { prefix: new URL(nats.url).searchParams.get('prefix'), url: nats.url.split('?')[0] };
    expect(await findings(`${url?.replace(/\/$/, '')}/${prefix}.events?jetstream=off`)).toEqual([
      { name: 'ingest', state: 'ok', detail: 'the object store can be heard' },
    ]);
    await nats.stop();
  });
});
