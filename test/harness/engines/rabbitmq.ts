import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'amqplib';
import type { EngineKind, Ground } from './engine.ts';
import { missingPrograms, required } from './find.ts';
import { freshName, withQuery } from './names.ts';

export const rabbitmq: EngineKind = {
  name: 'rabbitmq',
  variable: 'TEST_RABBITMQ_URL',
  packages: ['rabbitmq-server'],
  missing: () => missingPrograms('rabbitmq-server', 'epmd'),
  recipe: (ground) => {
    const { host, port, args } = ground;
    const url = `amqp://holdfast:holdfast@${host}:${port('amqp')}`;
    return {
      url,
      prepare: () => layOut(ground),
      daemons: [
        // Erlang's register of nodes: without one of our own, the first node would start one for the whole machine.
        { command: required('epmd'), args: ['-address', host, '-port', String(port('epmd'))] },
        { command: required('rabbitmq-server'), args, env: environment(ground) },
      ],
      answers: () => touch(url),
    };
  },
  place: async (url) => ({ url: withQuery(url, 'prefix', freshName()), stop: async () => {} }),
};

async function layOut({ folder, host, port }: Ground): Promise<void> {
  const settings = {
    'listeners.tcp.1': `${host}:${port('amqp')}`,
    default_user: 'holdfast',
    default_pass: 'holdfast',
    loopback_users: 'none',
    'disk_free_limit.absolute': '1MB',
    'vm_memory_high_watermark.absolute': '1GB',
    'raft.wal_max_size_bytes': '16777216',
    'log.file': 'false',
    'log.console': 'true',
    'log.console.level': 'warning',
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
  await writeFile(join(folder, 'rabbitmq.conf'), lines.join(''));
  await writeFile(join(folder, 'plugins'), '[].');
  await writeFile(join(folder, 'environment.conf'), '');
  for (const name of ['mnesia', 'log', 'generated']) await mkdir(join(folder, name));
}

/** Nothing of the system's own RabbitMQ is read or written. Its home, where the cookie goes, is the folder too. */
const environment = ({ folder, host, port }: Ground) => ({
  ERL_EPMD_PORT: String(port('epmd')),
  ERL_EPMD_ADDRESS: host,
  RABBITMQ_NODENAME: `holdfast${port('amqp')}@localhost`,
  RABBITMQ_DIST_PORT: String(port('distribution')),
  RABBITMQ_CONF_ENV_FILE: join(folder, 'environment.conf'),
  RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
  RABBITMQ_GENERATED_CONFIG_DIR: join(folder, 'generated'),
  RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
  RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
  RABBITMQ_LOG_BASE: join(folder, 'log'),
  RABBITMQ_PID_FILE: join(folder, 'pid'),
  // Schedulers that wait without spinning: the cores are for the tests.
  RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
    '+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}',
});

async function touch(url: string): Promise<void> {
  const connection = await connect(url, { timeout: 5_000 });
  await connection.close();
}
