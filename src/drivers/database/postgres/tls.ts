import { readFile } from 'node:fs/promises';
import type { ConnectionOptions } from 'node:tls';
import type { Target } from './url.ts';

/**
 * TLS as libpq's `sslmode` means it (PostgreSQL manual, 34.19): `require` looks at no certificate unless a root is
 * given, `verify-ca` at who signed it, `verify-full` at its name too. Without a root those of Node count.
 */
export async function tlsOf({ tls }: Target, setting: string): Promise<ConnectionOptions | false> {
  const { mode, rootCert, cert, key } = tls;
  if (mode === 'disable') return false;
  const read = async (path: string | undefined, name: string) => {
    if (path === undefined) return undefined;
    return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      throw new Error(`${setting}: the file of ${name} cannot be read (${error.code}).`);
    });
  };
  const ca = rootCert === 'system' ? undefined : await read(rootCert, 'sslrootcert');
  const files = { ca, cert: await read(cert, 'sslcert'), key: await read(key, 'sslkey') };
  const given = Object.fromEntries(Object.entries(files).filter(([, text]) => text !== undefined));
  const verifies = mode === 'verify-full' || mode === 'verify-ca' || ca !== undefined;
  return {
    ...given,
    rejectUnauthorized: verifies,
    ...(mode !== 'verify-full' && { checkServerIdentity: () => undefined }),
  };
}
