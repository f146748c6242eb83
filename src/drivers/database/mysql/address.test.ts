import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { parseAddress, placeOf } from './address.ts';
import { serverKind, tooOld } from './server.ts';

const parse = (url: string) => parseAddress(url, 'DATABASE_URL');

describe('the URL', () => {
  it('says where the server is and who asks', () => {
    const address = parse('mysql://us%40er:p%2Fw%25@db.example:3307/holdfast');
    expect(address).toMatchObject({
      host: 'db.example',
      port: 3307,
      user: 'us@er',
      password: 'p/w%',
      database: 'holdfast',
    });
    expect(placeOf(address)).toBe('db.example:3307');
    expect(parse('mariadb://u@[::1]/d')).toMatchObject({ host: '::1', port: 3306, password: '', database: 'd' });
    expect(placeOf(parse('mysql://u@[::1]/d'))).toBe('[::1]:3306');
    expect(placeOf(parse('mysql://u@localhost/d?socket=/run/mysqld.sock'))).toBe('/run/mysqld.sock');
  });

  it('says how many connections there are, and how long to wait', () => {
    expect(parse('mysql://u@h/d')).toMatchObject({ poolSize: 20, connectTimeout: 10_000, statementTimeout: 30_000 });
    const given = 'mysql://u@h/d?pool_size=4&connect_timeout=3&statement_timeout=1500&lock_timeout=2000';
    expect(parse(given)).toMatchObject({
      poolSize: 4,
      connectTimeout: 3_000,
      statementTimeout: 1_500,
      lockTimeout: 2_000,
    });
  });

  it('is refused in one line that names what is wrong, and never the password', () => {
    for (const [url, problem] of [
      ['mysql://u:s3cret@h', 'names no database'],
      ['mysql://u:s3cret@h/a/b', 'names no database'],
      ['mysql://:s3cret@h/d', 'names no user'],
      ['mysql:d', 'names no host'],
      ['mysql://u:s3cret%@h/d', 'stray %'],
      ['mysql://u:s3cret@h:99999/d', 'not a valid URL'],
      ['mysql://u:s3cret@h/d?poolSize=3', '"poolSize" is none of pool_size'],
      ['mysql://u:s3cret@h/d?pool_size=1', 'pool_size is no whole number from 2 on'],
      ['mysql://u:s3cret@h/d?lock_timeout=1s', 'lock_timeout is no whole number'],
      ['mysql://u:s3cret@h/d?ssl-mode=yes', 'ssl-mode is none of disabled, preferred'],
      ['mysql://u:s3cret@127.0.0.1/d?ssl-mode=verify_identity', 'needs the name of the host'],
      ['mysql://u:s3cret@[::1]/d?ssl-mode=verify_identity', 'needs the name of the host'],
      ['mysql://u:s3cret@h/d?ssl-ca=/no/such/file', 'ssl-ca cannot be read'],
    ] as const) {
      expect(() => parse(url), url).toThrow(problem);
      expect(() => parse(url), url).toThrow(/^DATABASE_URL: [^\n]+$/);
      expect(() => parse(url), url).not.toThrow('s3cret');
    }
  });
});

describe('TLS', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-mysql-'));
    await writeFile(join(folder, 'ca.pem'), 'an authority');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is taken where it is offered by a server elsewhere, and checked where an authority is given', () => {
    const mode = (url: string) => parse(url).tls.mode;
    expect(mode('mysql://u@db.example/d')).toBe('preferred');
    for (const host of ['localhost', '127.0.0.1', '[::1]']) expect(mode(`mysql://u@${host}/d`)).toBe('disabled');
    expect(mode('mysql://u@db.example/d?socket=/run/s')).toBe('disabled');
    const { tls } = parse(`mysql://u@localhost/d?ssl-ca=${join(folder, 'ca.pem')}`);
    expect(tls.mode).toBe('verify_ca');
    expect(tls.ca?.toString()).toBe('an authority');
    expect(mode('mysql://u@localhost/d?ssl-mode=VERIFY_IDENTITY')).toBe('verify_identity');
  });
});

test('a server is of one of two kinds, and new enough', () => {
  for (const [version, name, old] of [
    ['8.4.0', 'MySQL', false],
    ['9.1.0-commercial', 'MySQL', false],
    ['8.0.39', 'MySQL', true],
    ['10.11.6-MariaDB-0+deb12u1-log', 'MariaDB', false],
    ['11.4.2-MariaDB', 'MariaDB', false],
    ['5.5.5-10.11.6-MariaDB', 'MariaDB', false],
    ['5.5.5-10.6.1-MariaDB', 'MariaDB', true],
    ['10.6.18-MariaDB', 'MariaDB', true],
    ['', 'MySQL', true],
  ] as const) {
    const kind = serverKind(version);
    expect(kind.name, version).toBe(name);
    expect(tooOld(kind) !== undefined, version).toBe(old);
  }
  expect(tooOld(serverKind('8.0.39'))).toBe('the server is MySQL 8.0.39; MySQL 8.4 or newer is needed');
});
