import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../../../../test/harness/engines/ports.ts';
import { describeWithEngines, place } from '../../../../test/harness/engines/use.ts';
import { TABLES } from '../conformance/place.ts';
import { changed, open, withParameters } from './testing.ts';

const PASSWORD = 'a very secret word';

describeWithEngines(['postgres'], 'a PostgreSQL that cannot be used', () => {
  let url: string;
  let stop: () => Promise<void>;
  let admin: pg.Client;

  beforeAll(async () => {
    const here = await place('postgres');
    url = here.url;
    admin = new pg.Client({ connectionString: url });
    await admin.connect();
    stop = async () => {
      await admin.end();
      await here.stop();
    };
  });
  afterAll(() => stop());

  const database = () => new URL(url).pathname.slice(1);
  async function refusal(at: string): Promise<string> {
    const opened = await open(at).then(
      (server) => server.close().then(() => undefined),
      (error: Error) => error,
    );
    expect(opened, 'it is refused').toBeInstanceOf(Error);
    const { message } = opened as Error;
    expect(message).not.toContain(new URL(at).password);
    expect(message).not.toContain('\n');
    return message;
  }

  it('says what is wrong with the URL', async () => {
    for (const [wrong, says] of [
      ['postgres://host', /expected postgres:/],
      ['postgres://user@/db', /expected postgres:/],
      ['postgres://user:100%@host/db', /expected postgres:/],
      ['postgres://host/db?sslmod=require', /there is no parameter "sslmod"; known are sslmode/],
      ['postgres://host/db?sslmode=maybe', /sslmode must be one of disable, prefer/],
      ['postgres://host/db?pool_size=1', /pool_size must be a whole number from 2 on/],
      ['postgres://host/db?connect_timeout=soon', /connect_timeout must be a whole number/],
      ['postgres://host/db?pgbouncer=yes', /pgbouncer must be true or false/],
      ['postgres://host/db?sslmode=verify-full&sslrootcert=/no/where.pem', /the file of sslrootcert cannot be read/],
    ] as const) {
      await expect(open(wrong), wrong).rejects.toThrow(says);
      await expect(open(wrong), wrong).rejects.toThrow(/^DATABASE_URL: /);
    }
  });

  it('says that nothing answers', async () => {
    const port = await freePort();
    const nobody = changed(url, (parsed) => {
      parsed.port = `${port}`;
      parsed.password = PASSWORD;
    });
    expect(await refusal(nobody)).toMatch(
      /^DATABASE_URL: PostgreSQL at 127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\)/,
    );
    expect(await refusal(`postgres://a:${encodeURIComponent(PASSWORD)}@no-such-host.invalid/db`)).toMatch(
      /cannot be reached \(E/,
    );
  });

  it('says that user, password or database are wrong', async () => {
    const wrongPassword = changed(url, (parsed) => {
      parsed.password = PASSWORD;
    });
    expect(await refusal(wrongPassword)).toMatch(/refuses the user "holdfast".*Check user and password/);
    const wrongDatabase = changed(url, (parsed) => {
      parsed.pathname = '/nowhere';
    });
    expect(await refusal(wrongDatabase)).toMatch(/has no database "nowhere"/);
  });

  it('says that the server speaks no TLS', async () => {
    expect(await refusal(withParameters(url, { sslmode: 'require' }))).toMatch(/speaks no TLS. Set sslmode=disable/);
  });

  it('does without TLS where the server has none and none is asked for', async () => {
    const server = await open(withParameters(url, { sslmode: 'prefer' }));
    await server.view().probe(AbortSignal.timeout(5_000));
    await server.close();
  });

  it('says that the encoding is wrong', async () => {
    const name = `${database()}_latin`;
    await admin.query(`CREATE DATABASE ${name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`);
    const latin = changed(url, (parsed) => {
      parsed.pathname = `/${name}`;
    });
    expect(await refusal(latin)).toMatch(/has the encoding LATIN1/);
    await admin.query(`DROP DATABASE ${name}`);
  });

  it('says that the user may not make tables, and what to do', async () => {
    const user = `${database()}_user`;
    await admin.query(`CREATE ROLE ${user} LOGIN PASSWORD '${PASSWORD}'`);
    const asUser = changed(url, (parsed) => {
      parsed.username = user;
      parsed.password = PASSWORD;
    });
    const server = await open(asUser);
    await expect(server.view().migrate('conformance', [TABLES])).rejects.toThrow(
      /^DATABASE_URL: the user ".*_user" may not make tables in the database .*GRANT CREATE, USAGE ON SCHEMA public/,
    );
    await admin.query(`GRANT CREATE, USAGE ON SCHEMA public TO ${user}`);
    expect(await server.view().migrate('conformance', [TABLES])).toEqual(['0001_tables']);
    const search = {
      name: '0002_search',
      up: async (db: never, dialect: { search: { create(db: never, index: object): Promise<void> } }) =>
        dialect.search.create(db, { table: 'texts', column: 'body', key: 'id' }),
    };
    expect(await server.view().migrate('conformance', [TABLES, search as never])).toEqual(['0002_search']);
    await server.close();
    await admin.query(`DROP OWNED BY ${user}`);
    await admin.query(`DROP ROLE ${user}`);
  });
});
