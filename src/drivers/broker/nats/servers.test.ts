import { mkdtempSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager, RetentionPolicy } from '@nats-io/jetstream';
import { connect, type NatsConnection, nkeys } from '@nats-io/transport-node';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { Engine, EngineKind, Ground } from '../../../../test/harness/engines/engine.ts';
import { nats as kind } from '../../../../test/harness/engines/nats.ts';
import { freePort } from '../../../../test/harness/engines/ports.ts';
import { startKind } from '../../../../test/harness/engines/start.ts';
import { describeWithEngines } from '../../../../test/harness/engines/use.ts';
import { writeSelfSigned } from '../../../../test/harness/self-signed.ts';
import { until } from '../../../../test/harness/until.ts';
import { collector, publishAll, publishMany, upTo } from '../conformance/messages.ts';
import { BACKLOG } from '../port.ts';
import { expectWorks, openLogged, refusal } from '../testing.ts';

/** What docs/engines.md says that a user needs. */
const NEEDED = {
  publish: [
    'holdfast.>',
    '$JS.API.STREAM.INFO.holdfast',
    '$JS.API.STREAM.CREATE.holdfast',
    '$JS.API.CONSUMER.INFO.holdfast.>',
    '$JS.API.CONSUMER.CREATE.holdfast.>',
    '$JS.API.CONSUMER.MSG.NEXT.holdfast.>',
    '$JS.ACK.>',
  ],
  subscribe: ['holdfast.>', '_INBOX.>'],
};

