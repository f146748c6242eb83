import { pino } from 'pino';
import { afterEach, beforeEach, expect } from 'vitest';
import { openProxy, type TcpProxy } from '../../../test/harness/proxy.ts';
import { until } from '../../../test/harness/until.ts';
import { type Law, lawsExcept, type Skip } from '../laws.ts';
import { openStoreEvents } from './index.ts';
import { AT_ONCE, type StoreEvents } from './port.ts';

/** A place that nobody else hears. */
export interface EventsPlace {
  readonly url: string;
  /** Publishes as a store does, past the proxy; resolves when the server has it. */
  publish(text: string): Promise<void>;
  /** Takes away what was made on the server for us. */
  forget(): Promise<void>;
  stop(): Promise<void>;
}

interface Kind {
  readonly start: () => Promise<EventsPlace>;
  readonly skip?: readonly Skip[];
}

/** What every driver of store events keeps to. */
export function storeEventsLaws({ start, skip }: Kind): void {
  const law: Law = lawsExcept(skip);
  let place: EventsPlace;
  let proxy: TcpProxy;
  let opened: StoreEvents[];
  let lines: { readonly level: number; readonly msg: string }[];

  beforeEach(async () => {
    place = await start();
    proxy = await openProxy(place.url);
    opened = [];
    lines = [];
  });
  afterEach(async () => {
    await proxy.pass();
    await Promise.all(opened.map((one) => one.close()));
    await proxy.stop();
    await place.stop();
  });

  const open = async (url = proxy.url) => {
    const log = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line)) });
    const made = await openStoreEvents(url, { log });
    opened.push(made);
    return made;
  };
  const collect = () => {
    const heard: string[] = [];
    return { heard, take: async (body: Uint8Array) => void heard.push(Buffer.from(body).toString()) };
  };
  const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, n) => String(from + n));
  const publish = (count: number, from = 0) => Promise.all(numbers(count, from).map((text) => place.publish(text)));

  law('brings a message as it was published, to one of those who share the place', async () => {
    const [a, b] = [collect(), collect()];
    await (await open()).consume(a.take);
    await (await open()).consume(b.take);
    const odd = 'ä\u0000\n{"Records":[]} not JSON';
    await place.publish(odd);
    await publish(40);
    await until('all messages', () => a.heard.length + b.heard.length >= 41);
    expect([...a.heard, ...b.heard].sort()).toEqual([odd, ...numbers(40)].sort());
  });

  law('brings what came while nobody was there', async () => {
    await (await open()).close();
    await publish(3);
    const { heard, take } = collect();
    await (await open()).consume(take);
    await until('the messages', () => heard.length >= 3);
    expect(heard.toSorted()).toEqual(numbers(3));
  });

  law('brings a message again whose handler threw, and none that was handled', async () => {
    const tries: string[] = [];
    const source = await open();
    await source.consume(async (body) => {
      tries.push(Buffer.from(body).toString());
      if (tries.filter((one) => one === 'b').length === 1) throw new Error('not yet');
    });
    for (const text of ['a', 'b']) await place.publish(text);
    await until('another try', () => tries.length >= 3);
    await place.publish('c');
    await until('the last', () => tries.includes('c'));
    expect(tries.filter((one) => one !== 'c')).toEqual(['a', 'b', 'b']);
    expect(lines.filter(({ level }) => level > 30).map(({ msg }) => msg)).toEqual([
      'a message of the object store could not be dealt with and will come again',
    ]);
  });

  law('has no more handled at a time than may be, however many come', async () => {
    let running = 0;
    let most = 0;
    const { heard, take } = collect();
    await (await open()).consume(async (body) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 2));
      running -= 1;
      await take(body);
    });
    await publish(1_000);
    await until('all of them', () => heard.length >= 1_000);
    expect(new Set(heard).size).toBe(1_000);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(AT_ONCE);
  });

  law('hears again after its connection was cut, and says so', async () => {
    const { heard, take } = collect();
    const source = await open();
    await source.consume(take);
    await place.publish('before');
    await until('the first', () => heard.includes('before'));
    await proxy.drop();
    await until('a line in the log', () => lines.some(({ level }) => level === 40));
    await expect(source.probe(AbortSignal.timeout(5_000))).rejects.toMatchObject({ code: 'unavailable' });
    await proxy.pass();
    await until('a connection', () => lines.some(({ msg }) => msg.endsWith('is back')));
    await source.probe(AbortSignal.timeout(5_000));
    await place.publish('after');
    await until('the next', () => heard.includes('after'));
    expect(lines.map(({ level }) => level)).toEqual([40, 30]);
  });

  law('keeps what came while its connection was cut', async () => {
    const { heard, take } = collect();
    await (await open()).consume(take);
    await proxy.drop();
    await publish(5);
    await proxy.pass();
    await until('the messages', () => heard.length >= 5);
    expect(heard.toSorted()).toEqual(numbers(5));
  });

  law(
    'brings to others what one had whose connection died',
    async () => {
      const held = Promise.withResolvers<void>();
      const { promise: released, resolve: release } = Promise.withResolvers<void>();
      await (await open()).consume(async () => {
        held.resolve();
        await released;
      });
      await place.publish('held');
      await held.promise;
      await proxy.drop();
      const { heard, take } = collect();
      await (await open(place.url)).consume(take);
      await until('the message', () => heard.includes('held'));
      release();
    },
    240_000,
  );

  law('hears again when the server has forgotten what was made on it', async () => {
    const { heard, take } = collect();
    await (await open()).consume(take);
    await place.forget();
    await until('a connection', () => lines.some(({ msg }) => msg.endsWith('is back')));
    await place.publish('after');
    await until('the message', () => heard.includes('after'));
  });

  law('waits at a stop for what runs, settles it, and takes no more', async () => {
    const first = collect();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const running = await (await open()).consume(async (body) => {
      await first.take(body);
      await released;
    });
    await place.publish('held');
    await until('the message', () => first.heard.length === 1);
    let isStopped = false;
    const stopped = running.stop().then(() => {
      isStopped = true;
    });
    expect(running.stop()).toBeInstanceOf(Promise);
    await place.publish('late').catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([isStopped, first.heard]).toEqual([false, ['held']]);
    release();
    await stopped;
    const second = collect();
    await (await open()).consume(second.take);
    await place.publish('next');
    await until('the next', () => second.heard.includes('next'));
    expect(second.heard).not.toContain('held');
    expect(lines.filter(({ level }) => level >= 40)).toEqual([]);
  });

  law('refuses when it is closed', async () => {
    const source = await open();
    await source.consume(async () => {});
    await source.close();
    await source.close();
    await expect(source.consume(async () => {})).rejects.toMatchObject({ code: 'unavailable' });
    await expect(source.probe(AbortSignal.timeout(1_000))).rejects.toMatchObject({ code: 'unavailable' });
  });
}
