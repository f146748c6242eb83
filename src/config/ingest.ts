import { beginsWith, setting } from './setting.ts';

/** Each is read by its driver. They stand apart by blanks, because some of them hold commas. */
function eventUrls(value: string): string[] | undefined {
  const urls = value.split(/\s+/);
  return urls.every(beginsWith('nats', 'tls', 'amqp', 'amqps')) ? urls : undefined;
}

/** How the object store says that a direct upload is done. */
export const INGEST = {
  ingestUrl: setting(
    'INGEST_URL',
    undefined,
    'nats://host/subject or amqp://host?exchange=name, several apart by blanks',
    eventUrls,
    'Where the object store publishes its events: `nats://host/subject`, `amqp://host?exchange=name`; see docs/uploads.md.',
  ),
  ingestSecret: setting(
    'INGEST_SECRET',
    undefined,
    'at least 16 characters',
    (value) => (value.length >= 16 ? value : undefined),
    'Opens `POST /ingest/s3` to events of the object store that bear it.',
    { secret: true },
  ),
} as const;
