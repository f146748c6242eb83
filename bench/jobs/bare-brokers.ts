import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect as connectNats } from '@nats-io/transport-node';
import { createClient } from '@redis/client';
import { connect as connectRabbit } from 'amqplib';
import { type JobSystem, Tally } from './job-system.ts';

/** The limit: what a broker's own client does with messages of the same size that are acknowledged one by one. */
export function bareBroker(name: 'redis' | 'nats' | 'rabbitmq', url: string): Promise<JobSystem> {
  return { redis, nats, rabbitmq }[name](url);
}

const body = (index: number) =>
  JSON.stringify({ fileId: `01a1fc06-28d2-7012-be91-${String(index).padStart(12, '0')}` });

async function redis(url: string): Promise<JobSystem> {
  const stream = `bare-${crypto.randomUUID()}`;
  const bare = new URL(url);
  bare.search = '';
  const writing = await createClient({ url: bare.href }).connect();
  const reading = await writing.duplicate().connect();
  await writing.xGroupCreate(stream, 'bench', '0', { MKSTREAM: true });
  const tally = new Tally();
  let open = true;
  const loop = (async () => {
    while (open) {
      const read = await reading.xReadGroup('bench', 'one', { key: stream, id: '>' }, { COUNT: 32, BLOCK: 100 });
      const messages = (read as { messages: { id: string }[] }[] | null)?.[0]?.messages ?? [];
      await Promise.all(messages.map(({ id }) => writing.xAck(stream, 'bench', id).then(tally.ended)));
    }
  })();
  return {
    round: (round) => tally.round(round, (index) => writing.xAdd(stream, '*', { body: body(index) })),
    async close() {
      open = false;
      await loop;
      await writing.del(stream);
      reading.destroy();
      writing.destroy();
    },
  };
}

async function nats(url: string): Promise<JobSystem> {
  const { host, username, password } = new URL(url);
  const connection = await connectNats({ servers: host, ...(username && { user: username, pass: password }) });
  const stream = `bare-${crypto.randomUUID()}`;
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: stream, subjects: [stream] });
  await manager.consumers.add(stream, { durable_name: 'bench', ack_policy: AckPolicy.Explicit, max_ack_pending: 1000 });
  const client = jetstream(connection);
  const tally = new Tally();
  const messages = await (await client.consumers.get(stream, 'bench')).consume({ max_messages: 32 });
  const loop = (async () => {
    for await (const message of messages) {
      message.ack();
      tally.ended();
    }
  })();
  return {
    round: (round) => tally.round(round, (index) => client.publish(stream, body(index))),
    async close() {
      await messages.close();
      await loop;
      await manager.streams.delete(stream);
      await connection.close();
    },
  };
}

async function rabbitmq(url: string): Promise<JobSystem> {
  const bare = new URL(url);
  bare.search = '';
  const connection = await connectRabbit(bare.href);
  const channel = await connection.createConfirmChannel();
  const queue = `bare-${crypto.randomUUID()}`;
  await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  await channel.prefetch(32);
  const tally = new Tally();
  await channel.consume(queue, (message) => {
    if (!message) return;
    channel.ack(message);
    tally.ended();
  });
  const publish = (index: number) =>
    new Promise<void>((resolve, reject) => {
      channel.sendToQueue(queue, Buffer.from(body(index)), { persistent: true }, (error) =>
        error ? reject(error) : resolve(),
      );
    });
  return {
    round: (round) => tally.round(round, publish),
    async close() {
      await channel.deleteQueue(queue);
      await connection.close();
    },
  };
}
