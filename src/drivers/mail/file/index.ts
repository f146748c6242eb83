import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../../../base/atomic-file.ts';
import { makeFolder } from '../../../base/make-folder.ts';
import { composed, refusalOf } from '../compose.ts';
import type { OpenMail } from '../port.ts';
import { removeMailsBefore } from './remove-old.ts';

/** Milliseconds that a mail is kept, and between two looks for those that are older. */
const KEPT = 30 * 86_400_000;
const LOOK = 3_600_000;

/**
 * Brings mails to nobody: each is a file in the folder `mail` of the data directory, as mail programs open it, and where it
 * leads is in the log. For trying things out, on a machine whose operator may read all of it. Those of more than 30 days go
 * when others come.
 */
export const openFileMail: OpenMail = async (_url, { from, dataDir, log }) => {
  const folder = join(dataDir, 'mail');
  let looked = 0;

  async function removeOld(signal: AbortSignal): Promise<void> {
    const now = Date.now();
    if (now - looked < LOOK) return;
    looked = now;
    await removeMailsBefore(now - KEPT, folder, signal).catch((error) =>
      log.warn({ err: error }, 'old mails could not be removed'),
    );
  }

  return {
    async send(message, signal) {
      signal.throwIfAborted();
      const refusal = refusalOf(message);
      if (refusal) return refusal;
      const { createTransport } = await import('nodemailer');
      const composer = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
      const { message: bytes } = await composer.sendMail(composed(message, from));
      try {
        await makeFolder(folder);
        // It may hold a link that opens an account.
        await writeFileAtomically(join(folder, `${message.id}.eml`), bytes as Buffer);
      } catch (error) {
        return { kind: 'transient', reason: `the folder of mails cannot be written: ${(error as Error).message}` };
      }
      const { subject, link } = message;
      log.info({ file: `mail/${message.id}.eml`, ...(link !== undefined && { link }) }, `mail kept here: ${subject}`);
      await removeOld(signal);
      return { kind: 'taken' };
    },
    probe: () => access(dataDir, constants.W_OK),
    close: async () => {},
  };
};
