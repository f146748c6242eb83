import { createConnection } from 'mysql2/promise';
import pg from 'pg';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { describeWithEngines, place } from '../../../test/harness/engines/use.ts';
import { readConfig } from '../../config.ts';
import { openDatabaseOf } from '../drivers.ts';
import { writeProbe } from './write-probe.ts';

const PASSWORD = 'reads-only';

const ENGINES = {
  postgres: {
    async run(url: string, sql: string): Promise<unknown[]> {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      return client
        .query(sql)
        .then(({ rows }) => rows)
        .finally(() => client.end());
    },
    tables: "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
    make: (user: string) => [`CREATE ROLE ${user} LOGIN PASSWORD '${PASSWORD}'`],
    drop: (user: string) => `DROP ROLE ${user}`,
  },
  mysql: {
    async run(url: string, sql: string): Promise<unknown[]> {
      const connection = await createConnection(url);
      return connection
        .query(sql)
        .then(([rows]) => rows as unknown[])
        .finally(() => connection.end());
    },
    tables: 'SHOW TABLES',
    make: (user: string, database: string) => [
      `CREATE USER ${user} IDENTIFIED BY '${PASSWORD}'`,
      `GRANT SELECT ON ${database}.* TO ${user}`,
    ],
    drop: (user: string) => `DROP USER ${user}`,
  },
};

async function probe(url: string): Promise<void> {
  const config = readConfig({ DATABASE_URL: url, JWT_SECRET: 'x'.repeat(32) });
  const database = await openDatabaseOf(config, pino({ level: 'silent' }));
  try {
    await writeProbe(database);
  } finally {
    await database.close();
  }
}

function changed(url: string, user: string): string {
  const asUser = new URL(url);
  asUser.username = user;
  asUser.password = PASSWORD;
  return asUser.href;
}

for (const engine of ['postgres', 'mysql'] as const) {
  describeWithEngines([engine], `a probe written to ${engine}`, () => {
    test('leaves nothing, and finds a user who may only read', async () => {
      const { run, tables, make, drop } = ENGINES[engine];
      const { url, stop } = await place(engine);
      const database = new URL(url).pathname.slice(1);
      const user = `u${database.slice(-12)}`;
      try {
        await probe(url);
        expect(await run(url, tables)).toEqual([]);
        for (const sql of make(user, database)) await run(url, sql);
        await expect(probe(changed(url, user))).rejects.toThrow(/^a table cannot be made and written: .*denied/);
        await run(url, drop(user));
      } finally {
        await stop();
      }
    });
  });
}
