import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { type Engine, startEngine } from '../../../../test/harness/engines/index.ts';
import { freePort } from '../../../../test/harness/engines/ports.ts';
import { describeWithEngines } from '../../../../test/harness/engines/use.ts';
import { writeSelfSigned } from '../../../../test/harness/self-signed.ts';
import { until } from '../../../../test/harness/until.ts';
import { expectWorks, openLogged } from '../testing.ts';
import { asking } from './testing.ts';

describeWithEngines(
  ['redis'],
  'a server that will not do',
  () => {
    const refused = async (
      args: readonly string[],
      prepare: (send: Engine['url']) => Promise<unknown> = async () => {},
    ) => {
      const engine = await startEngine('redis', { args });
      try {
        await prepare(engine.url);
        await expect(openLogged(engine.url)).rejects.toThrow(/^BROKER_URL: [^\n]*\.$/);
        return await openLogged(engine.url).then(
          () => '',
          (error: Error) => error.message,
        );
      } finally {
        await engine.stop();
      }
    };

    test('is refused when it is a replica', async () => {
      const said = await refused(['--replicaof', '127.0.0.1 1']);
      expect(said).toContain('is a replica that takes no writes');
    });

    test('is refused when it is a cluster that does not serve our keys', async () => {
      const said = await refused(['--cluster-enabled', 'yes']);
      expect(said).toContain('is a cluster that does not serve all keys');
    });
  },
  { own: true },
);

describeWithEngines(
  ['redis'],
  'the Redis broker on a server of another kind',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-redis-tls-'));
    let engine: Engine | undefined;
    afterEach(async () => {
      await engine?.stop();
      engine = undefined;
    });
    afterAll(() => rm(folder, { recursive: true }));

    test('works with a cluster of one: all keys are in one slot', async () => {
      engine = await startEngine('redis', { args: ['--cluster-enabled', 'yes'] });
      await asking(engine.url, async (send) => {
        await send('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
        await until('the cluster', async () => String(await send('CLUSTER', 'INFO')).includes('cluster_state:ok'));
      });
      await expectWorks(engine.url);
    });

    test('works over TLS with a server whose authority is known, and refuses any other', async () => {
      const port = String(await freePort());
      const { cert, key } = await writeSelfSigned(folder);
      engine = await startEngine('redis', {
        args: ['--tls-port', port, '--tls-cert-file', cert, '--tls-key-file', key, '--tls-auth-clients', 'no'],
      });
      const secure = Object.assign(new URL(engine.url), { port }).href.replace('redis:', 'rediss:');
      await expectWorks(`${secure}?ca=${encodeURIComponent(cert)}`);
      await expect(openLogged(secure)).rejects.toThrow(
        /^BROKER_URL: the certificate of .* is not trusted .*\?ca=FILE\.$/,
      );
      const plain = secure.replace('rediss:', 'redis:');
      await expect(openLogged(plain)).rejects.toThrow(/^BROKER_URL: .*rediss:/);
    });
  },
  { own: true },
);

describe('what answers there', () => {
  const answering = async (answer: (socket: Socket, command: string) => void, scheme = 'redis') => {
    const server = createServer((socket) => {
      socket.on('error', () => {}).on('data', (data) => answer(socket, String(data)));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      return await openLogged(`${scheme}://127.0.0.1:${port}`).then(
        () => '',
        (error: Error) => error.message,
      );
    } finally {
      server.close();
    }
  };

  test('is refused when it is too old', async () => {
    const info = '# Server\r\nredis_version:6.0.16\r\nrole:master\r\n';
    const said = await answering((socket, command) => {
      for (const line of command.matchAll(/^(CLIENT|INFO)\r$/gm)) {
        socket.write(line[1] === 'INFO' ? `$${info.length}\r\n${info}\r\n` : '+OK\r\n');
      }
    });
    expect(said).toMatch(/^BROKER_URL: Redis at \S+ is version 6\.0\.16; 6\.2 or later is needed/);
  });

  test('is refused when it is no Redis', async () => {
    const said = await answering((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect(said).toMatch(/^BROKER_URL: [^\n]+\.$/);
  });

  test('is refused when it speaks no TLS', async () => {
    const said = await answering((socket) => socket.end('-ERR unknown command\r\n'), 'rediss');
    expect(said).toMatch(/^BROKER_URL: [^\n]*does not speak TLS/);
  });
});
