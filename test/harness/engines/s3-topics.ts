import { createHash, createHmac } from 'node:crypto';
import { PutBucketNotificationConfigurationCommand } from '@aws-sdk/client-s3';
import { freshName } from './names.ts';
import { onStore, readS3Url } from './s3-client.ts';

/**
 * Where a topic leads: the attributes of Ceph's `CreateTopic`, `push-endpoint` and others. With `amqp-ack-level: broker`
 * the gateway of Ceph 16.2.15 dies of many events at a time, and with it the store that all tests share: say `none`.
 */
export type TopicAttributes = Readonly<Record<string, string>>;

/** Where all tests have it publish through RabbitMQ: Ceph takes one exchange for each broker, for as long as it runs. */
export const EXCHANGE = 'store-events';

/** Makes a topic on the store of a URL, and answers its ARN. Ceph answers the calls of SNS at the address of S3. */
export async function makeTopic(url: string, attributes: TopicAttributes): Promise<string> {
  const entries = Object.entries(attributes).flatMap(([key, value], index) => [
    [`Attributes.entry.${index + 1}.key`, key],
    [`Attributes.entry.${index + 1}.value`, value],
  ]);
  const made = await callSns(url, { Action: 'CreateTopic', Name: freshName(), ...Object.fromEntries(entries) });
  return /<TopicArn>(.*)<\/TopicArn>/.exec(made)?.[1] as string;
}

/** Has the bucket of a URL tell a new topic which objects were created, until the place is given back. */
export async function tellOfObjects(url: string, attributes: TopicAttributes): Promise<void> {
  const { bucket: Bucket, prefix } = readS3Url(url);
  const topic = {
    Id: freshName(),
    TopicArn: await makeTopic(url, attributes),
    Events: ['s3:ObjectCreated:*' as const],
    ...(prefix && { Filter: { Key: { FilterRules: [{ Name: 'prefix' as const, Value: prefix }] } } }),
  };
  await onStore(url, (client) =>
    client.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket,
        NotificationConfiguration: { TopicConfigurations: [topic] },
      }),
    ),
  );
}

async function callSns(url: string, parameters: Readonly<Record<string, string>>): Promise<string> {
  const { endpoint = '', region, credentials } = readS3Url(url);
  const body = new URLSearchParams({ ...parameters, Version: '2010-03-31' }).toString();
  const answer = await fetch(endpoint, {
    method: 'POST',
    body,
    headers: {
      ...signed(new URL(endpoint).host, body, { region, ...(credentials as NonNullable<typeof credentials>) }),
      // Where a push endpoint has a password, it is taken over TLS alone.
      'x-forwarded-proto': 'https',
    },
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${parameters.Action} answered ${answer.status}: ${text}`);
  return text;
}

interface Signer {
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** AWS Signature Version 4 of a form that is posted to `/`. */
function signed(host: string, body: string, { region, accessKeyId, secretAccessKey }: Signer): Record<string, string> {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = `${time.slice(0, 8)}/${region}/sns/aws4_request`;
  const type = 'application/x-www-form-urlencoded; charset=utf-8';
  const hash = createHash('sha256').update(body).digest('hex');
  const headers = `content-type:${type}\nhost:${host}\nx-amz-content-sha256:${hash}\nx-amz-date:${time}\n`;
  const names = 'content-type;host;x-amz-content-sha256;x-amz-date';
  const request = createHash('sha256').update(['POST', '/', '', headers, names, hash].join('\n')).digest('hex');
  const key = scope.split('/').reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${secretAccessKey}`);
  const signature = hmac(key, ['AWS4-HMAC-SHA256', time, scope, request].join('\n')).toString('hex');
  return {
    'content-type': type,
    'x-amz-content-sha256': hash,
    'x-amz-date': time,
    authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
