import { chown, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { accountForRoot } from './account.ts';
import type { EngineKind, Ground, RunToEnd } from './engine.ts';
import { folderWith } from './find.ts';
import { freshName, withPath } from './names.ts';

const PROGRAMS = ['postgres', 'initdb'];

export const postgres: EngineKind = {
  name: 'postgres',
  variable: 'TEST_POSTGRES_URL',
  packages: ['postgresql'],
  missing: () => (folderWith(...PROGRAMS) ? undefined : 'no postgres and initdb found'),
  recipe: (ground) => {
    const { folder, host, args } = ground;
    const as = accountForRoot('postgres', 'nobody');
    const url = `postgres://holdfast:holdfast@${host}:${ground.port('postgres')}/holdfast`;
    return {
      url,
      async prepare(run) {
        if (as) await chown(folder, as.uid, as.gid);
        await initialize(ground, (command, more) => run(command, more, as && { as }));
      },
      daemons: [
        {
          command: programAt('postgres'),
          args: [...settings(ground), ...args],
          // Unlike SIGKILL it takes its shared memory along.
          stop: 'SIGQUIT',
          clean: (run) => removeSharedMemory(folder, run),
          ...(as && { as }),
        },
      ],
      answers: () => haveDatabase(url),
    };
  },
  async place(url) {
    const name = freshName();
    await onServer(url, (client) => client.query(`CREATE DATABASE ${name}`));
    return {
      url: withPath(url, name),
      stop: () => onServer(url, (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)),
    };
  },
};

const programAt = (name: string) => join(folderWith(...PROGRAMS) as string, name);

/** A database that sorts as people do, where it can: what must compare by bytes has to ask for it. */
async function initialize({ folder }: Ground, run: (command: string, args: string[]) => Promise<void>) {
  const password = join(folder, 'password');
  await writeFile(password, 'holdfast');
  const args = ['-D', join(folder, 'data'), '-U', 'holdfast', `--pwfile=${password}`, '-A', 'scram-sha-256'];
  const common = [...args, '--no-sync', '-E', 'UTF8', '--locale=C.UTF-8'];
  const byPeople = ['--locale-provider=icu', '--icu-locale=en-US'];
  await run(programAt('initdb'), [...common, ...byPeople]).catch(() => run(programAt('initdb'), common));
}

/** Not fsync: our servers are killed, and the machine is not. Commits are still there after a kill. */
function settings({ folder, host, port }: Ground): string[] {
  const values = {
    listen_addresses: host,
    port: port('postgres'),
    unix_socket_directories: '',
    dynamic_shared_memory_type: 'mmap',
    fsync: 'off',
    full_page_writes: 'off',
    max_connections: 300,
    shared_buffers: '64MB',
    wal_level: 'replica',
  };
  const args = Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return ['-D', join(folder, 'data'), ...args];
}

/** The segment by which a server sees that another is still at work on its data; its id stands in the seventh line. */
async function removeSharedMemory(folder: string, run: RunToEnd): Promise<void> {
  const lines = (await readFile(join(folder, 'data', 'postmaster.pid'), 'utf8')).split('\n');
  const id = lines[6]?.trim().split(/\s+/)[1];
  if (id) await run('ipcrm', ['-m', id]);
}

const ABSENT_DATABASE = '3D000';

/** Makes the database of the URL where it is not there yet. */
async function haveDatabase(url: string): Promise<void> {
  await onServer(url, (client) => client.query('SELECT 1')).catch(async (error: { code?: string }) => {
    if (error.code !== ABSENT_DATABASE) throw error;
    await onServer(withPath(url, 'postgres'), (client) => client.query('CREATE DATABASE holdfast'));
  });
}

async function onServer(url: string, act: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  await client.connect();
  try {
    await act(client);
  } finally {
    await client.end();
  }
}
