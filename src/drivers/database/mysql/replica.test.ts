import { type Connection, createConnection } from 'mysql2/promise';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Engine, startEngine } from '../../../../test/harness/engines/index.ts';
import { describeWithEngines } from '../../../../test/harness/engines/use.ts';
import { expectReadWhileItKeepsUp } from '../conformance/replica.ts';
import type { DatabaseServer } from '../port.ts';
import { open, recorder } from './testing.ts';

const logging = (id: number) => ({ args: ['--log-bin=log', `--server-id=${id}`, '--binlog-format=ROW'] });

describeWithEngines(
  ['mysql'],
  'a replica of MySQL',
  () => {
    let primary: Engine;
    let replica: Engine;
    let admin: Connection;
    let url: string;
    let replicaUrl: string;
    let server: DatabaseServer | undefined;
    beforeEach(async () => {
      [primary, replica] = await Promise.all([startEngine('mysql', logging(1)), startEngine('mysql', logging(2))]);
      admin = await createConnection(replica.url);
      await follow(admin, primary);
      ({ url } = await primary.place());
      replicaUrl = Object.assign(new URL(replica.url), { pathname: new URL(url).pathname }).href;
      await expect.poll(() => has(admin, url)).toBe(true);
    });
    afterEach(async () => {
      await server?.close();
      await admin.end();
      await Promise.all([primary.stop(), replica.stop()]);
    });

    it('is read from as long as it keeps up, and never for what has to be new', async () => {
      const { log, lines } = recorder();
      server = await open(url, log, replicaUrl);
      await expectReadWhileItKeepsUp({
        server,
        said: (text) => lines.filter(({ msg }) => msg.includes(text)).length,
        hold: () => stopFollowing(admin),
        goOn: () => goOn(admin),
        kill: () => replica.kill(),
        restart: async () => {
          await replica.restart();
          admin = await createConnection(replica.url);
        },
      });
    });

    it('is no place to write to, and has to be one', async () => {
      await admin.query('set global read_only = 1');
      await expect(open(replicaUrl)).rejects.toThrow(/^DATABASE_URL: this server takes no changes \(read_only\)/);
      const away = replicaUrl.replace(/:\d+\//, ':1/');
      const { log, lines } = recorder();
      server = await open(url, log, away);
      expect(lines.some(({ msg }) => msg.startsWith('The replica cannot be reached'))).toBe(true);
    });
  },
  { own: true },
);

const mariaDb = async (connection: Connection) => {
  const [rows] = await connection.query('select version() as version');
  return (rows as { version: string }[])[0]?.version.includes('MariaDB') === true;
};

async function follow(connection: Connection, { url }: Engine): Promise<void> {
  const { hostname, port, username, password } = new URL(url);
  const at = (word: string) =>
    `${word}_host = '${hostname}', ${word}_port = ${port}, ${word}_user = '${username}', ${word}_password = '${password}'`;
  await connection.query(
    (await mariaDb(connection))
      ? `change master to ${at('master')}, master_use_gtid = slave_pos`
      : `change replication source to ${at('source')}, source_auto_position = 1, get_source_public_key = 1`,
  );
  await goOn(connection);
}

const goOn = (connection: Connection) => connection.query('start replica');
const stopFollowing = (connection: Connection) => connection.query('stop replica');

async function has(connection: Connection, url: string): Promise<boolean> {
  const [rows] = await connection.query('show databases like ?', [new URL(url).pathname.slice(1)]);
  return (rows as unknown[]).length > 0;
}