describeWithEngines(
  ['nats'],
  'the NATS broker on a server',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-nats-'));
    let engine: Engine | undefined;
    afterEach(async () => {
      await engine?.stop();
      engine = undefined;
    });
    afterAll(() => rm(folder, { recursive: true }));

    const starting = async (settings: object): Promise<string> => {
      engine = await startKind(withSettings(settings));
      return new URL(engine.url).host;
    };

    describe('that lets in', () => {
      test('a user who may do no more than what is needed', async () => {
        const host = await starting({ authorization: { users: [member('some', NEEDED)] } });
        await expectWorks(`nats://some:secret@${host}`);
      });

      test.each([
        ['publish', 'holdfast.>', 'publish to "holdfast.probe"'],
        ['publish', '$JS.API.STREAM.CREATE.holdfast', 'publish to "$JS.API.STREAM.CREATE.holdfast"'],
        ['subscribe', 'holdfast.>', 'subscribe to "holdfast.probe"'],
      ] as const)('nobody who may not %s %s, and says so at open', async (deed, subject, reason) => {
        const host = await starting({ authorization: { users: [member('some', without(deed, subject))] } });
        const said = await refusal(`nats://some:secret@${host}`);
        expect(said).toMatch(/^BROKER_URL: NATS at \S+ does not let this user [^\n]*\.$/);
        expect(said).toContain(reason);
      });

      test('one who may make no consumers, and says so when one is needed', async () => {
        const permissions = without('publish', '$JS.API.CONSUMER.CREATE.holdfast.>');
        const host = await starting({ authorization: { users: [member('some', permissions)] } });
        const { broker } = await openLogged(`nats://some:secret@${host}`);
        const consuming = broker.consume('t', { group: 'g', concurrency: 1 }, async () => {});
        await expect(consuming).rejects.toThrow(
          /^BROKER_URL: [^\n]* publish to "\$JS\.API\.CONSUMER\.CREATE\.holdfast\./,
        );
        await broker.close();
      });

      test('one who may not ask for messages, and logs it once', async () => {
        const permissions = without('publish', '$JS.API.CONSUMER.MSG.NEXT.holdfast.>');
        const host = await starting({ authorization: { users: [member('some', permissions)] } });
        const { broker, lines } = await openLogged(`nats://some:secret@${host}`);
        await broker.consume('t', { group: 'g', concurrency: 4 }, async () => {});
        await until('the log to say it', () => lines.length > 0);
        await broker.close();
        expect(lines.map(({ msg }) => msg)).toEqual([
          expect.stringMatching(/does not let this user publish to "\$JS\.API\.CONSUMER\.MSG\.NEXT\.holdfast\.t-g"/),
        ]);
      });

      test('a token', async () => {
        const host = await starting({ authorization: { token: 's3cr3t' } });
        await expectWorks(`nats://s3cr3t@${host}`);
        const said = await refusal(`nats://geheim@${host}`);
        expect(said).toMatch(/^BROKER_URL: [^\n]* does not let us in [^\n]*\.$/);
        expect(said).not.toContain('geheim');
      });

      test('a key', async () => {
        const pair = nkeys.createUser();
        const host = await starting({ authorization: { users: [{ nkey: pair.getPublicKey() }] } });
        const file = join(folder, 'user.nk');
        await writeFile(file, `# a key\n${Buffer.from(pair.getSeed())}\n`);
        await expectWorks(`nats://${host}?nkey=${encodeURIComponent(file)}`);
        await writeFile(file, nkeys.createUser().getSeed());
        expect(await refusal(`nats://${host}?nkey=${encodeURIComponent(file)}`)).toContain('does not let us in');
      });

      test('those who trust its certificate', async () => {
        const { cert, key } = await writeSelfSigned(folder);
        const host = await starting({ tls: { cert_file: cert, key_file: key } });
        const ca = `ca=${encodeURIComponent(cert)}`;
        await expectWorks(`tls://${host}?${ca}`);
        // A server that asks for TLS gets it.
        for (const url of [`tls://${host}`, `nats://${host}`]) {
          expect(await refusal(url)).toMatch(/^BROKER_URL: the certificate of .* is not trusted .*\?ca=FILE\.$/);
        }
      });
    });

    describe('of which', () => {
      test('one of several is there', async () => {
        const host = await starting({});
        const nobody = `127.0.0.1:${await freePort()}`;
        await expectWorks(`nats://${nobody},${host}`);
      });

      test('another takes over', async () => {
        const host = await starting({});
        const first = await startKind(withSettings({}));
        try {
          const { broker, lines } = await openLogged(`nats://${new URL(first.url).host}`);
          await broker.close();
          expect(lines).toEqual([]);
          const both = await openLogged(`nats://${new URL(first.url).host},${host}`);
          const heard = collector();
          await both.broker.listen('t', (message) => heard.add(message));
          await first.kill();
          await until('news by way of the other', async () => {
            await both.broker.publish('t', { n: 0 });
            return heard.messages.length > 0;
          });
          await both.broker.close();
        } finally {
          await first.stop();
        }
      });
    });

    describe('that is refused, in one line,', () => {
      test('where it has no JetStream', async () => {
        const host = await starting({ jetstream: undefined });
        expect(await refusal(`nats://${host}`)).toMatch(
          /^BROKER_URL: NATS at \S+ has no JetStream; start it with "-js"/,
        );
      });

      test('where the account has no JetStream', async () => {
        const host = await starting({
          accounts: { poor: { users: [{ user: 'some', password: 'secret' }] }, rich: { jetstream: 'enabled' } },
        });
        expect(await refusal(`nats://some:secret@${host}`)).toMatch(/^BROKER_URL: NATS at \S+ has no JetStream/);
      });

      test('where it cannot keep so many replicas', async () => {
        const host = await starting({});
        expect(await refusal(`nats://${host}?replicas=3`)).toMatch(/^BROKER_URL: [^\n]* set a smaller \?replicas=\.$/);
      });

      test('where a stream of our name is not ours, or another takes our subjects', async () => {
        const host = await starting({});
        await asking(host, async ({ streams }) => {
          await streams.add({ name: 'holdfast', subjects: ['holdfast.>'], retention: RetentionPolicy.Workqueue });
          expect(await refusal(`nats://${host}`)).toMatch(/has a stream "holdfast" that is not ours; .*\?prefix=\.$/);
          await streams.delete('holdfast');
          await streams.add({ name: 'all', subjects: ['*.t'] });
          expect(await refusal(`nats://${host}`)).toMatch(/another stream that takes .* set another \?prefix=\.$/);
          expect(await refusal(`nats://${host}?prefix=a-b`)).toMatch(/another stream that takes/);
        });
      });
    });

    describe('whose stream', () => {
      test('has limits of the operator keeps them', async () => {
        const host = await starting({});
        await expectWorks(`nats://${host}`);
        await asking(host, async ({ streams }) => {
          await streams.update('holdfast', { max_msgs_per_subject: 77 });
          await expectWorks(`nats://${host}`);
          expect((await streams.info('holdfast')).config.max_msgs_per_subject).toBe(77);
        });
      });

      test('is removed while all are connected is made anew, also where somebody listens', async () => {
        const host = await starting({});
        const { broker, lines } = await openLogged(`nats://${host}`);
        const heard = collector();
        const taken = collector();
        await broker.listen('t', (message) => heard.add(message));
        await broker.consume('t', { group: 'g', concurrency: 3 }, async (message) => taken.add(message));
        await publishAll(broker, 't', 1);
        await taken.until(1);
        await asking(host, ({ streams }) => streams.delete('holdfast'));
        await until('news after it', async () => {
          await broker.publish('t', { n: 1 }).catch(() => {});
          return taken.messages.some(({ n }) => n === 1) && heard.messages.some(({ n }) => n === 1);
        });
        await broker.close();
        expect(lines).toEqual([]);
      });

      test('was made to keep only what some group has yet to take is used as it is', async () => {
        const host = await starting({});
        await asking(host, ({ streams }) =>
          streams.add({ name: 'holdfast', subjects: ['holdfast.>'], retention: RetentionPolicy.Interest }),
        );
        await expectWorks(`nats://${host}`);
      });

      test('keeps no more of what nobody wants than of what is waited for', async () => {
        const host = await starting({});
        const { broker } = await openLogged(`nats://${host}`);
        await publishMany(broker, 'events', BACKLOG + 10);
        await broker.close();
        await asking(host, async ({ streams }) => {
          const { state } = await streams.info('holdfast', { subjects_filter: 'holdfast.events' });
          expect(state.subjects).toEqual({ 'holdfast.events': BACKLOG });
        });
      });
    });

    test('hands back at once what is on its way to one who stops', async () => {
      const host = await starting({});
      const { broker } = await openLogged(`nats://${host}`);
      const all = collector();
      const take = async (message: { n?: unknown }) => all.add(message as { n: number });
      for (let round = 0; round < 10; round++) {
        const leaving = await broker.consume('t', { group: 'g', concurrency: 20 }, take);
        const publishing = Promise.all(upTo(20).map((n) => broker.publish('t', { n: round * 20 + n })));
        await leaving.stop();
        await publishing;
      }
      const since = performance.now();
      await broker.consume('t', { group: 'g', concurrency: 5 }, take);
      await all.until(200);
      // What was dropped would come again only when its consumer is taken for dead.
      expect(performance.now() - since).toBeLessThan(10_000);
      await broker.close();
    });
  },
  { own: true },
);

