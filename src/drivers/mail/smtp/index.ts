import type { Transporter } from 'nodemailer';
import { formatAddress } from '../../../base/address.ts';
import { unlessAborted } from '../../../base/deadline.ts';
import { HoldfastError } from '../../../base/errors.ts';
import { composed, refusalOf } from '../compose.ts';
import { type OpenMail, TIMEOUT } from '../port.ts';
import { outcomeOf, reasonOf, type SmtpError } from './outcome.ts';
import { parseTarget, type SmtpTarget } from './target.ts';

/** Milliseconds. */
const CONNECT_TIMEOUT = 10_000;
const SILENCE_TIMEOUT = 30_000;
const IDLE_TIMEOUT = 20_000;

/** A mail server, over connections that are kept while there is something to send. */
export const openSmtpMail: OpenMail = async (url, { from, log }) => {
  const target = parseTarget(url);
  const secrets = secretsOf(target);
  const described = `the mail server at ${formatAddress(target)}`;
  let transport: Transporter | undefined;
  let away = false;
  let closed = false;
  const open = async () => {
    transport ??= await connectTo(target);
    if (closed) throw new HoldfastError('unavailable', 'Mails are not sent any more: the server is stopping.');
    return transport;
  };

  const noteAway = (reason: string) => {
    if (!away) log.warn({ reason }, `${described} takes no mail; what is to be sent waits`);
    away = true;
  };
  const noteBack = () => {
    if (away) log.info(`${described} takes mail again`);
    away = false;
  };

  return {
    async send(message, signal) {
      signal.throwIfAborted();
      const refusal = refusalOf(message);
      if (refusal) return refusal;
      const limited = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]);
      try {
        await (await open()).sendMail({ ...composed(message, from), signal: limited });
        noteBack();
        return { kind: 'taken' };
      } catch (error) {
        signal.throwIfAborted();
        const outcome = outcomeOf(error as SmtpError, secrets);
        if (outcome.kind === 'transient') noteAway(outcome.reason);
        else noteBack();
        return outcome;
      }
    },

    async probe(signal) {
      signal.throwIfAborted();
      const verified = open().then((opened) => opened.verify());
      await unlessAborted(signal, verified).catch((error: SmtpError) => {
        throw new HoldfastError('unavailable', `SMTP_URL: ${described} is of no use: ${reasonOf(error, secrets)}.`, {
          cause: error,
        });
      });
    },

    async close() {
      closed = true;
      transport?.close({ force: true });
    },
  };
};

async function connectTo({ host, port, user, password, tls, ca, name, poolSize }: SmtpTarget): Promise<Transporter> {
  const { createTransport } = await import('nodemailer');
  return createTransport({
    pool: true,
    host,
    port,
    secure: tls === 'always',
    requireTLS: tls === 'required',
    ignoreTLS: tls === 'never',
    tls: { minVersion: 'TLSv1.2', ...(ca !== undefined && { ca }) },
    ...(user !== undefined && { auth: { user, pass: password ?? '' } }),
    ...(name !== undefined && { name }),
    maxConnections: poolSize,
    // Whoever sends tries again, and counts.
    maxRequeues: 0,
    connectionTimeout: CONNECT_TIMEOUT,
    dnsTimeout: CONNECT_TIMEOUT,
    greetingTimeout: SILENCE_TIMEOUT,
    socketTimeout: SILENCE_TIMEOUT,
    idleTimeout: IDLE_TIMEOUT,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

/** The password, as it is and as commands spell it (RFC 4616, and the older LOGIN). */
function secretsOf({ user = '', password = '' }: SmtpTarget): string[] {
  if (password === '') return [];
  const spelt = [password, `\0${user}\0${password}`].map((text) => Buffer.from(text).toString('base64'));
  return [password, ...spelt];
}
