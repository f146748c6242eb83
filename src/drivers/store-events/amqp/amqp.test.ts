import { connect } from 'amqplib';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freshName, withQuery } from '../../../../test/harness/engines/names.ts';
import { describeWithEngines, place } from '../../../../test/harness/engines/use.ts';
import { openStoreEvents } from '../index.ts';
import { storeEventsLaws } from '../laws.ts';
import { parseAmqpTarget } from './target.ts';

const log = pino({ level: 'silent' });
const refusal = (url: string): Promise<string> =>
  openStoreEvents(url, { log }).then(
    async (source) => source.close().then(() => ''),
    (error: Error) => error.message,
  );

describeWithEngines(['rabbitmq'], 'store events over AMQP', () => {
  let server: { readonly url: string; stop(): Promise<void> };
  beforeAll(async () => {
    const { url, stop } = await place('rabbitmq');
    server = { url: url.split('?')[0] as string, stop };
  });
  afterAll(() => server.stop());

  storeEventsLaws({
    async start() {
      const exchange = freshName();
      const queue = `${exchange}.holdfast`;
      const connection = await connect(server.url);
      const channel = await connection.createConfirmChannel();
      return {
        url: withQuery(server.url, 'exchange', exchange),
        publish: (text) =>
          new Promise((resolve, reject) => {
            channel.publish(exchange, 'any.key', Buffer.from(text), {}, (error) => (error ? reject(error) : resolve()));
          }),
        async forget() {
          await channel.deleteQueue(queue);
          await channel.deleteExchange(exchange);
        },
        async stop() {
          await channel.deleteQueue(queue);
          await channel.deleteExchange(exchange);
          await connection.close();
        },
      };
    },
  });

  it('leaves an exchange and a queue that are there as they are, and binds by the key that is wanted', async () => {
    const [exchange, queue] = [freshName(), freshName()];
    const connection = await connect(server.url);
    const channel = await connection.createConfirmChannel();
    await channel.assertExchange(exchange, 'direct', { durable: false });
    await channel.assertQueue(queue, { durable: true });
    const url = `${server.url}?exchange=${exchange}&queue=${queue}&routingKey=files`;
    const source = await openStoreEvents(url, { log });
    const heard = Promise.withResolvers<string>();
    await source.consume(async (body) => heard.resolve(Buffer.from(body).toString()));
    channel.publish(exchange, 'others', Buffer.from('not ours'));
    channel.publish(exchange, 'files', Buffer.from('ours'));
    expect(await heard.promise).toBe('ours');
    await source.close();
    await channel.deleteQueue(queue);
    await channel.deleteExchange(exchange);
    await connection.close();
  });

  it('says in one line why it cannot be opened, without the password', async () => {
    const wrong = new URL(server.url);
    wrong.password = 'hidden';
    const unknown = new URL(server.url);
    unknown.pathname = '/no-such';
    for (const [url, reason] of [
      [`${wrong.href}?exchange=e`, /^INGEST_URL: RabbitMQ at .* does not know the user or the password/],
      [`${unknown.href}?exchange=e`, /^INGEST_URL: RabbitMQ at .* has no virtual host "no-such"/],
      ['amqp://127.0.0.1:1?exchange=e', /^INGEST_URL: there is no server at 127\.0\.0\.1:1/],
      [server.url, /names neither an exchange nor a queue; expected amqp:/],
      ['ftp://x', /^INGEST_URL: there is no driver for "ftp:"/],
    ] as const) {
      const said = await refusal(url);
      expect(said).toMatch(reason);
      expect(said).not.toMatch(/hidden|\n|BROKER/);
    }
  });
});

it('reads what there is to hear out of the URL', () => {
  expect(parseAmqpTarget('amqps://u:p%40@h/v?exchange=a.b&routingKey=x')).toMatchObject({
    exchange: 'a.b',
    queue: 'a.b.holdfast',
    routingKey: 'x',
    server: { username: 'u', password: 'p@', vhost: 'v', servers: [{ hostname: 'h', port: 5671 }] },
  });
  expect(parseAmqpTarget('amqp://h?queue=q')).toMatchObject({ exchange: undefined, queue: 'q', routingKey: '#' });
  for (const bad of ['?exchange=', '?queue=a%00', '?exchange=e&colour=red']) {
    expect(() => parseAmqpTarget(`amqp://u:hidden@h${bad}`)).toThrow(
      /^INGEST_URL: (?!.*(hidden|BROKER)).*; expected amqp:/,
    );
  }
});
