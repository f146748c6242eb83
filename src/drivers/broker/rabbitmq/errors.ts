import { errnoOf } from '../../../base/errors.ts';
import { addressOf, type RabbitTarget } from './target.ts';

/** What went wrong at open, in one line for the operator; never with the password. */
export const openError = (error: unknown, target: RabbitTarget): Error =>
  new Error(`BROKER_URL: ${reasonOf(error as Error, target)}.`, { cause: error });

function reasonOf({ message, ...error }: Error, target: RabbitTarget): string {
  const at = `RabbitMQ at ${addressOf(target)}`;
  const { vhost, username } = target.server;
  if (/Login was refused/i.test(message)) return `${at} does not know the user or the password of the URL`;
  if (/NOT_ALLOWED.*not found|vhost .* not found/i.test(message)) {
    return `${at} has no virtual host "${vhost}"; make it with "rabbitmqctl add_vhost", or correct the URL's path`;
  }
  if (/NOT_ALLOWED|ACCESS_REFUSED/.test(message)) {
    return `${at} does not let the user "${username}" do what is needed in the virtual host "${vhost}"; give it permissions (rabbitmqctl set_permissions)`;
  }
  if (/PRECONDITION_FAILED/.test(message)) {
    return `${at} has an exchange or a queue of our name that is not ours; delete it, or set another ?prefix= (${firstLine(message)})`;
  }
  const errno = errnoOf(error) ?? '';
  if (/timeout|timed out|not done after/i.test(message) || errno === 'ETIMEDOUT') {
    return `${at} does not answer; check host and port`;
  }
  switch (errno) {
    case 'ECONNREFUSED':
      return `there is no server at ${addressOf(target)}; start RabbitMQ, or correct host and port`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host "${target.server.hostname}" is not known; check its name`;
    case 'ECONNRESET':
      return `${at} reset the connection; check the port, and whether it wants TLS (amqps://)`;
  }
  if (/CERT|SELF_SIGNED|VERIFY|ALTNAME/.test(errno)) {
    return `the certificate of ${at} is not trusted (${errno}); give its authority as ?ca=FILE`;
  }
  return `${at} could not be used (${firstLine(message)})`;
}

const firstLine = (text: string): string => text.split('\n')[0] as string;
