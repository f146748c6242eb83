import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshName, withQuery } from '../../../../test/harness/engines/names.ts';
import { describeWithEngines, place } from '../../../../test/harness/engines/use.ts';
import { openStoreEvents } from '../index.ts';
import { type EventsPlace, storeEventsLaws } from '../laws.ts';
import { parseNatsTarget } from './target.ts';

describeWithEngines(['nats'], 'store events over NATS', () => {
  let server: { readonly url: string; stop(): Promise<void> };
  beforeAll(async () => {
    const { url, stop } = await place('nats');
    server = { url: url.split('?')[0] as string, stop };
  });
  afterAll(() => server.stop());

  const connection = () => {
    const { host, username: user, password: pass } = new URL(server.url);
    return connect({ servers: host, user, pass });
  };
  const newPlace = async (): Promise<EventsPlace> => {
    const subject = `${freshName()}.events`;
    const nats = await connection();
    const manager = await jetstreamManager(nats);
    const forget = async () => {
      const stream = await manager.streams.find(subject).catch(() => undefined);
      if (stream !== undefined) await manager.streams.delete(stream);
    };
    return {
      url: `${server.url.replace(/\/$/, '')}/${subject}`,
      async publish(text) {
        nats.publish(subject, text);
        await nats.flush();
      },
      forget,
      async stop() {
        await forget();
        await nats.close();
      },
    };
  };

  describe('that a stream keeps', () => storeEventsLaws({ start: newPlace }));

  describe('that nobody keeps', () =>
    storeEventsLaws({
      async start() {
        const made = await newPlace();
        return { ...made, url: withQuery(made.url, 'jetstream', 'off') };
      },
      skip: [
        {
          reason: 'NATS without JetStream brings a message once, to who is there',
          tests: [
            'brings what came while nobody was there',
            'brings a message again whose handler threw, and none that was handled',
            'keeps what came while its connection was cut',
            'brings to others what one had whose connection died',
            'hears again when the server has forgotten what was made on it',
          ],
        },
      ],
    }));

  it('shares a stream that is there with others, and takes only its subject', async () => {
    const name = freshName();
    const nats = await connection();
    const manager = await jetstreamManager(nats);
    await manager.streams.add({ name, subjects: [`${name}.>`] });
    const lines: unknown[] = [];
    const log = pino({ level: 'warn' }, { write: (line: string) => lines.push(line) });
    const source = await openStoreEvents(`${server.url.replace(/\/$/, '')}/${name}.s3?group=mine`, { log });
    const heard = Promise.withResolvers<string>();
    await source.consume(async (body) => heard.resolve(Buffer.from(body).toString()));
    nats.publish(`${name}.other`, 'not ours');
    nats.publish(`${name}.s3`, 'ours');
    expect(await heard.promise).toBe('ours');
    await source.close();
    expect((await manager.consumers.info(name, 'mine')).config.filter_subject).toBe(`${name}.s3`);
    expect(lines).toEqual([]);
    await manager.streams.delete(name);
    await nats.close();
  });

  it('says in one line why it cannot be opened, without the password', async () => {
    const log = pino({ level: 'silent' });
    const wrong = new URL(server.url);
    wrong.password = 'hidden';
    wrong.pathname = '/subject';
    for (const [url, reason] of [
      [wrong.href, /^INGEST_URL: NATS at .* does not let us in/],
      ['nats://127.0.0.1:1/subject', /^INGEST_URL: there is no server at 127\.0\.0\.1:1/],
      [server.url, /^INGEST_URL: after the host goes the subject/],
    ] as const) {
      const said = await openStoreEvents(url, { log }).then(
        async (source) => source.close().then(() => ''),
        (error: Error) => error.message,
      );
      expect(said).toMatch(reason);
      expect(said).not.toMatch(/hidden|\n|BROKER/);
    }
  });
});

it('reads what there is to hear out of the URL', () => {
  expect(parseNatsTarget('nats://a:1,nats://b/minio.events?group=g&jetstream=off')).toMatchObject({
    subject: 'minio.events',
    stream: 'holdfast_minio_events',
    group: 'g',
    kept: false,
    server: { servers: ['a:1', 'b:4222'] },
  });
  expect(parseNatsTarget('tls://u:p@h/a?stream=S')).toMatchObject({ subject: 'a', stream: 'S', kept: true });
  for (const bad of [
    '',
    '/',
    '/a..b',
    '/a%20b',
    '/%',
    '/a?group=',
    '/a?jetstream=maybe',
    '/a?colour=red',
    '/a/b?x=1',
  ]) {
    expect(() => parseNatsTarget(`nats://u:hidden@h${bad}`)).toThrow(
      /^INGEST_URL: (?!.*(hidden|BROKER)).*; expected nats:/,
    );
  }
});
