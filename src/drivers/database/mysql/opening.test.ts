import { createServer } from 'node:net';
import { createConnection } from 'mysql2/promise';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Place } from '../../../../test/harness/engines/index.ts';
import { freePort } from '../../../../test/harness/engines/ports.ts';
import { describeWithEngines, place } from '../../../../test/harness/engines/use.ts';
import { changed, open } from './testing.ts';

describeWithEngines(['mysql'], 'opening a database of MySQL', () => {
  let here: Place;
  beforeEach(async () => {
    here = await place('mysql');
  });
  afterEach(() => here.stop());

  const message = async (url: string): Promise<string> => {
    const opened = await open(url).then(
      (server) => server,
      (error: Error) => error.message,
    );
    if (typeof opened === 'string') return opened;
    await opened.close();
    return 'opened';
  };
  /** Asks the server for something as its administrator. */
  const asAdmin = async (sql: string) => {
    const connection = await createConnection(here.url);
    try {
      await connection.query(sql);
    } finally {
      await connection.end();
    }
  };
  const with_ = (change: (url: URL) => void) => message(changed(here.url, change));

  it('works under both names', async () => {
    expect(await message(here.url)).toBe('opened');
    expect(await message(here.url.replace('mysql:', 'mariadb:'))).toBe('opened');
  });

  it('says in one line what to do when it cannot', async () => {
    const port = await freePort();
    const { host } = new URL(here.url);
    expect(
      await with_((url) => {
        url.port = `${port}`;
      }),
    ).toBe(`DATABASE_URL: nothing answers at 127.0.0.1:${port}; start the server, or correct the address.`);
    expect(
      await with_((url) => {
        url.hostname = 'no-such-host.invalid';
      }),
    ).toBe('DATABASE_URL: the host no-such-host.invalid is not known.');
    expect(
      await with_((url) => {
        url.password = 's3cret';
      }),
    ).toBe(`DATABASE_URL: the server at ${host} refuses the user "holdfast" with this password.`);
    expect(
      await with_((url) => {
        url.pathname = '/nowhere';
      }),
    ).toBe(`DATABASE_URL: there is no database "nowhere" at ${host}; CREATE DATABASE nowhere.`);
  });

  it('gives up a server that takes connections and says nothing', async () => {
    const mute = createServer(() => {}).listen(0, '127.0.0.1');
    await new Promise((resolve) => mute.once('listening', resolve));
    const { port } = mute.address() as { port: number };
    const said = await message(`mysql://u:s3cret@127.0.0.1:${port}/d?connect_timeout=1`);
    expect(said).toBe(
      `DATABASE_URL: 127.0.0.1:${port} cannot be reached within 1 s; look at the address and the firewalls.`,
    );
    mute.close();
  });

  it('says which rights a user lacks', async () => {
    const database = new URL(here.url).pathname.slice(1);
    const user = `u${database.slice(-12)}`;
    await asAdmin(`create user '${user}'@'%' identified by 's3cret'`);
    try {
      const url = changed(here.url, (parsed) => {
        parsed.username = user;
        parsed.password = 's3cret';
      });
      const denied = await message(url);
      expect(denied).toMatch(/^DATABASE_URL: the user "\w+" has no rights in the database "\w+"; GRANT ALL ON /);
      await asAdmin(`grant select on ${database}.* to '${user}'@'%'`);
      const server = await open(url);
      const migrating = server.view().migrate('some', [{ name: '0001_some', up: async () => {} }]);
      await expect(migrating).rejects.toThrow(
        /^DATABASE_URL: the user "\w+" may not change the tables \(.*GRANT ALL ON /,
      );
      await server.close();
    } finally {
      await asAdmin(`drop user '${user}'@'%'`);
    }
  });

  it('takes no TLS from a server that has none, unless it must', async () => {
    const { host } = new URL(here.url);
    const tls = (mode: string) => with_((url) => url.searchParams.set('ssl-mode', mode));
    const required = await tls('required');
    // A server that has a certificate takes it; MariaDB 10.11 has none by itself.
    if (required !== 'opened') {
      expect(required).toBe(`DATABASE_URL: the server at ${host} offers no TLS, and ssl-mode=required insists on it.`);
    }
    expect(await tls('preferred')).toBe('opened');
    expect(await tls('disabled')).toBe('opened');
  });
});
