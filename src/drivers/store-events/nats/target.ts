import { type NatsTarget, parseTarget } from '../../broker/nats/target.ts';
import { ofIngestUrl, splitParameters } from '../own-parameters.ts';

/** The servers of a `nats:` or `tls:` URL, and what there is to hear. */
export interface NatsEventsTarget {
  readonly server: NatsTarget;
  readonly subject: string;
  /** The stream that is made where none takes the subject. */
  readonly stream: string;
  /** Who shares messages with us: the durable consumer, or the queue group. */
  readonly group: string;
  /** False: messages are heard as they are published, and not kept. */
  readonly kept: boolean;
}

export const FORM =
  'nats://[user:password@]host[:port][,nats://host…]/SUBJECT[?stream=NAME&group=holdfast&jetstream=off&creds=FILE&nkey=FILE&ca=FILE]';

/** Throws an error whose message says what is wrong, without the URL: it holds a password. */
export function parseNatsTarget(url: string): NatsEventsTarget {
  const refuse = (problem: string): never => {
    throw new Error(`INGEST_URL: ${problem}; expected ${FORM}, or tls:// for TLS.`);
  };
  const { own, rest } = splitParameters(url, ['stream', 'group', 'jetstream']);
  const [place = '', query = ''] = rest.split(/(?=\?)/s, 2);
  const [, servers = '', path = ''] = /^(.*:\/\/[^/]*)\/?(.*)$/s.exec(place) ?? [];
  const subject = decoded(path);
  if (!/^[^\s.]+(\.[^\s.]+)*$/.test(subject)) refuse('after the host goes the subject, such as /minio.events');
  const stream = own.get('stream') ?? `holdfast_${subject.replace(/[^\w-]/g, '_')}`;
  const group = own.get('group') ?? 'holdfast';
  for (const [name, value] of [['stream', stream] as const, ['group', group] as const]) {
    if (!/^[\w-]{1,128}$/.test(value)) refuse(`the ${name} is 1 to 128 letters, digits, _ and -`);
  }
  const jetstream = own.get('jetstream') ?? 'on';
  if (jetstream !== 'on' && jetstream !== 'off') refuse('"jetstream" is on or off');
  try {
    return { server: parseTarget(servers + query), subject, stream, group, kept: jetstream === 'on' };
  } catch (error) {
    throw ofIngestUrl(error, FORM);
  }
}

/** What cannot be decoded is no subject. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return '';
  }
}
