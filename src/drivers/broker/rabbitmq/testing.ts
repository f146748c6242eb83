import { execFile } from 'node:child_process';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type ChannelModel, connect } from 'amqplib';
import type { Engine, EngineKind, Recipe } from '../../../../test/harness/engines/engine.ts';
import { required } from '../../../../test/harness/engines/find.ts';
import { rabbitmq as kind } from '../../../../test/harness/engines/rabbitmq.ts';
import { startKind } from '../../../../test/harness/engines/start.ts';
import { writeSelfSigned } from '../../../../test/harness/self-signed.ts';

const run = promisify(execFile);

/** What a user may do in the virtual host `/`, as regular expressions; undefined: not even enter. */
export interface Permissions {
  readonly configure: string;
  readonly write: string;
  readonly read: string;
}

/** A server with TLS, users and its operator. */
export interface Server {
  readonly engine: Engine;
  /** `host:port` with TLS, and the file of who vouches for it. */
  readonly secure: { readonly host: string; readonly ca: string };
  /** What `rabbitmqctl` does on it. */
  operate(...args: string[]): Promise<void>;
  alarm(): Promise<void>;
  allClear(): Promise<void>;
}

/** Starts one where everybody's password is "secret", beside the account of `engine.url` that may do everything. */
export async function startServer(users: Readonly<Record<string, Permissions | undefined>>): Promise<Server> {
  let recipe: Recipe | undefined;
  let folder = '';
  let secure = { host: '', ca: '' };
  const special: EngineKind = {
    ...kind,
    recipe: (ground) => {
      const plain = kind.recipe(ground);
      folder = ground.folder;
      const host = `${ground.host}:${ground.port('secure')}`;
      recipe = {
        ...plain,
        async prepare(runToEnd) {
          await plain.prepare(runToEnd);
          const { cert, key } = await writeSelfSigned(folder);
          secure = { host, ca: cert };
          const definitions = join(folder, 'definitions.json');
          await writeFile(definitions, JSON.stringify(definitionsOf(users)));
          const settings = {
            'listeners.ssl.1': host,
            'ssl_options.certfile': cert,
            'ssl_options.keyfile': key,
            'ssl_options.verify': 'verify_none',
            load_definitions: definitions,
          };
          const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
          await appendFile(join(folder, 'rabbitmq.conf'), lines.join(''));
        },
      };
      return recipe;
    },
  };
  const engine = await startKind(special);
  const operate = async (...args: string[]) => {
    const env = { PATH: process.env.PATH, HOME: folder, LANG: 'C.UTF-8', ...recipe?.daemons[1]?.env };
    await run(required('rabbitmqctl'), args, { env, cwd: folder, timeout: 60_000 });
  };
  const memory = '{resource_limit, memory, node()}';
  return {
    engine,
    secure,
    operate,
    alarm: () => operate('eval', `rabbit_alarm:set_alarm({${memory}, []}).`),
    allClear: () => operate('eval', `rabbit_alarm:clear_alarm(${memory}).`),
  };
}

function definitionsOf(users: Readonly<Record<string, Permissions | undefined>>) {
  const all = { configure: '.*', write: '.*', read: '.*' };
  const permissions = Object.entries({ holdfast: all, ...users }).flatMap(([user, may]) =>
    may ? [{ user, vhost: '/', ...may }] : [],
  );
  return {
    vhosts: [{ name: '/' }],
    users: [
      { name: 'holdfast', password: 'holdfast', tags: 'administrator' },
      ...Object.keys(users).map((name) => ({ name, password: 'secret', tags: '' })),
    ],
    permissions,
  };
}

/** Does something with a plain client. */
export async function asking<T>(url: string, ask: (model: ChannelModel) => Promise<T>): Promise<T> {
  const model = await connect(url);
  model.on('error', () => {});
  try {
    return await ask(model);
  } finally {
    await model.close();
  }
}
