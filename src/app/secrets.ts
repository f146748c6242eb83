import { hkdfSync, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../base/atomic-file.ts';
import { errnoOf } from '../base/errors.ts';
import { reasonOf, StartError } from './start-error.ts';

/** One key for each purpose, so that what is signed for one is worth nothing for another. */
export interface Secrets {
  readonly jwt: Uint8Array;
  readonly refreshToken: Uint8Array;
  readonly signIn: Uint8Array;
  readonly confirmUrl: Uint8Array;
  readonly signedUrl: Uint8Array;
}

const FILE = 'secret';
const ROOT_BYTES = 32;

/**
 * All keys, derived (HKDF, RFC 5869) from `JWT_SECRET` or, where that is not set, from a secret that is made once and
 * kept in the data directory. Call it with the data directory locked.
 */
export async function openSecrets(dataDir: string, jwtSecret: string | undefined): Promise<Secrets> {
  const root = jwtSecret === undefined ? await keptSecret(dataDir) : givenSecret(jwtSecret);
  const derive = (label: string) => new Uint8Array(hkdfSync('sha256', root, '', `holdfast ${label}`, ROOT_BYTES));
  return {
    jwt: derive('jwt'),
    refreshToken: derive('refresh-token'),
    signIn: derive('sign-in'),
    confirmUrl: derive('confirm-url'),
    signedUrl: derive('signed-url'),
  };
}

/** `hex:` and the content of a `secret` file is that secret: so it goes along to where there is no such file. */
function givenSecret(text: string): Buffer {
  const kept = /^hex:([0-9a-f]{64})$/i.exec(text)?.[1];
  return kept === undefined ? Buffer.from(text) : Buffer.from(kept, 'hex');
}

async function keptSecret(dataDir: string): Promise<Buffer> {
  const path = join(dataDir, FILE);
  const kept = await readFile(path, 'utf8').catch((error) => {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw new StartError(`The secret in ${path} cannot be read: ${reasonOf(error)}. Let this user read it.`, error);
  });
  if (kept === undefined) {
    const made = randomBytes(ROOT_BYTES);
    await writeFileAtomically(path, `${made.toString('hex')}\n`);
    return made;
  }
  const secret = Buffer.from(kept.trim(), 'hex');
  if (secret.length !== ROOT_BYTES) {
    throw new StartError(
      `The secret in ${path} is damaged. Restore it from a backup, or delete the file: ` +
        'then a new one is made, and everybody logs in again.',
    );
  }
  return secret;
}
