import { pino } from 'pino';
import { expect, test } from 'vitest';
import { openBroker } from './index.ts';

const log = pino({ level: 'silent' });

test('names the drivers that there are when none knows the scheme', async () => {
  for (const url of ['kafka://host', 'constructor:', 'local', '']) {
    const opening = openBroker(url, { log });
    await expect(opening, url).rejects.toThrow(/^BROKER_URL: there is no driver for ".*:"; known are local:/);
  }
});
