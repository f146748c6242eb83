import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { EngineKind } from './engine.ts';
import { missingPrograms, required } from './find.ts';
import { freshName, withQuery } from './names.ts';

export const nats: EngineKind = {
  name: 'nats',
  variable: 'TEST_NATS_URL',
  packages: ['nats-server'],
  missing: () => missingPrograms('nats-server'),
  recipe: ({ folder, host, port, args }) => {
    const url = `nats://holdfast:holdfast@${host}:${port('nats')}`;
    const settings = {
      listen: `${host}:${port('nats')}`,
      authorization: { user: 'holdfast', password: 'holdfast' },
      jetstream: { store_dir: join(folder, 'jetstream'), max_memory_store: 64 << 20, max_file_store: 2 ** 30 },
    };
    return {
      url,
      // Its own format takes JSON as it is.
      prepare: () => writeFile(join(folder, 'nats.conf'), JSON.stringify(settings)),
      daemons: [{ command: required('nats-server'), args: ['-c', join(folder, 'nats.conf'), ...args] }],
      answers: () => ping(host, port('nats')),
    };
  },
  place: async (url) => ({ url: withQuery(url, 'prefix', freshName()), stop: async () => {} }),
};

async function ping(host: string, port: number): Promise<void> {
  const account = { user: 'holdfast', pass: 'holdfast' };
  const connection = await connect({ servers: `${host}:${port}`, reconnect: false, timeout: 5_000, ...account });
  try {
    await (await jetstreamManager(connection)).getAccountInfo();
  } finally {
    await connection.close();
  }
}
