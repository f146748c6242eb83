import type { SocketConstructorOpts } from 'node:net';
import { type ChannelModel, connect, type SocketOptions } from 'amqplib';
import { withDeadline } from '../../../base/deadline.ts';
import { lastingError, SilentServerError } from './errors.ts';
import type { RabbitTarget } from './target.ts';

/** Milliseconds. */
const CONNECT_DEADLINE = 5_000;
const CLOSE_DEADLINE = 2_000;
/** Seconds between two signs of life; after two that did not come the connection is given up, on either side. */
const HEARTBEAT = 5;

/** A connection that stands, and the way to end it whatever its other end does. */
export interface Link {
  readonly model: ChannelModel;
  /** Says goodbye where somebody answers, and leaves no socket behind either way. Never throws. */
  end(): Promise<void>;
}

/** Connects to one of the servers; which is the first to be tried is left to chance. */
export async function link(target: RabbitTarget): Promise<Link> {
  const { servers } = target;
  const first = Math.floor(Math.random() * servers.length);
  let failure: unknown;
  for (const server of [...servers.slice(first), ...servers.slice(0, first)]) {
    try {
      return await linkTo(server, target);
    } catch (error) {
      // One that answers and refuses says more than one that is not there.
      if (failure === undefined || lastingError(error, target)) failure = error;
    }
  }
  throw failure;
}

async function linkTo(server: RabbitTarget['servers'][number], target: RabbitTarget): Promise<Link> {
  // The library waits for the other end in all that it does, and keeps the socket until that has spoken.
  const socket = new AbortController();
  const { username, password, vhost, tls } = target;
  const options: SocketOptions & Pick<SocketConstructorOpts, 'signal'> = {
    noDelay: true,
    keepAlive: true,
    signal: socket.signal,
    ...(tls?.ca !== undefined && { ca: tls.ca }),
  };
  const linking = connect(
    {
      ...server,
      protocol: tls ? 'amqps' : 'amqp',
      username,
      password,
      // It is decoded once more.
      vhost: encodeURIComponent(vhost),
      heartbeat: HEARTBEAT,
    },
    options,
  );
  const late = setTimeout(() => socket.abort(new SilentServerError()), CONNECT_DEADLINE);
  try {
    const model = await linking;
    // What is wrong with it comes as its end, too.
    model.on('error', () => {});
    return {
      model,
      async end() {
        await withDeadline(CLOSE_DEADLINE, model.close()).catch(() => undefined);
        socket.abort();
      },
    };
  } catch (error) {
    throw socket.signal.aborted ? socket.signal.reason : error;
  } finally {
    clearTimeout(late);
  }
}
