import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { otherAuthority, type TestCertificates, testCertificates } from '../testing/certificates.ts';
import { listeningLog } from '../testing/log.ts';
import type { Certificates } from './certificates.ts';

const DAY = 86_400_000;
let made: TestCertificates;
let open: Certificates | undefined;

beforeEach(async () => {
  made = await testCertificates();
  await made.write('files', ['files']);
});
afterEach(async () => {
  await open?.stop();
  await made.close();
});

const path = (file: string) => join(made.folder, file);

describe('what cannot be used is said', () => {
  test.each<[string, () => Promise<unknown>, RegExp]>([
    ['no certificate', () => rm(path('files.pem')), /files\.pem cannot be read: there is no such file\.$/],
    ['no key', () => rm(path('files.key')), /files\.key cannot be read/],
    ['no CA', () => rm(path('ca.pem')), /ca\.pem cannot be read/],
    ['something else', () => writeFile(path('files.pem'), 'x'), /no certificate in PEM format in .*files\.pem/],
    ['a key in its place', () => rename(path('files.key'), path('files.pem')), /files\.key cannot be read/],
    [
      'a damaged key',
      () => writeFile(path('files.key'), '-----BEGIN PRIVATE KEY-----'),
      /no private key in PEM format/,
    ],
    ['an expired one', () => made.write('files', ['files'], { from: -2 * DAY, to: -DAY }), /expired on \d{4}-/],
    ['one of another CA', () => made.write('files', ['files'], { ca: otherAuthority() }), /not issued by a CA in/],
    [
      'one of another CA of the same name',
      () => made.write('files', ['files'], { ca: otherAuthority('test') }),
      /not issued by a CA in/,
    ],
    ['one for nobody', () => made.write('files', []), /names no service: it needs a URI such as/],
    [
      'another key',
      async () => {
        await made.write('other', ['files']);
        await rename(path('other.key'), path('files.key'));
      },
      /is not the one of the certificate/,
    ],
  ])('%s', async (_, spoil, message) => {
    await spoil();
    await expect(made.open('files')).rejects.toThrow(message);
  });
});

describe('files that change', () => {
  test('are taken up, and told of', async () => {
    open = await made.open('files');
    const told: string[] = [];
    const stop = open.onChange(({ cert }) => told.push(cert));
    await open.reload();
    expect(told).toEqual([]);
    await made.write('files', ['files', 'storage']);
    await open.reload();
    expect(open.current.names).toEqual(['files', 'storage']);
    expect(told).toEqual([await readFile(path('files.pem'), 'utf8')]);
    stop();
    await made.write('files', ['files']);
    await open.reload();
    expect(told).toHaveLength(1);
    expect(open.current.names).toEqual(['files']);
  });

  test('are left alone while they do not go together, which is said once', async () => {
    const { log, lines } = listeningLog();
    open = await made.open('files', log);
    const { cert } = open.current;
    await made.write('other', ['files']);
    await rename(path('other.key'), path('files.key'));
    await open.reload();
    await open.reload();
    expect(open.current.cert).toBe(cert);
    expect(lines.map(({ level, msg }) => [level, msg])).toEqual([[40, 'certificates have changed and cannot be used']]);
    await rename(path('other.pem'), path('files.pem'));
    await open.reload();
    expect(open.current.cert).not.toBe(cert);
    expect(lines.at(-1)?.msg).toBe('certificates were reloaded');
  });

  test('a certificate that expires soon is warned of', async () => {
    const { log, lines } = listeningLog();
    await made.write('files', ['files'], { to: DAY });
    open = await made.open('files', log);
    await expect.poll(() => lines.map(({ msg }) => msg)).toContain('the certificate expires soon');
  });
});