const member = (user: string, permissions: object) => ({ user, password: 'secret', permissions });

const without = (deed: 'publish' | 'subscribe', subject: string) => ({
  ...NEEDED,
  [deed]: NEEDED[deed].filter((each) => each !== subject),
});

/** A server with JetStream, that anybody may use, or as the settings say. */
const withSettings = (settings: object): EngineKind => ({
  ...kind,
  recipe: (ground: Ground) => {
    const { host, port, folder } = ground;
    const listen = `${host}:${port('nats')}`;
    const all = { listen, jetstream: { store_dir: join(folder, 'jetstream') }, ...settings };
    return {
      ...kind.recipe(ground),
      url: `nats://${listen}`,
      prepare: () => writeFile(join(folder, 'nats.conf'), JSON.stringify(all)),
      answers: () => listening(host, port('nats')),
    };
  },
});

async function listening(host: string, port: number): Promise<void> {
  const { connect: dial } = await import('node:net');
  await new Promise<void>((resolve, reject) => {
    const socket = dial(port, host);
    // It greets with what it is.
    socket.on('error', reject).once('data', () => resolve(socket.destroy() && undefined));
  });
}

/** Does something with a plain client that may do everything. */
async function asking<T>(
  host: string,
  ask: (manager: Awaited<ReturnType<typeof jetstreamManager>>) => Promise<T>,
): Promise<T> {
  const connection: NatsConnection = await connect({ servers: host });
  try {
    return await ask(await jetstreamManager(connection));
  } finally {
    await connection.close();
  }
}
