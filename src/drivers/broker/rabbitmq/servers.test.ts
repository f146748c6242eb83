import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../../../test/harness/engines/ports.ts';
import { describeWithEngines } from '../../../../test/harness/engines/use.ts';
import { openProxy } from '../../../../test/harness/proxy.ts';
import { until } from '../../../../test/harness/until.ts';
import { collector, expectRefused, numbers, publishAll, publishOnceBack, upTo } from '../conformance/messages.ts';
import { MAX_ATTEMPTS } from '../port.ts';
import { expectWorks, openLogged, refusal } from '../testing.ts';
import { asking, type Server, startServer } from './testing.ts';

/** What docs/engines.md says that a user needs. */
const NEEDED = '^holdfast(/.*)?$';
const ALL = { configure: NEEDED, write: NEEDED, read: NEEDED };

describeWithEngines(
  ['rabbitmq'],
  'the RabbitMQ broker on a server',
  () => {
    let server: Server;
    let host: string;
    beforeAll(async () => {
      server = await startServer({
        least: ALL,
        'no-configure': { ...ALL, configure: '^$' },
        'no-write': { ...ALL, write: '^$' },
        'no-read': { ...ALL, read: '^$' },
        stranger: undefined,
      });
      ({ host } = new URL(server.engine.url));
    });
    afterAll(() => server?.engine.stop());

    describe('that lets in', () => {
      test('a user who may do no more than what is needed', async () => {
        const url = `amqp://least:secret@${host}`;
        await expectWorks(url);
        // What failed was put aside, and did not wait in the process.
        await asking(url, async (model) => (await model.createChannel()).checkQueue('holdfast/t/g/100'));
      });

      test.each(['configure', 'write', 'read'])('nobody who may not %s, and says so at open', async (deed) => {
        const said = await refusal(`amqp://no-${deed}:secret@${host}`);
        expect(said).toMatch(/^BROKER_URL: RabbitMQ at \S+ does not let the user "no-\w+" use \w+ 'holdfast[^\n]*\.$/);
        expect(said).toContain(`'${NEEDED}'`);
        expect(said).not.toContain('secret');
      });

      test('nobody whose prefix is another than the one allowed', async () => {
        const said = await refusal(`amqp://least:secret@${host}?prefix=files.b`);
        expect(said).toContain(`use exchange 'files.b'`);
        expect(said).toContain(`'^files\\.b(/.*)?$'`);
      });

      test('nobody who may not enter the virtual host, or where there is none', async () => {
        const reason = /has no virtual host "\S+", or does not let the user "\w+" into it; .*set_permissions"\.$/;
        expect(await refusal(`amqp://stranger:secret@${host}`)).toMatch(reason);
        expect(await refusal(`amqp://least:secret@${host}/team%2Fa`)).toMatch(reason);
      });

      test('those who trust its certificate', async () => {
        const { host: secure, ca } = server.secure;
        await expectWorks(`amqps://least:secret@${secure}?ca=${encodeURIComponent(ca)}`);
        expect(await refusal(`amqps://least:secret@${secure}`)).toMatch(
          /^BROKER_URL: the certificate of .* is not trusted .*\?ca=FILE\.$/,
        );
        expect(await refusal(`amqp://least:secret@${secure}`)).toMatch(/^BROKER_URL: [^\n]*amqps:/);
        expect(await refusal(`amqps://least:secret@${host}`)).toMatch(/^BROKER_URL: [^\n]*TLS/);
      });
    });

    test('of which one of several is there', async () => {
      const nobody = `127.0.0.1:${await freePort()}`;
      for (const hosts of [`${nobody},${host}`, `${host},${nobody}`]) await expectWorks(`amqp://least:secret@${hosts}`);
      expect(await refusal(`amqp://least:no@${nobody},${host}`)).toContain('does not know the user or the password');
      expect(await refusal(`amqp://least:no@${nobody},${nobody}`)).toMatch(/there is no server at \S+, \S+; start/);
    });

    test('that has an exchange of our name that is not ours is refused', async () => {
      const { url } = server.engine;
      await asking(url, async (model) => {
        await (await model.createChannel()).assertExchange('theirs', 'topic');
      });
      expect(await refusal(`${url}?prefix=theirs`)).toMatch(
        /a queue of our name that is not ours; .* another \?prefix=/,
      );
    });

    test.each([
      ['exchange', (url: string) => asking(url, async (model) => (await model.createChannel()).deleteExchange('gone'))],
      ['queue', (url: string) => asking(url, async (model) => (await model.createChannel()).deleteQueue('gone/t/g'))],
    ])('whose %s is deleted while all are connected makes it anew', async (_, remove) => {
      const { url } = server.engine;
      const { broker } = await openLogged(`${url}?prefix=gone`);
      const heard = collector();
      const taken = collector();
      await broker.listen('t', (message) => heard.add(message));
      await broker.consume('t', { group: 'g', concurrency: 3 }, async (message) => taken.add(message));
      await publishAll(broker, 't', 1);
      await Promise.all([heard.until(1), taken.until(1)]);
      await remove(url);
      await until('news after it', async () => {
        await broker.publish('t', { n: 1 }).catch(() => {});
        return taken.messages.some(({ n }) => n === 1) && heard.messages.some(({ n }) => n === 1);
      });
      await broker.close();
    });

    test('that changes a password says once why it lets nobody in, and that all is well again', async () => {
      const { broker, lines } = await openLogged(`amqp://least:secret@${host}`);
      await server.operate('change_password', 'least', 'other');
      await server.operate('close_all_user_connections', 'least', 'go');
      await until('the log to say why', () => lines.some(({ msg }) => msg.includes('does not know the user')));
      await expectRefused(broker.publish('t', { n: 0 }));
      await server.operate('change_password', 'least', 'secret');
      await publishOnceBack(broker, 't', { n: 0 });
      await until('the log to say that it is back', () => lines.some(({ level }) => level === 30));
      expect(lines.map(({ level }) => level)).toEqual([40, 50, 30]);
      await broker.close();
    });

    test('hears what was handled as one, and of nothing that is still under way', async () => {
      const { broker } = await openLogged(`${server.engine.url}?prefix=acks`);
      const done = collector();
      await broker.consume('t', { group: 'g', concurrency: 4 }, async (message, signal) => {
        if (message.n === 0 || message.n === 3) {
          await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('going'))));
        }
        done.add(message);
      });
      await publishAll(broker, 't', 20);
      await done.until(18);
      await broker.close();
      const next = await openLogged(`${server.engine.url}?prefix=acks`);
      const left = collector();
      await next.broker.consume('t', { group: 'g', concurrency: 4 }, async (message) => left.add(message));
      await next.broker.publish('t', { n: 20 });
      expect(numbers(await left.until(3))).toEqual([0, 3, 20]);
      await next.broker.close();
    });

    test('is left by a consumer that stops while it is attached anew', async () => {
      const { url } = server.engine;
      const proxy = await openProxy(`${url}?prefix=leaving`);
      const { broker } = await openLogged(proxy.url);
      const consumer = await broker.consume('t', { group: 'g', concurrency: 1 }, async () => {});
      const listener = await broker.listen('t', () => {});
      const consumers = () =>
        asking(url, async (model) => {
          const { consumerCount } = await (await model.createChannel()).checkQueue('leaving/t/g');
          return consumerCount;
        });
      // So slow that it takes seconds until all stands again.
      proxy.delay(150);
      proxy.reset();
      await until('the server to see it go', async () => (await consumers()) === 0);
      await pause(1_500);
      await Promise.all([consumer.stop(), listener.stop()]);
      await proxy.pass();
      await publishOnceBack(broker, 't', { n: 0 });
      await until('nobody to consume', async () => (await consumers()) === 0);
      await broker.close();
      await proxy.stop();
    });

    test('that falls silent is sent no more than so much, and its sockets are left to nobody', async () => {
      const line = await openLine(server.engine.url);
      const { broker, lines } = await openLogged(line.url);
      line.freeze();
      const many = Array.from({ length: 2_000 }, (_, n) => broker.publish('t', { n }));
      for (const each of await Promise.allSettled(many)) expect(each.status).toBe('rejected');
      // They wait no more, and are in memory all the same: nobody has confirmed them.
      const next = await broker.publish('t', { n: 2_000 }).catch((error: Error) => error);
      expect((next as Error).cause).toEqual(new Error('Too many messages wait for confirms.'));
      await until('the log to say that the connections went', () => lines.some(({ level }) => level === 40));
      await until('both to be reset', () => line.resets() === 2);
      await broker.close();
      await line.close();
    });

    describe('that is short of memory', () => {
      afterAll(() => server.allClear());

      test('refuses to publish, and settles what was handled; then takes messages again', async () => {
        const { broker, lines } = await openLogged(`${server.engine.url}?prefix=alarm`);
        const held = Promise.withResolvers<void>();
        const done = collector();
        const tries: number[] = [];
        await broker.consume('t', { group: 'g', concurrency: 1 }, async (message) => {
          await held.promise;
          done.add(message);
        });
        await broker.consume('u', { group: 'g', concurrency: 1 }, async () => {
          await held.promise;
          tries.push(performance.now());
          throw new Error('not yet');
        });
        await publishAll(broker, 't', 3);
        await publishAll(broker, 'u', 1);
        await server.alarm();
        await expectRefused(broker.publish('t', { n: 3 }));
        await expectRefused(broker.publish('t', { n: 4 }));
        await expect(broker.probe(AbortSignal.timeout(5_000))).rejects.toMatchObject({
          code: 'unavailable',
          message: expect.stringMatching(/^RabbitMQ is short of memory or disk: /),
        });
        held.resolve();
        // The second comes only when the server has heard that the first is done.
        await done.until(3);
        // What failed cannot be put aside now; it comes again after a pause that grows, and in the end is given up.
        await until('some tries', () => tries.length >= 6);
        const between = (from: number, to: number) => (tries[to] ?? 0) - (tries[from] ?? 0);
        expect(between(3, 5)).toBeGreaterThan(2 * between(0, 2));
        await server.allClear();
        await publishOnceBack(broker, 't', { n: 5 });
        await until('the new message', () => done.messages.some(({ n }) => n === 5));
        await until('the last try', () => lines.some(({ msg }) => msg === 'a message was given up'), {
          within: 60_000,
        });
        await broker.close();
        expect(tries).toHaveLength(MAX_ATTEMPTS);
        const other = lines.filter(({ msg }) => !msg.startsWith('a message'));
        expect(other.map(({ msg }) => msg)).toEqual([
          expect.stringMatching(/^messages are refused: RabbitMQ is short of memory or disk/),
          'RabbitMQ takes messages again',
        ]);
      });

      test('lets in who comes meanwhile, to take what there is', async () => {
        const { url } = server.engine;
        const first = await openLogged(`${url}?prefix=late`);
        await (await first.broker.consume('t', { group: 'g', concurrency: 1 }, async () => {})).stop();
        await publishAll(first.broker, 't', 5);
        await server.alarm();
        const second = await openLogged(`${url}?prefix=late`);
        const done = collector();
        await second.broker.consume('t', { group: 'g', concurrency: 2 }, async (message) => done.add(message));
        expect((await done.until(5)).map(({ n }) => n)).toEqual(upTo(5));
        await expectRefused(second.broker.publish('t', { n: 5 }));
        await Promise.all([first.broker.close(), second.broker.close()]);
        expect(second.lines.map(({ level }) => level)).toEqual([50]);
      });
    });
  },
  { own: true },
);

/**
 * A line to a server that can fall silent, and then hears whether the sockets of who called are there: what is sent to
 * one that is gone is answered by a reset, and to one that has only said goodbye it is not.
 */
async function openLine(url: string) {
  const { hostname, port } = new URL(url);
  const callers = new Set<Socket>();
  const servers = new Set<Socket>();
  let resets = 0;
  const listener = createServer({ allowHalfOpen: true }, (caller) => {
    const server = connect(Number(port), hostname);
    callers.add(caller);
    caller.on('error', () => {
      resets += 1;
    });
    servers.add(server.on('error', () => {}));
    caller.pipe(server).pipe(caller);
  });
  await once(listener.listen(0, '127.0.0.1'), 'listening');
  return {
    url: Object.assign(new URL(url), { host: `127.0.0.1:${(listener.address() as AddressInfo).port}` }).href,
    freeze() {
      listener.close();
      for (const socket of [...callers, ...servers]) socket.unpipe().pause();
    },
    resets() {
      for (const caller of callers) caller.write('\0');
      return resets;
    },
    async close() {
      for (const socket of [...callers, ...servers]) socket.destroy();
      listener.close();
    },
  };
}
