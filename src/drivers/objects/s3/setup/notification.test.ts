import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { Readable } from 'node:stream';
import { GetBucketNotificationConfigurationCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onStore } from '../../../../../test/harness/engines/s3-client.ts';
import { makeTopic, tellOfObjects } from '../../../../../test/harness/engines/s3-topics.ts';
import { describeWithEngines } from '../../../../../test/harness/engines/use.ts';
import { newId } from '../../../../base/ids.ts';
import { optionsIn } from '../../conformance/bodies.ts';
import type { StartedPlace } from '../../conformance/place.ts';
import { openObjects } from '../../index.ts';
import type { ObjectStore, StoreSetup } from '../../port.ts';
import { first, type Middleman, openMiddleman, startPlace } from '../testing.ts';
import { parseS3Url } from '../url.ts';
import { tells, withOurs } from './notification.ts';

const QUIET = { origins: [], abortMultipartAfter: 7 };

describeWithEngines(['s3'], 'what a bucket tells of uploads', () => {
  let place: StartedPlace;
  let middleman: Middleman;
  let store: ObjectStore;
  let setup: StoreSetup;
  const told: string[] = [];
  const ear = createServer(async (request, response) => {
    const { Records } = JSON.parse(Buffer.concat(await request.toArray()).toString());
    for (const { s3 } of Records) told.push(s3.object.key);
    response.end();
  });
  let endpoint: string;
  beforeAll(async () => {
    place = await startPlace();
    middleman = await openMiddleman(place.url);
    store = await openObjects(middleman.url, optionsIn(tmpdir()));
    setup = store.setup as StoreSetup;
    await once(ear.listen(0, '127.0.0.1'), 'listening');
    endpoint = `http://127.0.0.1:${(ear.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await store.close();
    await middleman.close();
    await place.stop();
    ear.close();
  });

  const topics = () =>
    onStore(place.url, async (client) => {
      const Bucket = parseS3Url(place.url).bucket;
      return (await client.send(new GetBucketNotificationConfigurationCommand({ Bucket }))).TopicConfigurations ?? [];
    });

  test('is asked for where it is wanted, written beside what others wrote, and found there', async () => {
    await tellOfObjects(place.url, { 'push-endpoint': endpoint });
    const [others] = await topics();
    const notify = await makeTopic(place.url, { 'push-endpoint': endpoint });
    expect(await setup.inspect(QUIET)).not.toMatchObject([{ rules: 'notification' }]);
    const ofNotification = async (findings: ReturnType<StoreSetup['inspect']>) =>
      (await findings).filter(({ rules }) => rules === 'notification');
    expect(await ofNotification(setup.inspect({ ...QUIET, notify }))).toMatchObject([
      { problem: expect.stringContaining(notify), change: expect.stringContaining('data/in/') },
    ]);
    expect(await ofNotification(setup.apply({ ...QUIET, notify }))).toMatchObject([{ mended: true }]);
    expect(await ofNotification(setup.inspect({ ...QUIET, notify }))).toEqual([]);
    expect(await topics()).toEqual(
      expect.arrayContaining([expect.objectContaining(others ?? {}), expect.objectContaining({ TopicArn: notify })]),
    );
    expect(await topics()).toHaveLength(2);

    const upload = `in/${newId()}`;
    for (const key of [upload, `${newId()}/original.txt`]) await store.put(key, Readable.from([Buffer.from('abc')]));
    const root = `${parseS3Url(place.url).root}data/`;
    // By the topic of others, which is told of all, and by ours.
    expect(told.filter((key) => key === root + upload)).toHaveLength(2);
    expect(told).toHaveLength(3);
  });

  test('that may not be read or written is said to be so', async () => {
    const isNotification = ({ url }: { url?: string }) => /\?notification/.test(url ?? '');
    const notify = 'arn:minio:sqs::holdfast:webhook';
    middleman.meddle = first(9, { status: 403, code: 'AccessDenied' }, isNotification);
    const found = (await setup.inspect({ ...QUIET, notify })).filter(({ rules }) => rules === 'notification');
    expect(found).toMatchObject([{ problem: expect.stringMatching(/may not read the notification/) }]);
    expect(found[0]?.change).toBeUndefined();
  });
});

test.each([
  ['a topic', 'arn:aws:sns:eu-central-1:1:files'],
  ['a queue', 'arn:minio:sqs::holdfast:webhook'],
  ['EventBridge', 'eventbridge'],
])('what is written for %s is enough, replaces what we wrote before, and leaves others alone', (_, notify) => {
  const bucket = { root: 'an/installation/' };
  const others = {
    TopicConfigurations: [{ Id: 'theirs', TopicArn: notify, Events: ['s3:ObjectRemoved:*' as const] }],
    QueueConfigurations: [
      {
        Id: 'logs',
        QueueArn: notify,
        Events: ['s3:ObjectCreated:*' as const],
        Filter: { Key: { FilterRules: [{ Name: 'suffix' as const, Value: '.log' }] } },
      },
    ],
    LambdaFunctionConfigurations: [{ LambdaFunctionArn: 'arn:aws:lambda:x', Events: ['s3:ObjectCreated:*' as const] }],
  };
  expect(tells(others, notify, bucket)).toBe(false);
  const before = withOurs(others, 'arn:minio:sqs::before:nats', bucket);
  const written = withOurs(before, notify, bucket);
  expect(tells(written, notify, bucket)).toBe(true);
  expect(tells(written, `${notify}2`, bucket)).toBe(false);
  if (notify !== 'eventbridge') expect(tells(written, notify, { root: 'another/' })).toBe(false);
  expect(written).toMatchObject({ LambdaFunctionConfigurations: others.LambdaFunctionConfigurations });
  const all = [...(written.TopicConfigurations ?? []), ...(written.QueueConfigurations ?? [])];
  expect(all).toEqual(expect.arrayContaining([...others.TopicConfigurations, ...others.QueueConfigurations]));
  expect(all).toHaveLength(3);
});
