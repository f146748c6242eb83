import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { LOG_LEVELS, type LogLevel } from './base/logger.ts';
import { parseDuration, parseSize } from './base/units.ts';

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
  readonly storageUrl: string;
  readonly brokerUrl: string;
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

interface Setting<T> {
  readonly name: string;
  /** As written in the environment; undefined: none. */
  readonly fallback: string | undefined;
  readonly expects: string;
  /** Undefined for text that is none. */
  readonly parse: (text: string) => T | undefined;
  readonly about: string;
}

const setting = <T>(
  name: string,
  fallback: string | undefined,
  expects: string,
  parse: (text: string) => T | undefined,
  about: string,
): Setting<T> => ({ name, fallback, expects, parse, about });

const text = (value: string) => value;
const list = (value: string) =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);
const integer = (min: number, max: number) => (value: string) => {
  const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  return number >= min && number <= max ? number : undefined;
};
const oneOf =
  <T extends string>(...choices: readonly T[]) =>
  (value: string) =>
    choices.find((choice) => choice === value);
const atLeast = (min: number, parse: (value: string) => number | undefined) => (value: string) => {
  const parsed = parse(value);
  return parsed !== undefined && parsed >= min ? parsed : undefined;
};
const url =
  (...schemes: string[]) =>
  (value: string) =>
    schemes.some((scheme) => value.startsWith(`${scheme}:`)) && URL.canParse(value) ? value : undefined;
const origin = (value: string) => (URL.canParse(value) && new URL(value).origin === value ? value : undefined);
const allOf =
  (check: (item: string) => unknown) =>
  (value: string): string[] | undefined =>
    list(value).every(check) ? list(value) : undefined;
const contentType = /^[a-z0-9][a-z0-9!#$&^_.+-]*\/(\*|[a-z0-9][a-z0-9!#$&^_.+-]*)$/;

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
    'sqlite:',
    url('sqlite'),
    'Metadata. `sqlite:` is a file in `DATA_DIR`.',
  ),
  storageUrl: setting('STORAGE_URL', 'file:', 'file:', oneOf('file:'), 'Objects. `file:` is a folder in `DATA_DIR`.'),
  brokerUrl: setting(
    'BROKER_URL',
    'local:',
    'local:',
    oneOf('local:'),
    'News between services. `local:` is this process.',
  ),
  jwtSecret: setting(
    'JWT_SECRET',
    undefined,
    'at least 32 characters',
    (value) => (value.length >= 32 ? value : undefined),
    'Signs access tokens and URLs. Default: made once and kept in `DATA_DIR`.',
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
  for (const [key, { name, fallback, expects, parse }] of Object.entries<Setting<unknown>>(SETTINGS)) {
    const given = environment[name]?.trim() || fallback;
    config[key] = given === undefined ? undefined : parse(given);
    if (given !== undefined && config[key] === undefined) {
      const shown = name.includes('SECRET') ? 'the value' : JSON.stringify(given);
      problems.push(`${name}: ${shown} is not valid; expected ${expects}.`);
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return config as unknown as Config;
}

/** Whether an address can be reached from this machine alone. */
export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127\./.test(host);

/** Cores that this process may use. */
export const cores = availableParallelism();
