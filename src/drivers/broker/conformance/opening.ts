import { pino } from 'pino';
import { expect } from 'vitest';
import { within } from '../../../../test/harness/until.ts';
import { openBroker } from '../index.ts';
import type { BrokerLaw, Place } from './place.ts';

/** What an operator reads where a broker cannot be opened. */
export function openingLaws(law: BrokerLaw): void {
  law('is refused at open, in one line without the password, by a server that does not know it', async ({ place }) => {
    const url = place.started.wrongCredentialsUrl;
    if (!url) throw new Error('A broker without credentials skips this law.');
    const error = await openingError(url, place);
    expect(error.message).not.toContain(decodeURIComponent(new URL(url).password));
  });

  law('is refused at open, in one line, where there is no server', async ({ place }) => {
    const url = new URL(place.started.url);
    url.port = '1';
    await openingError(url.href, place);
  });

  law('is refused at open, in one line, where nothing answers', async ({ place }) => {
    await place.faults.freeze();
    await openingError(place.started.url, place);
  });
}

/** What the operator reads: one line that names the setting, within a time in which somebody still waits. */
async function openingError(url: string, place: Place): Promise<Error> {
  const opening = openBroker(url, { log: pino({ level: 'silent' }) });
  const error = await within(30_000, 'the refusal', opening).then(
    async (broker) => {
      await broker.close();
      throw new Error('It was opened.');
    },
    (thrown: Error) => thrown,
  );
  expect(error.message).toMatch(/^BROKER_URL: [^\n]+$/);
  expect(place.log).toEqual([]);
  return error;
}
