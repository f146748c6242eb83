import { ACCOUNTS } from './config/accounts.ts';
import { ENGINES } from './config/engines.ts';
import { FILES } from './config/files.ts';
import { HTTP } from './config/http.ts';
import { INGEST } from './config/ingest.ts';
import { LIMITS } from './config/limits.ts';
import { MAIL } from './config/mail.ts';
import { PROCESSING } from './config/processing.ts';
import { SERVICES } from './config/services.ts';
import { type Setting, shown } from './config/setting.ts';
import { SIGN_IN, signInContradictions } from './config/sign-in.ts';
import { TRACING } from './config/tracing.ts';

/** Thrown with everything that is wrong, so that one start shows all of it. */
export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/** All that can be set: one row of the README's table each. */
export const SETTINGS = {
  ...HTTP,
  ...ENGINES,
  ...ACCOUNTS,
  ...MAIL,
  ...SIGN_IN,
  ...PROCESSING,
  ...FILES,
  ...LIMITS,
  ...INGEST,
  ...SERVICES,
  ...TRACING,
} as const;

/** All settings, validated. Sizes are bytes, times milliseconds, files and folders absolute paths. */
export type Config = {
  readonly [K in keyof typeof SETTINGS]: (typeof SETTINGS)[K] extends Setting<infer T> ? T : never;
};

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

const isPostgres = (url: string): boolean => url.startsWith('postgres');

/** What is right by itself and wrong together. */
function contradictions(config: Config): string[] {
  const problems = signInContradictions(config);
  const embedded = isEmbedded(config);
  if (!embedded && config.jwtSecret === undefined) {
    problems.push(
      'JWT_SECRET: it is required where DATABASE_URL is not sqlite:, so that all instances have the same. ' +
        'Make one with "openssl rand -hex 32".',
    );
  }
  if (embedded && config.databaseReplicaUrl !== undefined) {
    problems.push('DATABASE_REPLICA_URL: SQLite has no replicas. Remove it, or set DATABASE_URL to another database.');
  } else if (
    config.databaseReplicaUrl !== undefined &&
    isPostgres(config.databaseReplicaUrl) !== isPostgres(config.databaseUrl)
  ) {
    problems.push('DATABASE_REPLICA_URL: it is of another kind than DATABASE_URL. Name a replica of that database.');
  }
  if ((config.minioAccessKey === undefined) !== (config.minioSecretKey === undefined)) {
    problems.push('MINIO_ACCESS_KEY and MINIO_SECRET_KEY: set both, or neither.');
  }
  const heard = [config.ingestUrl && 'INGEST_URL', config.ingestSecret && 'INGEST_SECRET'].filter(Boolean);
  if (heard.length > 0 && config.storageUrl.startsWith('file:') && config.minioEndpoint === undefined) {
    problems.push(
      `${heard.join(' and ')}: a store on the disk has no events. Remove it, or set STORAGE_URL to s3://….`,
    );
  }
  const tls = [config.tlsCa, config.tlsCert, config.tlsKey];
  if (tls.includes(undefined) && tls.some((file) => file !== undefined)) {
    problems.push('TLS_CA, TLS_CERT and TLS_KEY: set all three, or none.');
  }
  if (config.smtpUrl !== undefined && config.mailFrom === undefined) {
    problems.push('MAIL_FROM: say whom mails are from, with SMTP_URL; such as "Holdfast <files@example.com>".');
  }
  if (config.grpcClients.length > 0 && config.tlsCert === undefined) {
    problems.push(
      'GRPC_CLIENTS: the gRPC server needs TLS_CA, TLS_CERT and TLS_KEY. "holdfast certs init" makes them.',
    );
  }
  return problems;
}

function withMinio(config: Config, environment: Environment): Config {
  if (config.minioEndpoint === undefined || environment[SETTINGS.storageUrl.name]?.trim()) return config;
  return { ...config, storageUrl: `s3://${config.minioBucket}?endpoint=${encodeURIComponent(config.minioEndpoint)}` };
}

/** Whether the database is a file of one server alone, and not one that others reach too. */
export const isEmbedded = ({ databaseUrl }: Pick<Config, 'databaseUrl'>): boolean => databaseUrl.startsWith('sqlite:');

/** Whether there is a way in which the object store can say what came. */
export const hasIngest = ({ ingestUrl, ingestSecret }: Pick<Config, 'ingestUrl' | 'ingestSecret'>): boolean =>
  ingestUrl !== undefined || ingestSecret !== undefined;
