import { execFile } from 'node:child_process';
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { accountForRoot } from '../../../../test/harness/engines/account.ts';
import { type Engine, startEngine } from '../../../../test/harness/engines/index.ts';
import { describeWithEngines } from '../../../../test/harness/engines/use.ts';
import { changed, open, withParameters } from './testing.ts';

/** A certificate that is its own authority, for a name. */
async function makeCertificate(folder: string, name: string) {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`];
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  await promisify(execFile)('openssl', [...made, ...subject, '-keyout', key, '-out', cert]);
  const as = accountForRoot('postgres', 'nobody');
  await chmod(key, 0o600);
  if (as) for (const path of [folder, key]) await chown(path, as.uid, as.gid);
  return { key, cert };
}

describeWithEngines(
  ['postgres'],
  'PostgreSQL over TLS',
  () => {
    let folder: string;
    let engine: Engine;
    let url: string;
    let own: string;
    let other: string;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'holdfast-tls-'));
      const { key, cert } = await makeCertificate(folder, 'localhost');
      own = cert;
      other = (await makeCertificate(folder, 'elsewhere')).cert;
      engine = await startEngine('postgres', {
        args: ['-c', 'ssl=on', '-c', `ssl_key_file=${key}`, '-c', `ssl_cert_file=${cert}`],
      });
      ({ url } = await engine.place());
    });
    afterAll(async () => {
      await engine.stop();
      await rm(folder, { recursive: true, force: true });
    });

    const at = (host: string, parameters: Readonly<Record<string, string>>) =>
      withParameters(
        changed(url, (parsed) => {
          parsed.hostname = host;
        }),
        parameters,
      );
    async function isEncrypted(to: string): Promise<boolean> {
      const server = await open(to);
      const { rows } = await sql<{ ssl: string }>`select ssl from pg_stat_ssl where pid = pg_backend_pid()`.execute(
        server.view().reader,
      );
      await server.close();
      return rows[0]?.ssl === 't';
    }

    it('is used as sslmode says, and left out on loopback where it says nothing', async () => {
      expect(await isEncrypted(url)).toBe(false);
      expect(await isEncrypted(at('127.0.0.1', { sslmode: 'prefer' }))).toBe(true);
      expect(await isEncrypted(at('127.0.0.1', { sslmode: 'require' }))).toBe(true);
      expect(await isEncrypted(at('127.0.0.1', { sslmode: 'verify-ca', sslrootcert: own }))).toBe(true);
      expect(await isEncrypted(at('localhost', { sslmode: 'verify-full', sslrootcert: own }))).toBe(true);
    });

    it('is refused where the certificate is not of the authority, or of another name', async () => {
      for (const wrong of [
        at('127.0.0.1', { sslmode: 'require', sslrootcert: other }),
        at('127.0.0.1', { sslmode: 'verify-ca' }),
        at('127.0.0.1', { sslmode: 'verify-full', sslrootcert: own }),
        at('localhost', { sslmode: 'verify-full', sslrootcert: 'system' }),
      ]) {
        await expect(open(wrong), wrong).rejects.toThrow(
          /^DATABASE_URL: the certificate of PostgreSQL at .* is not trusted .* sslrootcert\.$/,
        );
      }
    });
  },
  { own: true },
);
