import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { describeWithEngines } from '../../../../test/harness/engines/use.ts';
import { openProxy, type TcpProxy } from '../../../../test/harness/proxy.ts';
import { until } from '../../../../test/harness/until.ts';
import { inChunks, optionsIn, pattern } from '../conformance/bodies.ts';
import { newKey, newPrefix, readBody, type StartedPlace } from '../conformance/place.ts';
import type { ObjectStore } from '../port.ts';
import { openS3Store } from './index.ts';
import { sendOverHttp, startPlace } from './testing.ts';

const MIB = 1024 * 1024;
/** As in use, but ended soon. */
const PATIENCE = { connect: 400, silence: 400, longSilence: 800 };

describeWithEngines(['s3'], 'an S3 store within limits', () => {
  let place: StartedPlace;
  let line: TcpProxy;
  let store: ObjectStore;
  const messages: string[] = [];
  beforeAll(async () => {
    place = await startPlace();
    line = await openProxy(place.url);
    const log = pino(
      { level: 'info' },
      new Writable({
        write(text, _, done) {
          messages.push(JSON.parse(String(text)).msg);
          done();
        },
      }),
    );
    store = await openS3Store(line.url, { ...optionsIn(tmpdir()), log }, { patience: PATIENCE });
  });
  afterEach(() => line.pass());
  afterAll(async () => {
    await store.close();
    await line.stop();
    await place.stop();
  });

  test('gives up on a server that does not answer, says so once, and once that it is back', async () => {
    const key = newKey();
    await store.put(key, pattern(2 * MIB));
    messages.length = 0;
    const { stream } = await store.get(key);
    line.freeze();
    const calls = [
      stream.toArray(),
      store.get(key),
      store.head(key),
      store.put(newKey(), pattern(10)),
      store.put(newKey(), inChunks(pattern(12 * MIB), 500_000)),
      // What was sent may still come to the store: these are told of a key of their own.
      store.move(newKey(), newKey()),
      store.delete([newKey()]),
      store.list('', { limit: 1 }),
    ];
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } });
    }
    await line.pass();
    expect((await readBody(store, key)).length).toBe(2 * MIB);
    expect(messages).toEqual(['the object store does not answer', 'the object store answers again']);
  });

  test('waits for a reader that takes its time, however long, and goes on then', async () => {
    const key = newKey();
    const bytes = pattern(4 * MIB);
    await store.put(key, bytes);
    const { stream } = await store.get(key);
    const chunks: Buffer[] = [];
    let pauses = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      if (chunks.length % 20 === 1 && pauses < 3) {
        pauses++;
        // Longer than the store is given to be silent: the connection does not last.
        const held = line.connections();
        await until('the connection is given up', () => line.connections() < held);
      }
    }
    expect(pauses).toBe(3);
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
  });

  test.skipIf(process.platform !== 'linux')('keeps no connection for bodies that nobody reads', async () => {
    const [long, short] = [newKey(), newKey()];
    await store.put(long, pattern(2 * MIB));
    await store.put(short, pattern(1_000));
    const open = async () => (await readdir('/proc/self/fd')).length;
    const before = await open();
    for (let round = 0; round < 200; round++) {
      // A short one is here already, and needs not even be destroyed.
      await store.get(short);
      const { stream } = await store.get(long, { range: { first: round, last: MIB + round } });
      if (round % 2) for await (const _ of stream) break;
      stream.destroy();
    }
    await until('all connections are given back', async () => (await open()) <= before + 10);
    expect((await readBody(store, long)).length).toBe(2 * MIB);
  });

  test('lists more uploads, and more parts, than come at once', async () => {
    // Begun twice is what a request is that was sent twice.
    const patient = await openS3Store(place.url, optionsIn(tmpdir()));
    const prefix = newPrefix();
    const begun = new Map<string, string>();
    for (let first = 0; first < 1_100; first += 50) {
      const keys = Array.from({ length: 50 }, (_, index) => `${prefix}${first + index}`);
      const ids = await Promise.all(keys.map((key) => patient.createMultipart(key, 'text/plain')));
      for (const [index, id] of ids.entries()) begun.set(keys[index] as string, id);
    }
    // So far ahead that nothing signed ends while all of this is sent.
    const later = new Date(Date.now() + 24 * 3_600_000);
    const list = async () => {
      const found = await patient.listMultipart(later);
      // What a test before was cut off from may still come.
      return { found: found.length, uploads: found.filter((upload) => upload.key.startsWith(prefix)) };
    };
    const { found, uploads } = await list();
    expect(found).toBe(1_000);
    const key = `${prefix}0`;
    const multipartId = begun.get(key) as string;
    for (const upload of uploads) expect(begun.get(upload.key)).toBe(upload.multipartId);
    const abortOthers = async (all: typeof uploads) => {
      for (const upload of all) if (upload.key !== key) await patient.abortMultipart(upload.key, upload.multipartId);
    };
    await abortOthers(uploads);
    const { uploads: rest } = await list();
    expect(rest.length).toBeGreaterThanOrEqual(100);
    await abortOthers(rest);
    expect((await list()).uploads).toEqual([{ key, multipartId }]);

    for (let from = 1; from <= 1_010; from += 10) {
      const numbers = Array.from({ length: 10 }, (_, index) => from + index);
      await Promise.all(
        numbers.map(async (number) => {
          const signed = await patient.signPart(key, { multipartId, number, size: number, expiresAt: later });
          // Who sends a part sends it again where a store has no time for it just now.
          await until(`part ${number} to be taken`, async () => {
            const { status, body } = await sendOverHttp(patient, signed, pattern(number));
            if (status !== 200) throw new Error(`${status} ${body}`);
            return true;
          });
        }),
      );
    }
    const parts = await patient.listParts(key, multipartId);
    expect(parts.map(({ number, size }) => number === size)).toEqual(Array(1_010).fill(true));
    await patient.abortMultipart(key, multipartId);
    await patient.close();
  });
});
