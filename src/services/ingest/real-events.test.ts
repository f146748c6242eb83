import { request } from 'node:http';
import { connect as connectNats } from '@nats-io/transport-node';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Place } from '../../../test/harness/engines/index.ts';
import { freshName, withQuery } from '../../../test/harness/engines/names.ts';
import { EXCHANGE, tellOfObjects } from '../../../test/harness/engines/s3-topics.ts';
import { describeWithEngines, place } from '../../../test/harness/engines/use.ts';
import { until } from '../../../test/harness/until.ts';
import { objectsPlaceOf } from '../../drivers/objects/index.ts';
import { openStoreEvents } from '../../drivers/store-events/index.ts';
import type { StoreEvents } from '../../drivers/store-events/port.ts';
import { openTestFiles } from '../files/testing.ts';
import type { EventPlace } from './index.ts';
import { notification, openTestIngest, SECRET, type TestIngest } from './testing.ts';

const log = pino({ level: 'silent' });
/** Larger ones are sent in parts. */
const MIB = 1024 ** 2;

describeWithEngines(['s3', 'rabbitmq'], 'events of a real object store', () => {
  let store: Place;
  let bed: TestIngest;
  const open = async (sources: readonly StoreEvents[] = []) => {
    const files = await openTestFiles({}, undefined, undefined, store.url);
    bed = await openTestIngest({ files, sources, place: (await objectsPlaceOf(store.url)) as EventPlace });
  };
  beforeEach(async () => {
    // Below a prefix, as one of several installations in a bucket.
    const { url, stop } = await place('s3');
    const within = new URL(url);
    within.pathname = `${within.pathname.replace(/\/$/, '')}/an/installation`;
    store = { url: within.href, stop };
  });
  afterEach(async () => {
    await bed.close();
    await store.stop();
  });

  /** As a client does it: with the signed request alone. */
  async function upload(bytes: Buffer) {
    const { fileId, signed } = await bed.begin(bytes.length);
    const sent = await new Promise<number | undefined>((resolve, reject) => {
      const put = request(signed.url, {
        method: signed.method,
        headers: { ...signed.headers, 'content-length': bytes.length },
      });
      put.on('response', (answer) => resolve(answer.resume().statusCode)).on('error', reject);
      put.end(bytes);
    });
    expect(sent).toBe(200);
    return fileId;
  }
  const uploaded = (fileId: string) =>
    until('the upload to be confirmed', async () => (await bed.statusOf(fileId)) === 'FILE_STATUS_UPLOADED');

  it('that come by HTTP confirm an upload before its client has its answer', async () => {
    await open();
    const endpoint = `${bed.url.replace('://', `://ceph:${encodeURIComponent(SECRET)}@`)}/ingest/s3`;
    await tellOfObjects(store.url, { 'push-endpoint': endpoint });
    const fileId = await upload(Buffer.from('abc'));
    expect(await bed.statusOf(fileId)).toBe('FILE_STATUS_UPLOADED');
    // What confirming writes is told of, too.
    await until('the events of our own objects', () => bed.told() > 1);
    expect(bed.lines).toEqual([]);
  });

  it('that come through RabbitMQ confirm uploads, also those that came while nobody was there', async () => {
    const rabbit = await place('rabbitmq');
    const server = rabbit.url.split('?')[0] as string;
    const url = withQuery(server, 'exchange', EXCHANGE);
    // It makes the exchange and the queue.
    const source = await openStoreEvents(url, { log });
    await open([source]);
    const attributes = { 'push-endpoint': server, 'amqp-exchange': EXCHANGE, 'amqp-ack-level': 'none' };
    await tellOfObjects(store.url, attributes);

    const early = await upload(Buffer.from('abc'));
    expect(await bed.statusOf(early)).toBe('FILE_STATUS_PENDING');
    const running = await bed.ingest.start();
    await uploaded(early);
    const fileIds = await Promise.all([1, MIB].map((size) => upload(Buffer.alloc(size, 'x'))));
    for (const fileId of fileIds) await uploaded(fileId);
    await bed.ingest.probe(AbortSignal.timeout(5_000));
    await running.stop();
    await source.close();
    await rabbit.stop();
    expect(bed.lines).toEqual([]);
  });
});

describeWithEngines(['nats'], 'events in the shape of MinIO through NATS', () => {
  describe.each([
    ['that a stream keeps', 'on'],
    ['that nobody keeps', 'off'],
  ])('%s', (_, jetstream) => {
    it('confirm uploads, whatever else comes', async () => {
      const nats = await place('nats');
      const subject = `${freshName()}.s3`;
      const { host, username: user, password: pass } = new URL(nats.url);
      const connection = await connectNats({ servers: host, user, pass });
      const url = `nats://${user}:${pass}@${host}/${subject}?jetstream=${jetstream}`;
      const source = await openStoreEvents(url, { log });
      const bed = await openTestIngest({ sources: [source] });
      const running = await bed.ingest.start();
      const uploads = await Promise.all(Array.from({ length: 5 }, () => bed.begin()));
      await Promise.all(uploads.map(({ key }) => bed.put(key)));
      const tell = (value: unknown) => connection.publish(subject, JSON.stringify(value));
      connection.publish(subject, 'no JSON');
      connection.publish(subject, '');
      tell({ Service: 'MinIO', Event: 's3:TestEvent' });
      for (const { key } of uploads) {
        for (let copies = 0; copies < 3; copies++) {
          tell({ EventName: 's3:ObjectCreated:Put', Key: `files/${key}`, ...notification(key) });
        }
      }
      for (const { fileId } of uploads) {
        await until('the upload', async () => (await bed.statusOf(fileId)) === 'FILE_STATUS_UPLOADED');
      }
      await running.stop();
      await source.close();
      expect(bed.lines.map(({ msg }) => msg)).toEqual(
        Array(2).fill('a message is no notification of an object store and was passed over'),
      );
      await bed.close();
      await connection.close();
      await nats.stop();
    });
  });
});
