import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { composed, refusalOf } from '../compose.ts';
import type { OpenMail } from '../port.ts';

/**
 * Brings mails to nobody: each is a file in the folder `mail` of the data directory, as mail programs open it, and where it
 * leads is in the log. For trying things out, on a machine whose operator may read all of it.
 */
export const openFileMail: OpenMail = async (_url, { from, dataDir, log }) => {
  const folder = join(dataDir, 'mail');
  return {
    async send(message, signal) {
      signal.throwIfAborted();
      const refusal = refusalOf(message);
      if (refusal) return refusal;
      const { createTransport } = await import('nodemailer');
      const composer = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
      const { message: bytes } = await composer.sendMail(composed(message, from));
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await writeWhole(join(folder, `${message.id}.eml`), bytes as Buffer);
      } catch (error) {
        return { kind: 'transient', reason: `the folder of mails cannot be written: ${(error as Error).message}` };
      }
      const { subject, link } = message;
      log.info({ file: `mail/${message.id}.eml`, ...(link !== undefined && { link }) }, `mail kept here: ${subject}`);
      return { kind: 'taken' };
    },
    probe: () => access(dataDir, constants.W_OK),
    close: async () => {},
  };
};

/** Seen whole or not at all, and by us alone: it may hold a link that opens an account. */
async function writeWhole(path: string, bytes: Buffer): Promise<void> {
  const draft = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
