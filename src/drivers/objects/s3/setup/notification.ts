import {
  type Event,
  GetBucketNotificationConfigurationCommand,
  type NotificationConfiguration,
  PutBucketNotificationConfigurationCommand,
} from '@aws-sdk/client-s3';
import { INBOX } from '../../../../base/inbox-key.ts';
import type { StoreRules } from '../../port.ts';
import { type Bucket, dataRoot } from '../bucket.ts';
import { type Examined, readRules } from './rules.ts';

const CREATED: Event = 's3:ObjectCreated:*';
const REMEDY = 'docs/uploads.md says how each store is told by its own tools.';

/** A notification to a topic or a queue, whichever way the store calls the place that it leads to. */
interface Notification {
  readonly arn: string | undefined;
  readonly Id?: string | undefined;
  readonly Events?: Event[] | undefined;
  readonly Filter?: { Key?: { FilterRules?: { Name?: string | undefined; Value?: string | undefined }[] | undefined } };
}

/** The store tells of each object that a client has put by a signed request, where that is wanted. */
export async function examineNotification(bucket: Bucket, { notify }: StoreRules): Promise<Examined> {
  if (notify === undefined) return { findings: [] };
  const { quick } = bucket.clients;
  const Bucket = bucket.name;
  const read = await readRules('notification', 'NoSuchConfiguration', async () => {
    const { $metadata: _, ...found } = await quick.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
    return [found];
  });
  if (!read.rules) return { findings: [{ ...read.finding, remedy: REMEDY }] };
  const [found = {}] = read.rules;
  if (tells(found, notify, bucket)) return { findings: [] };
  return {
    findings: [
      {
        rules: 'notification',
        problem: `The store does not tell ${notify} of uploads.`,
        change: `have it tell of what comes under "${inboxOf(bucket)}"`,
        remedy: REMEDY,
      },
    ],
    async write() {
      await quick.send(
        new PutBucketNotificationConfigurationCommand({
          Bucket,
          NotificationConfiguration: withOurs(found, notify, bucket),
        }),
      );
    },
  };
}

/** What the names of objects begin with that clients put. */
const inboxOf = (bucket: Pick<Bucket, 'root'>): string => `${dataRoot(bucket)}${INBOX}`;

export function tells(found: NotificationConfiguration, notify: string, bucket: Pick<Bucket, 'root'>): boolean {
  const prefix = inboxOf(bucket);
  if (notify === 'eventbridge') return found.EventBridgeConfiguration !== undefined;
  const all: Notification[] = [
    ...(found.TopicConfigurations ?? []).map((one) => ({ ...one, arn: one.TopicArn })),
    ...(found.QueueConfigurations ?? []).map((one) => ({ ...one, arn: one.QueueArn })),
  ];
  return all.some(
    ({ arn, Events, Filter }) =>
      arn === notify &&
      Events?.includes(CREATED) &&
      (Filter?.Key?.FilterRules ?? []).every(
        ({ Name, Value = '' }) => Name?.toLowerCase() === 'prefix' && prefix.startsWith(Value),
      ),
  );
}

/** What others are told stays as it is; what is written replaces all that the bucket had. */
export function withOurs(
  found: NotificationConfiguration,
  notify: string,
  bucket: Pick<Bucket, 'root'>,
): NotificationConfiguration {
  if (notify === 'eventbridge') return { ...found, EventBridgeConfiguration: {} };
  const Id = `holdfast-${bucket.root.replace(/[^A-Za-z0-9]+/g, '-')}`.replace(/-$/, '');
  const FilterRules = [{ Name: 'prefix' as const, Value: inboxOf(bucket) }];
  const ours = { Id, Events: [CREATED], Filter: { Key: { FilterRules } } };
  const others = <T extends { Id?: string | undefined }>(all: readonly T[] = []) => all.filter((one) => one.Id !== Id);
  const topics = others(found.TopicConfigurations);
  const queues = others(found.QueueConfigurations);
  return /^arn:[^:]*:sqs:/.test(notify)
    ? { ...found, TopicConfigurations: topics, QueueConfigurations: [...queues, { ...ours, QueueArn: notify }] }
    : { ...found, QueueConfigurations: queues, TopicConfigurations: [...topics, { ...ours, TopicArn: notify }] };
}
