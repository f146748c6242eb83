import type { Logger } from '../../base/logger.ts';
import type { Config } from '../../config.ts';
import { openMailOf } from '../drivers.ts';
import { type Finding, failed, ok } from './finding.ts';

/** Milliseconds that a server has to answer. */
const DEADLINE = 10_000;

/** Whether the mail server lets us in. Nothing is sent. */
export async function examineMail(
  config: Pick<Config, 'smtpUrl' | 'mailFrom' | 'dataDir'>,
  { log, signal }: { readonly log: Logger; readonly signal: AbortSignal },
): Promise<Finding> {
  if (config.smtpUrl === undefined) {
    return ok('mail', 'kept as files in DATA_DIR/mail, and brought to nobody, as SMTP_URL is not set');
  }
  try {
    const mail = await openMailOf(config, log);
    try {
      await mail.probe(AbortSignal.any([signal, AbortSignal.timeout(DEADLINE)]));
    } finally {
      await mail.close();
    }
    return ok('mail', 'the mail server takes mails');
  } catch (error) {
    // What a driver says names the remedy.
    return failed('mail', (error as Error).message);
  }
}
