import { createConnection } from 'mysql2/promise';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Engine, startEngine } from '../../../../test/harness/engines/index.ts';
import { describeWithEngines } from '../../../../test/harness/engines/use.ts';
import { addCounter, TABLES, type Tables } from '../conformance/place.ts';
import type { DatabaseServer } from '../port.ts';
import { changed, open } from './testing.ts';

describeWithEngines(
  ['mysql'],
  'a user with all rights in a database, and none beyond, on a MySQL with a binary log',
  () => {
    let engine: Engine;
    let url: string;
    let server: DatabaseServer;
    beforeEach(async () => {
      engine = await startEngine('mysql', { args: ['--log-bin=log', '--server-id=1', '--binlog-format=ROW'] });
      const place = await engine.place();
      const admin = await createConnection(place.url);
      await admin.query("create user 'app'@'%' identified by 'app'");
      await admin.query(`grant all on ${new URL(place.url).pathname.slice(1)}.* to 'app'@'%'`);
      await admin.end();
      url = changed(place.url, (parsed) => {
        parsed.username = 'app';
        parsed.password = 'app';
      });
      server = await open(url);
    });
    afterEach(async () => {
      await server.close();
      await engine.stop();
    });

    it('migrates and works, and is told what a barrier needs', async () => {
      const db = server.view<Tables>();
      await db.migrate('conformance', [TABLES]);
      await db.unit((tx) => addCounter(tx, 'a'));
      const raising = db.unit((tx) =>
        db.dialect.writeBarrier.raise(tx, 'texts', { table: 'counters', until: 'value' }),
      );
      await expect(raising).rejects.toThrow(
        'The database server has a binary log and lets nobody but administrators make triggers. ' +
          'Run there: SET GLOBAL log_bin_trust_function_creators = 1.',
      );
      const admin = await createConnection(engine.url);
      await admin.query('set global log_bin_trust_function_creators = 1');
      await admin.end();
      await db.unit((tx) => db.dialect.writeBarrier.raise(tx, 'texts', { table: 'counters', until: 'value' }));
      await db.unit((tx) => db.dialect.writeBarrier.lower(tx, 'texts'));
    });
  },
  { own: true },
);
