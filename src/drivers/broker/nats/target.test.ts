import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseTarget } from './target.ts';

describe('parseTarget', () => {
  it('takes one server, with the usual port', () => {
    expect(parseTarget('nats://localhost')).toEqual({
      servers: ['localhost:4222'],
      access: {},
      prefix: 'holdfast',
      replicas: 1,
    });
  });

  it('takes several servers, a user of all of them, a prefix and a number of replicas', () => {
    const expected = {
      servers: ['one:4223', 'two:4222', '[::1]:4222'],
      access: { user: 'me', pass: 'p@ss' },
      prefix: 'files',
      replicas: 3,
    };
    for (const url of ['nats://me:p%40ss@one:4223,nats://two,nats://[::1]', 'nats://one:4223,me:p%40ss@two,[::1]']) {
      expect(parseTarget(`${url}?prefix=files&replicas=3`)).toEqual(expected);
    }
  });

  it('takes a user alone for a token', () => {
    expect(parseTarget('nats://s3cr3t@one').access).toEqual({ token: 's3cr3t' });
  });

  it('speaks TLS where it is told to, and trusts the authority that it is given', async () => {
    expect(parseTarget('tls://one').access).toEqual({ tls: {} });
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-nats-'));
    const file = join(folder, 'ca.pem');
    await writeFile(file, 'a certificate');
    expect(parseTarget(`tls://one?ca=${file}`).access).toEqual({ tls: { ca: 'a certificate' } });
    await rm(folder, { recursive: true });
  });

  it.each([
    ['nats://', 'names no host'],
    ['nats://one:many', 'not a URL'],
    ['nats://one/files', 'a path'],
    ['nats://one?prefix=a.b', 'the prefix'],
    ['nats://one?replicas=0', 'replicas'],
    ['nats://one?prefixes=a', 'no parameter "prefixes"'],
    ['nats://me:geheim%zz@one', 'a % that'],
    ['nats://me:geheim@one?ca=/no/such/file', 'the file of "ca"'],
    ['nats://one?creds=/no/such/file', 'the file of "creds"'],
    ['nats://one?nkey=/no/such/file', 'the file of "nkey"'],
    ['nats://one?nkey=/dev/null', 'no seed of a user'],
    ['nats://me:geheim@one?creds=/dev/null', 'three ways to log in'],
  ])('refuses %s, without its password', (url, reason) => {
    expect(() => parseTarget(url)).toThrow(reason);
    expect(() => parseTarget(url)).toThrow(/^BROKER_URL: (?!.*geheim)/);
  });
});
