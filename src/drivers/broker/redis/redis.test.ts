import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Engine, startEngine } from '../../../../test/harness/engines/index.ts';
import { describeWithEngines } from '../../../../test/harness/engines/use.ts';
import { until } from '../../../../test/harness/until.ts';
import { collector, publishAll, publishMany, publishOnceBack, publishUntilSeen } from '../conformance/messages.ts';
import { type Broker, MAX_ATTEMPTS } from '../port.ts';
import { type Line, openLogged } from '../testing.ts';
import { TAKE_OVER } from './scripts.ts';
import { asking, withParts } from './testing.ts';

describeWithEngines(
  ['redis'],
  'the Redis broker',
  () => {
    let engine: Engine;
    let url: string;
    let broker: Broker;
    let lines: Line[];
    const opened: Broker[] = [];

    const open = async (at: string) => {
      const logged = await openLogged(at);
      opened.push(logged.broker);
      return logged;
    };
    const send = (...args: string[]) => asking(engine.url, (ask) => ask(...args));
    const streamOf = (topic: string, group: string) =>
      `{${new URL(url).searchParams.get('prefix')}}:${topic}:group:${group}`;

    const groupsOf = (topic: string) => `{${new URL(url).searchParams.get('prefix')}}:${topic}:groups`;

    beforeAll(async () => {
      engine = await startEngine('redis');
    });
    afterAll(() => engine.stop());
    beforeEach(async () => {
      ({ url } = await engine.place());
      ({ broker, lines } = await open(url));
    });
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((one) => one.close()));
    });

    test('keeps nothing of what is done, of what nobody wants, and of consumers that have stopped', async () => {
      const done = collector();
      const tries = collector();
      const consumer = await broker.consume('t', { group: 'g', concurrency: 5 }, async (message) => {
        tries.add(message);
        if (tries.messages.length <= 5) throw new Error('not yet');
        done.add(message);
      });
      await publishAll(broker, 't', 50);
      await publishAll(broker, 'unwanted', 50);
      await done.until(50);
      await consumer.stop();
      expect(await send('XLEN', streamOf('t', 'g'))).toBe(0);
      expect(await send('XPENDING', streamOf('t', 'g'), 'g')).toEqual([0, null, null, null]);
      expect(await send('XINFO', 'CONSUMERS', streamOf('t', 'g'), 'g')).toEqual([]);
      const keys = (await send('KEYS', `*${new URL(url).searchParams.get('prefix')}*`)) as string[];
      expect(keys.toSorted()).toEqual([streamOf('t', 'g'), groupsOf('t')]);
    });

    test('forgets consumers that are long gone and hold nothing', async () => {
      const first = await broker.consume('t', { group: 'g', concurrency: 1 }, async () => {});
      await first.stop();
      await send('XGROUP', 'CREATECONSUMER', streamOf('t', 'g'), 'g', 'long gone');
      await send('XGROUP', 'CREATECONSUMER', streamOf('t', 'g'), 'g', 'holds one');
      await broker.publish('t', { n: 0 });
      await send('XREADGROUP', 'GROUP', 'g', 'holds one', 'STREAMS', streamOf('t', 'g'), '>');
      // The server's clock cannot be turned: the script is told that a moment is long.
      const idle = async () => {
        const consumers = (await send('XINFO', 'CONSUMERS', streamOf('t', 'g'), 'g')) as { idle: number }[];
        return consumers.every((consumer) => consumer.idle > 1) || undefined;
      };
      await until('a moment to pass', idle);
      await send('EVAL', TAKE_OVER.source, '2', streamOf('t', 'g'), groupsOf('t'), 'g', 'me', '60000', '10', '1');
      const consumers = (await send('XINFO', 'CONSUMERS', streamOf('t', 'g'), 'g')) as { name: string }[];
      expect(consumers.map(({ name }) => name)).toEqual(['holds one']);
    });

    test('does not count as a try what a stop hands back', async () => {
      await (await broker.consume('t', { group: 'g', concurrency: 1 }, async () => {})).stop();
      await broker.publish('t', { n: 0 });
      for (let stop = 0; stop < MAX_ATTEMPTS + 1; stop++) {
        const begun = collector();
        const consumer = await broker.consume('t', { group: 'g', concurrency: 1 }, async (message, signal) => {
          begun.add(message);
          await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('going'))));
        });
        await begun.until(1);
        await consumer.stop();
      }
      expect(lines).toEqual([]);
    });

    test('gives up what has been tried too often by consumers that died of it', async () => {
      const other = await broker.consume('t', { group: 'g', concurrency: 1 }, async () => {});
      await other.stop();
      await broker.publish('t', { n: 0 });
      const stream = streamOf('t', 'g');
      await send('XREADGROUP', 'GROUP', 'g', 'dead', 'STREAMS', stream, '>');
      const [[id]] = (await send('XPENDING', stream, 'g', '-', '+', '1')) as [[string]];
      const tries = String(MAX_ATTEMPTS);
      await send('XCLAIM', stream, 'g', 'dead', '0', id, 'IDLE', '60000', 'RETRYCOUNT', tries, 'JUSTID');
      const taken = collector();
      await broker.consume('t', { group: 'g', concurrency: 1 }, async (message) => taken.add(message));
      await broker.publish('t', { n: 1 });
      expect(await taken.until(1)).toEqual([{ n: 1 }]);
      await until('it to be given up', () => lines.some(({ msg }) => msg === 'a message was given up'));
      expect(await send('XPENDING', stream, 'g')).toEqual([0, null, null, null]);
    });

    test('lets go what others wrote there', async () => {
      const taken = collector();
      await broker.consume('t', { group: 'g', concurrency: 1 }, async (message) => taken.add(message));
      await send('XADD', streamOf('t', 'g'), '*', 'm', 'no JSON');
      await send('XADD', streamOf('t', 'g'), '*', 'x', 'y');
      await broker.publish('t', { n: 1 });
      expect(await taken.until(1)).toEqual([{ n: 1 }]);
      await until('all to be settled', async () => (await send('XLEN', streamOf('t', 'g'))) === 0);
    });

    test('keeps prefixes and databases apart, also for listeners', async () => {
      const heard = collector();
      const prefix = new URL(url).searchParams.get('prefix');
      for (const [n, elsewhere] of [`${url}2`, withParts(url, { pathname: '/1' })].entries()) {
        const { broker: stranger } = await open(elsewhere);
        await stranger.listen('t', (message) => heard.add(message));
        await stranger.consume('t', { group: 'g', concurrency: 1 }, async (message) => heard.add(message));
        await broker.publish('t', { n: 100 });
        await stranger.publish('t', { n });
        await heard.until(2 * (n + 1));
      }
      expect(prefix).not.toBe(null);
      expect(heard.messages.map(({ n }) => n)).toEqual([0, 0, 1, 1]);
    });

    test('takes messages again when its scripts were flushed', async () => {
      await broker.publish('t', { n: 0 });
      await send('SCRIPT', 'FLUSH');
      await broker.publish('t', { n: 0 });
    });

    test('refuses to publish where the server has no memory left, says so once, and loses nothing that it holds', async () => {
      const tries = collector();
      let full = true;
      await broker.consume('t', { group: 'g', concurrency: 3 }, async (message) => {
        if (message.n === 0 && full) await send('CONFIG', 'SET', 'maxmemory', '1mb');
        tries.add(message);
        if (full) throw new Error('not yet');
      });
      try {
        await broker.publish('t', { n: 0 });
        await tries.until(1);
        for (let n = 0; n < 5; n++) {
          await expect(broker.publish('t', { n: 1 })).rejects.toMatchObject({ code: 'unavailable' });
        }
        expect(lines.filter(({ msg }) => msg.includes('maxmemory'))).toHaveLength(1);
        const probing = broker.probe(AbortSignal.timeout(5_000));
        await expect(probing).rejects.toMatchObject({
          code: 'unavailable',
          detail: expect.stringContaining('maxmemory'),
        });
        const late = await open(url);
        expect(late.lines.map(({ level }) => level)).toEqual([50]);
      } finally {
        full = false;
        await send('CONFIG', 'SET', 'maxmemory', '0');
      }
      await broker.publish('t', { n: 2 });
      await until('what could not be put off', () => tries.messages.filter(({ n }) => n === 0).length === 2, {
        within: 60_000,
      });
    });

    test.each(['groups', 'stream'])('goes on where the server threw the %s away', async (what) => {
      const taken = collector();
      await broker.consume('t', { group: 'g', concurrency: 1 }, async (message) => taken.add(message));
      await broker.publish('t', { n: 0 });
      await taken.until(1);
      await send('DEL', what === 'groups' ? groupsOf('t') : streamOf('t', 'g'));
      await publishUntilSeen(broker, 't', taken, 100);
    });

    test('warns of a server that may throw messages away', async () => {
      await send('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
      const other = await open(url);
      await send('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
      expect(other.lines.map(({ level, msg }) => [level, msg.includes('allkeys-lru')])).toEqual([[40, true]]);
      expect(lines).toEqual([]);
    });

    test('says once that the oldest are dropped', async () => {
      const away = await broker.consume('t', { group: 'g', concurrency: 1 }, async () => {});
      await away.stop();
      await publishMany(broker, 't', 10_050);
      expect(lines.map(({ msg }) => msg)).toEqual([
        'messages come faster than they are handled: the oldest are dropped',
      ]);
    });

    test('works with the least that a user may be allowed', async () => {
      const prefix = new URL(url).searchParams.get('prefix');
      const rights = '+ping +info +exists +client|id +client|setname +eval +evalsha +subscribe +publish +time +del';
      const data = '+sadd +sismember +smembers +xadd +xlen +xdel +xack +xclaim +xpending +xreadgroup +xgroup +xinfo';
      const later = '+zadd +zrem +zcard +zrange +zrangebyscore +zremrangebyrank';
      const all = `${rights} ${data} ${later}`.split(' ');
      await send('ACL', 'SETUSER', 'least', 'on', '>pass', `~{${prefix}}*`, `&{${prefix}}*`, ...all);
      const { broker: least } = await open(withParts(url, { username: 'least', password: 'pass' }));
      const taken = collector();
      const heard = collector();
      let failed = false;
      await least.listen('t', (message) => heard.add(message));
      // It may not end its own read: then a stop waits for it.
      const consumer = await least.consume('t', { group: 'g', concurrency: 1 }, async (message) => {
        if (!failed) {
          failed = true;
          throw new Error('not yet');
        }
        taken.add(message);
      });
      await least.publish('t', { n: 0 });
      await Promise.all([taken.until(1), heard.until(1)]);
      await consumer.stop();
    });

    test.each([
      ['a user that may do nothing', 'nothing', 'does not let the user "nothing"'],
      ['a database that there is not', '/999', 'has no database 999'],
      ['no password', '', 'asks for a password'],
    ])('tells the operator of %s', async (_, how, said) => {
      await send('ACL', 'SETUSER', 'nothing', 'on', '>pass', '~*', '&*', '-@all');
      const parts = how.startsWith('/')
        ? { pathname: how }
        : how === ''
          ? { password: '' }
          : { username: how, password: 'pass' };
      const opening = openLogged(withParts(url, parts));
      await expect(opening).rejects.toThrow(
        new RegExp(`^BROKER_URL: Redis at 127\\.0\\.0\\.1:\\d+ ${said}[^\\n]*\\.$`),
      );
    });

    test('says why a server that is there lets it in no more, once, and goes on when it does again', async () => {
      await send('ACL', 'SETUSER', 'changing', 'on', '>old', '~*', '&*', '+@all');
      const changing = await open(withParts(url, { username: 'changing', password: 'old' }));
      await changing.broker.publish('t', { n: 0 });
      await send('ACL', 'SETUSER', 'changing', 'resetpass', '>new');
      await send('CLIENT', 'KILL', 'USER', 'changing');
      const why = () => changing.lines.filter(({ level }) => level === 50);
      await until('the log to say why', () => why().length > 0);
      await expect(changing.broker.publish('t', { n: 1 })).rejects.toMatchObject({ code: 'unavailable' });
      await send('ACL', 'SETUSER', 'changing', 'resetpass', '>old');
      await publishOnceBack(changing.broker, 't', { n: 2 });
      expect(changing.lines.map(({ level }) => level)).toEqual([40, 50, 30]);
      expect(why()[0]?.msg).toMatch(/does not know the user or the password/);
    });
  },
  { own: true },
);
