import { describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from './config.ts';

const problemsOf = (environment: Record<string, string>): readonly string[] => {
  try {
    readConfig(environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
};

const SECRET = 'x'.repeat(32);

describe('readConfig', () => {
  it('takes the embedded default where nothing is set', () => {
    expect(readConfig({})).toMatchObject({ databaseUrl: 'sqlite:', storageUrl: 'file:', brokerUrl: 'local:' });
  });

  it('takes the URL of every engine as it is', () => {
    const urls = {
      DATABASE_URL: 'postgres://me:pa%40ss@one,two/db?sslmode=require',
      STORAGE_URL: 's3://bucket/a/prefix?endpoint=http%3A%2F%2Flocalhost%3A9000',
      BROKER_URL: 'nats://one:4222,nats://two:4222',
    };
    expect(readConfig({ ...urls, JWT_SECRET: SECRET })).toMatchObject({
      databaseUrl: urls.DATABASE_URL,
      storageUrl: urls.STORAGE_URL,
      brokerUrl: urls.BROKER_URL,
    });
  });

  it('says what is wrong with a scheme that nothing knows, without the password', () => {
    const [problem] = problemsOf({ DATABASE_URL: 'oracle://me:geheim@host/db' });
    expect(problem).toMatch(/^DATABASE_URL: .*oracle:.*expected sqlite:/);
    expect(problem).not.toContain('geheim');
  });

  it('shows no password of a list of URLs either', () => {
    const problem = problemsOf({ BROKER_URL: 'kafka://a:eins@one,kafka://b:zwei@two' }).join();
    expect(problem).not.toMatch(/eins|zwei/);
  });

  it('asks for JWT_SECRET where several instances may share a database', () => {
    expect(problemsOf({ DATABASE_URL: 'mysql://host/db' })).toEqual([
      expect.stringMatching(/^JWT_SECRET: it is required/),
    ]);
    expect(problemsOf({ DATABASE_URL: 'mysql://host/db', JWT_SECRET: SECRET })).toEqual([]);
  });

  it('trusts proxies by address or range, and not all of the world', () => {
    const trusted = '10.0.0.0/8, fd00::/8, loopback';
    expect(readConfig({ TRUST_PROXY: trusted }).trustProxy).toEqual(['10.0.0.0/8', 'fd00::/8', 'loopback']);
    for (const TRUST_PROXY of ['true', '1', 'proxy.internal', '0.0.0.0/0']) {
      expect(problemsOf({ TRUST_PROXY })).toEqual([expect.stringMatching(/^TRUST_PROXY: .* is not valid; expected/)]);
    }
  });

  it('takes several places where the store is heard, apart by blanks', () => {
    const urls = ['nats://one:4222,nats://two/events', 'amqp://u:p@host/?exchange=e'];
    const ingest = { INGEST_URL: ` ${urls.join('\n ')} `, INGEST_SECRET: 'x'.repeat(16) };
    expect(readConfig({ ...ingest, STORAGE_URL: 's3://bucket' })).toMatchObject({ ingestUrl: urls });
    expect(problemsOf({ INGEST_URL: 'amqp://u:geheim@host, http://u:geheim@host' })).toEqual([
      expect.stringMatching(/^INGEST_URL: (?!.*geheim).* is not valid; expected nats:/),
    ]);
    expect(problemsOf({ INGEST_SECRET: 'short' })).toEqual([expect.stringMatching(/^INGEST_SECRET: the value/)]);
  });

  it('refuses to hear a store that has no events', () => {
    const secret = { INGEST_SECRET: 'x'.repeat(16) };
    expect(problemsOf(secret)).toEqual([expect.stringMatching(/^INGEST_SECRET: a store on the disk has no events/)]);
    expect(problemsOf({ ...secret, MINIO_ENDPOINT: 'localhost:9000' })).toEqual([]);
  });

  it('takes others who say who people are, in lists that belong together', () => {
    const issuers = { AUTH_ISSUER: 'https://one.example/, https://two.example', AUTH_AUDIENCE: 'files' };
    expect(readConfig(issuers)).toMatchObject({ authIssuer: ['https://one.example/', 'https://two.example'] });
    expect(problemsOf({ ...issuers, AUTH_AUDIENCE: '' })).toEqual([expect.stringMatching(/^AUTH_AUDIENCE: name one/)]);
    expect(problemsOf({ ...issuers, AUTH_AUDIENCE: 'a,b,c' })).toEqual([expect.stringMatching(/^AUTH_AUDIENCE:/)]);
    expect(problemsOf({ ...issuers, AUTH_JWKS_URL: 'https://one.example/keys' })).toEqual([
      expect.stringMatching(/^AUTH_JWKS_URL: name one for each/),
    ]);
    const oidc = { OIDC_ISSUER: 'https://id.example', OIDC_CLIENT_ID: 'a', OIDC_CLIENT_SECRET: 'geheim' };
    expect(problemsOf(oidc)).toEqual([]);
    expect(problemsOf({ ...oidc, OIDC_CLIENT_SECRET: 'geheim,b' })).toEqual([
      expect.stringMatching(/^OIDC_ISSUER, OIDC_NAME(?!.*geheim)/),
    ]);
    expect(problemsOf({ ...oidc, OIDC_NAME: 'accounts' })).toEqual([expect.stringMatching(/^OIDC_NAME/)]);
    expect(problemsOf({ GITHUB_CLIENT_ID: 'a' })).toEqual([expect.stringMatching(/^GITHUB_CLIENT_ID and/)]);
  });

  it.each([
    'http://id.example',
    'id.example',
    'https://user@id.example',
    'https://id.example?tenant=1',
    'https://id.example,https://id.example',
    'file:///etc',
  ])('does not ask %s who people are', (url) => {
    expect(problemsOf({ AUTH_ISSUER: url, AUTH_AUDIENCE: 'a' })).toEqual([expect.stringMatching(/^AUTH_ISSUER/)]);
  });

  it('refuses a replica of SQLite, and one of another kind', () => {
    expect(problemsOf({ DATABASE_REPLICA_URL: 'postgres://host/db' })).toEqual([
      expect.stringMatching(/^DATABASE_REPLICA_URL: SQLite has no replicas/),
    ]);
    const replicaOf = (DATABASE_URL: string) =>
      problemsOf({ DATABASE_URL, DATABASE_REPLICA_URL: 'mysql://host/db', JWT_SECRET: SECRET });
    expect(replicaOf('postgres://host/db')).toEqual([expect.stringMatching(/^DATABASE_REPLICA_URL: .* another kind/)]);
    expect(replicaOf('mariadb://host/db')).toEqual([]);
  });

  it('knows other names of the same', () => {
    expect(readConfig({ REDIS_URL: 'redis://host' }).brokerUrl).toBe('redis://host');
    expect(readConfig({ REDIS_URL: 'redis://host', BROKER_URL: 'nats://host' }).brokerUrl).toBe('nats://host');
    const minio = { MINIO_ENDPOINT: 'localhost:9000', MINIO_ACCESS_KEY: 'key', MINIO_SECRET_KEY: 'geheim' };
    expect(readConfig(minio).storageUrl).toBe('s3://holdfast?endpoint=http%3A%2F%2Flocalhost%3A9000');
    expect(readConfig({ ...minio, STORAGE_URL: 'file:' }).storageUrl).toBe('file:');
    expect(problemsOf({ MINIO_ACCESS_KEY: 'key' })).toEqual([expect.stringMatching(/set both, or neither/)]);
  });
});
