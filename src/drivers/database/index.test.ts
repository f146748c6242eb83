import { pino } from 'pino';
import { expect, test } from 'vitest';
import { openDatabase } from './index.ts';

test('names the drivers that there are when none knows the scheme', async () => {
  for (const url of ['oracle://host/db', 'constructor:', 'holdfast.db', '']) {
    const opening = openDatabase(url, { dataDir: '/nowhere', log: pino({ level: 'silent' }) });
    await expect(opening, url).rejects.toThrow(/^DATABASE_URL: there is no driver for ".*:"; known are sqlite:/);
  }
});
