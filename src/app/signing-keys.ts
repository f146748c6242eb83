import { readFile } from 'node:fs/promises';
import type { Config } from '../config.ts';
import { privateKeys, type SigningKeys, secretKey, UnusableKey } from '../services/auth/index.ts';
import type { Secrets } from './secrets.ts';
import { reasonOf, StartError } from './start-error.ts';

/** With what access tokens are signed: the private keys where there are some, otherwise the secret. Throws `StartError`. */
export async function openSigningKeys({ jwtPrivateKeys }: Config, { jwt }: Secrets): Promise<SigningKeys> {
  if (jwtPrivateKeys.length === 0) return secretKey(jwt);
  const pems = await Promise.all(
    jwtPrivateKeys.map(async (file) => {
      const pem = await readFile(file, 'utf8').catch((error) => {
        throw new StartError(`JWT_PRIVATE_KEYS: ${file} cannot be read: ${reasonOf(error)}.`, error);
      });
      await privateKeys([pem]).catch((error) => {
        throw error instanceof UnusableKey
          ? new StartError(`JWT_PRIVATE_KEYS: ${file} cannot be used. ${error.message}`, error)
          : error;
      });
      return pem;
    }),
  );
  return privateKeys(pems);
}
