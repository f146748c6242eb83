import { beginsWith, path, setting, text, url } from './setting.ts';

/** What files, rows and news are kept in. */
export const ENGINES = {
  dataDir: setting(
    'DATA_DIR',
    './data',
    'a folder',
    path,
    'What this process keeps for itself and, by default, all that there is: database, objects, secret, mails.',
  ),
  databaseUrl: setting(
    'DATABASE_URL',
    'sqlite:',
    'sqlite:, postgres://user:password@host/database, or mysql://user:password@host/database',
    beginsWith('sqlite', 'postgres', 'postgresql', 'mysql', 'mariadb'),
    'Metadata: `sqlite:` (a file in `DATA_DIR`), `postgres://…` or `mysql://…`.',
  ),
  databaseReplicaUrl: setting(
    'DATABASE_REPLICA_URL',
    undefined,
    'a URL such as postgres://user:password@host/database',
    beginsWith('postgres', 'postgresql', 'mysql', 'mariadb'),
    'A replica of the database, for reads that may lag.',
  ),
  storageUrl: setting(
    'STORAGE_URL',
    'file:',
    'file:, file:///absolute/path, or s3://bucket/prefix?endpoint=https://…',
    beginsWith('file', 's3'),
    'Objects: `file:` (a folder in `DATA_DIR`), `file:///path`, or `s3://bucket/prefix?endpoint=…`.',
  ),
  brokerUrl: setting(
    'BROKER_URL',
    'local:',
    'local:, redis://host, nats://host, or amqp://host',
    beginsWith('local', 'redis', 'rediss', 'nats', 'tls', 'amqp', 'amqps'),
    'News between instances: `local:` (this process), `redis://…`, `nats://…` or `amqp://…`.',
    { aliases: ['REDIS_URL'] },
  ),
  minioEndpoint: setting(
    'MINIO_ENDPOINT',
    undefined,
    'a host and port such as localhost:9000, or an http(s) URL',
    (value) => url('http', 'https')(/^https?:/.test(value) ? value : `http://${value}`)?.replace(/\/+$/, ''),
    'Another way to name an S3 store, in place of `STORAGE_URL`.',
  ),
  minioBucket: setting(
    'MINIO_BUCKET',
    'holdfast',
    'the name of a bucket',
    (value) => (/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(value) ? value : undefined),
    'The bucket at `MINIO_ENDPOINT`.',
  ),
  minioAccessKey: setting(
    'MINIO_ACCESS_KEY',
    undefined,
    'an access key',
    text,
    'Credentials of the S3 store; without them the standard chain finds some (`AWS_ACCESS_KEY_ID`, …).',
    { secret: true },
  ),
  minioSecretKey: setting('MINIO_SECRET_KEY', undefined, 'a secret key', text, 'Goes with `MINIO_ACCESS_KEY`.', {
    secret: true,
  }),
} as const;
