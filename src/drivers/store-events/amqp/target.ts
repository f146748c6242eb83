import { parseTarget, type RabbitTarget } from '../../broker/rabbitmq/target.ts';
import { ofIngestUrl, splitParameters } from '../own-parameters.ts';

/** The server of an `amqp:` or `amqps:` URL, and what there is to hear. */
export interface AmqpTarget {
  readonly server: RabbitTarget;
  /** What the store publishes to; undefined: the queue is filled by somebody else. */
  readonly exchange: string | undefined;
  readonly routingKey: string;
  readonly queue: string;
}

export const FORM =
  'amqp://[user:password@]host[:port][/vhost]?exchange=NAME[&routingKey=KEY][&queue=NAME], or amqps:// for TLS';

/** Short strings of AMQP (4.2.5.3), some bytes of which are for what we add. */
const NAME = /^[\w.:/ -]{1,200}$/;

/** Throws an error whose message says what is wrong, without the URL: it holds a password. */
export function parseAmqpTarget(url: string): AmqpTarget {
  const refuse = (problem: string): never => {
    throw new Error(`INGEST_URL: ${problem}; expected ${FORM}.`);
  };
  const { own, rest } = splitParameters(url, ['exchange', 'routingKey', 'queue']);
  const exchange = own.get('exchange');
  for (const name of ['exchange', 'queue']) {
    const value = own.get(name);
    if (value !== undefined && !NAME.test(value))
      refuse(`the ${name} is 1 to 200 letters, digits and any of . : / _ -`);
  }
  const queue = own.get('queue') ?? (exchange === undefined ? undefined : `${exchange}.holdfast`);
  if (queue === undefined) return refuse('it names neither an exchange nor a queue');
  let server: RabbitTarget;
  try {
    server = parseTarget(rest);
  } catch (error) {
    throw ofIngestUrl(error, FORM);
  }
  return { server, exchange, routingKey: own.get('routingKey') ?? '#', queue };
}
