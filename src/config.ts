import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { LOG_LEVELS, type LogLevel } from './base/logger.ts';
import { parseDuration, parseSize } from './base/units.ts';
import {
  allOf,
  atLeast,
  beginsWith,
  contentType,
  integer,
  list,
  oneOf,
  origin,
  type Setting,
  setting,
  shown,
  text,
  url,
} from './config/setting.ts';

/** Thrown with everything that is wrong, so that one start shows all of it. */
export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

export type SignupMode = 'open' | 'closed';

/** All that can be set, validated. Sizes are bytes, times milliseconds. */
export interface Config {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Without a trailing slash; undefined: as the server listens. */
  readonly publicUrl: string | undefined;
  /** Addresses or CIDR ranges of proxies whose X-Forwarded-* headers are believed. */
  readonly trustProxy: readonly string[];
  /** Origins, or `*` alone. */
  readonly corsOrigins: readonly string[];
  /** Absolute. */
  readonly dataDir: string;
  readonly databaseUrl: string;
  /** A copy of the database that may lag, for reads that may. */
  readonly databaseReplicaUrl: string | undefined;
  readonly storageUrl: string;
  readonly brokerUrl: string;
  /** `http(s)://host:port`; with it and without STORAGE_URL, the store is the bucket there. */
  readonly minioEndpoint: string | undefined;
  readonly minioBucket: string;
  readonly minioAccessKey: string | undefined;
  readonly minioSecretKey: string | undefined;
  /** Undefined: made once and kept in the data directory. */
  readonly jwtSecret: string | undefined;
  readonly signup: SignupMode;
  readonly presetsFile: string | undefined;
  readonly watermarkText: string | undefined;
  readonly workerConcurrency: number;
  readonly jobTimeout: number;
  readonly jobMemory: number;
  readonly maxPixels: number;
  readonly maxRetries: number;
  readonly maxFileSize: number;
  /** Content types or families (`image/*`); empty: all. */
  readonly allowedTypes: readonly string[];
  /** Undefined: no limit. */
  readonly userQuota: number | undefined;
  readonly trashRetention: number;
  readonly uploadExpiry: number;
  readonly cleanupInterval: number;
  readonly logLevel: LogLevel;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** One row of the README's table each. */
export const SETTINGS = {
  host: setting('HOST', '127.0.0.1', 'an address to listen on', text, 'Address that the HTTP server listens on.'),
  port: setting(
    'PORT',
    '8080',
    'a number from 0 to 65535',
    integer(0, 65535),
    'Port of the HTTP server; 0 takes a free one.',
  ),
  publicUrl: setting(
    'PUBLIC_URL',
    undefined,
    'an http(s) URL such as https://files.example.com',
    (value) => url('http', 'https')(value)?.replace(/\/+$/, ''),
    'Where clients reach the server; signed URLs point there. Default: as it listens.',
  ),
  trustProxy: setting(
    'TRUST_PROXY',
    '',
    'addresses or CIDR ranges, separated by commas',
    list,
    'Proxies whose `X-Forwarded-*` headers are believed.',
  ),
  corsOrigins: setting(
    'CORS_ORIGINS',
    '',
    'origins such as https://app.example.com, separated by commas, or *',
    (value) => (value.trim() === '*' ? ['*'] : allOf(origin)(value)),
    'Web origins that may call the API from a browser.',
  ),
  dataDir: setting(
    'DATA_DIR',
    './data',
    'a folder',
    (value) => resolve(value),
    'Where the embedded default keeps everything.',
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
  jwtSecret: setting(
    'JWT_SECRET',
    undefined,
    'at least 32 characters',
    (value) => (value.length >= 32 ? value : undefined),
    'Signs access tokens and URLs. Default with `sqlite:`: made once and kept in `DATA_DIR`; required otherwise.',
    { secret: true },
  ),
  signup: setting('SIGNUP', 'open', 'open or closed', oneOf<SignupMode>('open', 'closed'), 'Who may make an account.'),
  presetsFile: setting(
    'PRESETS_FILE',
    undefined,
    'a JSON file',
    (value) => resolve(value),
    'Presets in place of the built-in ones.',
  ),
  watermarkText: setting(
    'WATERMARK_TEXT',
    undefined,
    '1 to 100 characters',
    (value) => (value.length <= 100 ? value : undefined),
    'Adds a watermark variant with this text to the built-in presets.',
  ),
  workerConcurrency: setting(
    'WORKER_CONCURRENCY',
    '4',
    'a number from 1 to 64',
    integer(1, 64),
    'Files processed at a time.',
  ),
  jobTimeout: setting(
    'JOB_TIMEOUT',
    '5m',
    'a time of 1s or more, such as 90s or 5m',
    atLeast(1000, parseDuration),
    'A job that takes longer is killed.',
  ),
  jobMemory: setting(
    'JOB_MEMORY',
    '1GB',
    'a size of 128MB or more',
    atLeast(128 * 1024 ** 2, parseSize),
    'A processing child that needs more memory is killed.',
  ),
  maxPixels: setting(
    'MAX_PIXELS',
    '100000000',
    'a number of 1000000 or more',
    integer(1_000_000, 1e10),
    'Images with more pixels are not decoded.',
  ),
  maxRetries: setting(
    'MAX_RETRIES',
    '3',
    'a number from 0 to 20',
    integer(0, 20),
    'How often a job that failed for a passing reason is tried again.',
  ),
  maxFileSize: setting(
    'MAX_FILE_SIZE',
    '5GB',
    'a size such as 100MB',
    atLeast(1, parseSize),
    'Larger files are refused.',
  ),
  allowedTypes: setting(
    'ALLOWED_TYPES',
    '',
    'content types such as image/*,application/pdf',
    allOf((item) => contentType.test(item)),
    'Content types that may be uploaded; empty for all.',
  ),
  userQuota: setting(
    'USER_QUOTA',
    undefined,
    'a size such as 10GB',
    parseSize,
    'Bytes that one owner may store. Default: no limit.',
  ),
  trashRetention: setting(
    'TRASH_RETENTION',
    '30d',
    'a time such as 30d',
    parseDuration,
    'How long deleted files can be restored.',
  ),
  uploadExpiry: setting(
    'UPLOAD_EXPIRY',
    '24h',
    'a time of 1s or more, such as 24h',
    atLeast(1000, parseDuration),
    'How long an upload may take until it is confirmed.',
  ),
  cleanupInterval: setting(
    'CLEANUP_INTERVAL',
    '1h',
    'a time of 1s or more, such as 1h',
    atLeast(1000, parseDuration),
    'How often the janitor sweeps.',
  ),
  logLevel: setting('LOG_LEVEL', 'info', LOG_LEVELS.join(', '), oneOf<LogLevel>(...LOG_LEVELS), 'What is logged.'),
} as const satisfies { readonly [K in keyof Config]: Setting<Config[K]> };

/** Reads the environment. Throws `ConfigError` with one line for each value that is wrong. */
export function readConfig(environment: Environment): Config {
  const problems: string[] = [];
  const config: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries<Setting<unknown>>(SETTINGS)) {
    const { name, aliases, fallback, expects, parse } = setting;
    const given = [name, ...aliases].find((each) => environment[each]?.trim());
    const value = given === undefined ? fallback : environment[given]?.trim();
    config[key] = value === undefined ? undefined : parse(value);
    if (value !== undefined && config[key] === undefined) {
      problems.push(`${given ?? name}: ${shown(setting, value)} is not valid; expected ${expects}.`);
    }
  }
  const complete = config as unknown as Config;
  if (problems.length === 0) problems.push(...contradictions(complete));
  if (problems.length > 0) throw new ConfigError(problems);
  return withMinio(complete, environment);
}

/** What is right by itself and wrong together. */
function contradictions(config: Config): string[] {
  const problems: string[] = [];
  const embedded = isEmbedded(config);
  if (!embedded && config.jwtSecret === undefined) {
    problems.push(
      'JWT_SECRET: it is required where DATABASE_URL is not sqlite:, so that all instances have the same. ' +
        'Make one with "openssl rand -hex 32".',
    );
  }
  if (embedded && config.databaseReplicaUrl !== undefined) {
    problems.push('DATABASE_REPLICA_URL: SQLite has no replicas. Remove it, or set DATABASE_URL to another database.');
  }
  if ((config.minioAccessKey === undefined) !== (config.minioSecretKey === undefined)) {
    problems.push('MINIO_ACCESS_KEY and MINIO_SECRET_KEY: set both, or neither.');
  }
  return problems;
}

function withMinio(config: Config, environment: Environment): Config {
  if (config.minioEndpoint === undefined || environment[SETTINGS.storageUrl.name]?.trim()) return config;
  return { ...config, storageUrl: `s3://${config.minioBucket}?endpoint=${encodeURIComponent(config.minioEndpoint)}` };
}

/** Whether the database is a file of one server alone, and not one that others reach too. */
export const isEmbedded = ({ databaseUrl }: Pick<Config, 'databaseUrl'>): boolean => databaseUrl.startsWith('sqlite:');

/** Whether an address can be reached from this machine alone. */
export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127\./.test(host);

/** Cores that this process may use. */
export const cores = availableParallelism();
