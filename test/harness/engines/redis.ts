import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from '@redis/client';
import type { EngineKind } from './engine.ts';
import { missingPrograms, required } from './find.ts';
import { freshName, withQuery } from './names.ts';

export const redis: EngineKind = {
  name: 'redis',
  variable: 'TEST_REDIS_URL',
  packages: ['redis-server'],
  missing: () => missingPrograms('redis-server'),
  recipe: ({ folder, host, port, args }) => {
    const url = `redis://:holdfast@${host}:${port('redis')}`;
    const settings = {
      bind: host,
      port: port('redis'),
      requirepass: 'holdfast',
      dir: folder,
      save: '""',
      appendonly: 'yes',
      // What was acknowledged is still there after a kill of the server, though not of the machine.
      appendfsync: 'no',
      'maxmemory-policy': 'noeviction',
    };
    return {
      url,
      prepare: () =>
        writeFile(
          join(folder, 'redis.conf'),
          Object.entries(settings)
            .map(([name, value]) => `${name} ${value}\n`)
            .join(''),
        ),
      daemons: [{ command: required('redis-server'), args: [join(folder, 'redis.conf'), ...args] }],
      answers: () => ping(url),
    };
  },
  place: async (url) => ({ url: withQuery(url, 'prefix', `${freshName()}:`), stop: async () => {} }),
};

async function ping(url: string): Promise<void> {
  const client = createClient({ url, socket: { reconnectStrategy: false, connectTimeout: 5_000 } });
  client.on('error', () => {});
  await client.connect();
  try {
    await client.ping();
  } finally {
    client.destroy();
  }
}
