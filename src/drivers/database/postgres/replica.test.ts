import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { accountForRoot } from '../../../../test/harness/engines/account.ts';
import { Daemon, runToEnd } from '../../../../test/harness/engines/daemon.ts';
import { folderWith } from '../../../../test/harness/engines/find.ts';
import { type Engine, startEngine } from '../../../../test/harness/engines/index.ts';
import { freePort } from '../../../../test/harness/engines/ports.ts';
import { describeWithEngines } from '../../../../test/harness/engines/use.ts';
import { until } from '../../../../test/harness/until.ts';
import { TABLES, type Tables } from '../conformance/place.ts';
import { expectReadWhileItKeepsUp } from '../conformance/replica.ts';
import type { DatabaseServer } from '../port.ts';
import { changed, open, recorder, withParameters } from './testing.ts';

const PROGRAMS = ['postgres', 'pg_basebackup'];

/** A hot standby that streams from a primary (PostgreSQL manual, 27.2.5). */
async function startReplica(primary: Engine) {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-replica-'));
  const as = accountForRoot('postgres', 'nobody');
  if (as) await chown(folder, as.uid, as.gid);
  const at = (name: string) => join(folderWith(...PROGRAMS) as string, name);
  const data = join(folder, 'data');
  const backup = ['-d', primary.url, '-D', data, '-R', '-X', 'stream', '-c', 'fast', '--no-sync'];
  await runToEnd(folder)(at('pg_basebackup'), backup, as && { as });
  const port = await freePort();
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    dynamic_shared_memory_type: 'mmap',
    fsync: 'off',
    max_connections: 300,
    shared_buffers: '16MB',
    wal_retrieve_retry_interval: '100ms',
  };
  const args = ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const daemon = new Daemon({ command: at('postgres'), args, stop: 'SIGQUIT', ...(as && { as }) }, folder);
  const url = changed(primary.url, (parsed) => {
    parsed.port = `${port}`;
  });
  const start = async () => {
    daemon.start();
    await until('the replica to answer', async () => {
      await tell(url, 'select 1');
      return true;
    });
  };
  await start();
  return {
    url,
    start,
    kill: () => daemon.end('SIGQUIT'),
    async stop() {
      await daemon.end('SIGQUIT');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function tell(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  await client.query(statement).finally(() => client.end());
}

describeWithEngines(
  ['postgres'],
  'a replica of PostgreSQL',
  () => {
    let primary: Engine;
    let replica: Awaited<ReturnType<typeof startReplica>>;
    let url: string;
    let replicaUrl: string;
    let server: DatabaseServer | undefined;

    beforeEach(async () => {
      primary = await startEngine('postgres');
      ({ url } = await primary.place());
      replica = await startReplica(primary);
      replicaUrl = changed(replica.url, (parsed) => {
        parsed.pathname = new URL(url).pathname;
      });
    });
    afterEach(async () => {
      await server?.close();
      server = undefined;
      await replica.stop();
      await primary.stop();
    });

    it('is read from as long as it is there and keeps up, and never for what has to be new', async () => {
      const { log, lines } = recorder();
      server = await open(url, log, replicaUrl);
      await expectReadWhileItKeepsUp({
        server,
        said: (text) => lines.filter((line) => line.includes(text)).length,
        hold: () => tell(replicaUrl, 'select pg_wal_replay_pause()'),
        goOn: () => tell(replicaUrl, 'select pg_wal_replay_resume()'),
        kill: () => replica.kill(),
        restart: () => replica.start(),
      });
    });

    it('that is away at the start is read from once it is there', async () => {
      await replica.kill();
      const { log, lines } = recorder();
      server = await open(url, log, replicaUrl);
      const db = server.view<Tables>();
      await db.migrate('conformance', [TABLES]);
      expect(await db.laggingReader.selectFrom('counters').selectAll().execute()).toEqual([]);
      expect(lines.filter((line) => line.includes('The replica cannot be reached'))).toHaveLength(1);
      await replica.start();
      await expect.poll(() => lines.join()).toContain('The replica keeps up');
    });

    it('is refused as the primary, and as the replica of another', async () => {
      await expect(open(replicaUrl)).rejects.toThrow(/^DATABASE_URL: this server is a replica/);
      const other = await startEngine('postgres');
      const place = await other.place();
      await expect(open(place.url, undefined, replicaUrl)).rejects.toThrow(
        /^DATABASE_REPLICA_URL: this server is no replica of the one in DATABASE_URL/,
      );
      await other.stop();
      await expect(open(url, undefined, withParameters(replicaUrl, { max: '3' }))).rejects.toThrow(
        /^DATABASE_REPLICA_URL: there is no parameter "max"/,
      );
      await expect(
        open(
          url,
          undefined,
          changed(replicaUrl, (parsed) => {
            parsed.password = 'wrong';
          }),
        ),
      ).rejects.toThrow(/^DATABASE_REPLICA_URL: .*refuses the user/);
    });
  },
  { own: true },
);
