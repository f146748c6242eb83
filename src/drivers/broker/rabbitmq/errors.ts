import { socketReason } from '../socket-reason.ts';
import { addressesOf, type RabbitTarget } from './target.ts';

/** The connection was taken, and then nobody spoke, or stopped speaking. */
export class SilentServerError extends Error {
  override message = 'The server does not answer.';
}

/** What went wrong at open, in one line for the operator; never with the password. */
export const openError = (error: unknown, target: RabbitTarget): Error =>
  new Error(`BROKER_URL: ${lastingReason(error, target) ?? passingReason(error, target)}.`, { cause: error });

/** What time alone does not mend, in one line for the operator; undefined for all else. */
export const lastingError = (error: unknown, target: RabbitTarget): Error | undefined => {
  const reason = lastingReason(error, target);
  return reason === undefined ? undefined : new Error(`BROKER_URL: ${reason}.`, { cause: error });
};

const nameOf = (target: RabbitTarget): string => `RabbitMQ at ${addressesOf(target).join(', ')}`;

/** What a server refuses it says in the words of AMQP 0-9-1 (1.2, reply codes). */
function lastingReason(error: unknown, target: RabbitTarget): string | undefined {
  const at = nameOf(target);
  const { username, vhost, prefix } = target;
  const { message } = error as Error;
  if (/Login was refused/i.test(message)) return `${at} does not know the user or the password of the URL`;
  // The library does not pass on which of the two it is.
  if (/NOT_ALLOWED|got <ConnectionClose/.test(message)) {
    return `${at} has no virtual host "${vhost}", or does not let the user "${username}" into it; correct the URL's path, or see to it with "rabbitmqctl add_vhost" and "rabbitmqctl set_permissions"`;
  }
  const refused = /ACCESS_REFUSED - access to (\w+ '[^']*')/i.exec(message);
  if (refused) {
    const all = `'^${prefix.replaceAll('.', '\\.')}(/.*)?$'`;
    return `${at} does not let the user "${username}" use ${refused[1]}; allow it to configure, write and read ${all} (rabbitmqctl set_permissions)`;
  }
  if (/PRECONDITION_FAILED - inequivalent/.test(message)) {
    return `${at} has an exchange or a queue of our name that is not ours; delete it, or set another ?prefix= (${firstLine(message)})`;
  }
  return undefined;
}

function passingReason(error: unknown, target: RabbitTarget): string {
  const at = nameOf(target);
  const { message } = error as Error;
  if (error instanceof SilentServerError || /ETIMEDOUT/.test(message))
    return `${at} does not answer; check host and port`;
  const server = { name: 'RabbitMQ', addresses: addressesOf(target), plain: 'amqp://', secure: 'amqps://' };
  return socketReason(error, server) ?? `${at} could not be used (${firstLine(message)})`;
}

const firstLine = (text: string): string => text.split('\n')[0] as string;
