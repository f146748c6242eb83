import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { call, open } from '../../../test/harness/http.ts';
import { until } from '../../../test/harness/until.ts';
import { startBareGateway } from './testing.ts';

/** A gateway with a route that answers when it is told to. */
async function startWaiting() {
  let answer: () => void = () => {};
  let waiting = false;
  const told = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const server = await startBareGateway({
    route: (app) => {
      app.get('/test/wait', { config: { access: 'anyone' }, schema: { hide: true } }, async () => {
        waiting = true;
        await told;
        return { done: true };
      });
    },
  });
  return { server, answer: () => answer(), isWaiting: () => waiting };
}

// Shorter than the time after which connections are closed by force: it must not come to that.
describe('stopping', () => {
  it('lets a running request end, takes no other, and closes open connections', async () => {
    const { server, answer, isWaiting } = await startWaiting();
    const idle = connect(Number(new URL(server.url).port), '127.0.0.1');
    const closed = new Promise((resolve) => idle.on('close', resolve));
    idle.on('error', () => {});
    const running = server.call('GET', '/test/wait');
    await until('the request to run', isWaiting);

    let stopped = false;
    const stopping = server.gateway.stop().then(() => {
      stopped = true;
    });
    await until('new connections to be refused', async () => {
      try {
        await call('GET', `${server.url}/healthz`, { headers: { connection: 'close' } });
        return false;
      } catch {
        return true;
      }
    });
    expect(stopped).toBe(false);
    answer();
    expect((await running).body).toEqual({ done: true });
    await stopping;
    idle.destroy();
    await closed;
    await server.gateway.stop();
    await server.close();
  });

  it('ends although a client reads slowly and keeps its connection open', async () => {
    const { server } = await startWaiting();
    const answer = await open('GET', `${server.url}/healthz`, { headers: { connection: 'keep-alive' } });
    answer.resume();
    await server.gateway.stop();
    await server.close();
  });
});

describe('listening', () => {
  it('says what is wrong with an address that is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    await expect(startBareGateway({ settings: { port } })).rejects.toThrow(
      `Port ${port} on 127.0.0.1 is in use. Stop what listens there, or set PORT to another (0 takes a free one).`,
    );
    other.close();
  });

  it('says what is wrong with an address that is not ours', async () => {
    await expect(startBareGateway({ settings: { host: '192.0.2.1' } })).rejects.toThrow(
      '192.0.2.1 is no address of this machine.',
    );
  });

  it('answers where it can be reached', async () => {
    const server = await startBareGateway({ settings: { host: '0.0.0.0' } });
    expect(server.url).toMatch(/^http:\/\/localhost:\d+$/);
    expect((await server.call('GET', '/healthz')).body).toEqual({ status: 'ok', version: '1.2.3' });
    await server.close();
    const named = await startBareGateway({ settings: { publicUrl: 'https://files.example.com' } });
    expect(named.url).toBe('https://files.example.com');
    await named.close();
  });
});
