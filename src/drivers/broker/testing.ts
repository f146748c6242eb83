import { pino } from 'pino';
import { expect } from 'vitest';
import { collector } from './conformance/messages.ts';
import { openBroker } from './index.ts';
import type { Broker } from './port.ts';

/** A line of the log as pino writes it. */
export interface Line {
  readonly level: number;
  readonly msg: string;
}

/** A broker at a URL, and what it logs. */
export async function openLogged(url: string): Promise<{ broker: Broker; lines: Line[] }> {
  const lines: Line[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  return { broker: await openBroker(url, { log }), lines };
}

/** What an operator reads where a broker cannot be opened; empty where it can. */
export const refusal = (url: string): Promise<string> =>
  openLogged(url).then(
    async ({ broker }) => {
      await broker.close();
      return '';
    },
    (error: Error) => error.message,
  );

/** Publishes, takes, fails, takes again, hears, hands back. */
export async function expectWorks(url: string): Promise<void> {
  const { broker, lines } = await openLogged(url);
  const heard = collector();
  const tries = collector();
  await broker.listen('t', (message) => heard.add(message));
  const consumer = await broker.consume('t', { group: 'g', concurrency: 2 }, async (message, signal) => {
    tries.add(message);
    if (tries.messages.length === 1) throw new Error('not yet');
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('going'))));
  });
  await broker.publish('t', { n: 0 });
  await Promise.all([heard.until(1), tries.until(2)]);
  await consumer.stop();
  const taken = collector();
  await broker.consume('t', { group: 'g', concurrency: 2 }, async (message) => taken.add(message));
  await taken.until(1);
  await broker.probe(AbortSignal.timeout(5_000));
  await broker.close();
  expect(lines.map(({ level }) => level)).toEqual([40]);
}
