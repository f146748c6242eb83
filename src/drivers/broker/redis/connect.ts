import { createClient } from '@redis/client';
import { SilentServerError, UnfitServerError } from './errors.ts';
import type { Client } from './script.ts';
import type { RedisTarget } from './target.ts';

/** Milliseconds for the connection, and for all of it until the first command. */
const CONNECT_DEADLINE = 3_000;
const READY_DEADLINE = 5_000;
/** Commands that wait for an answer on one connection. */
const MAX_UNDER_WAY = 10_000;
const OLDEST = [6, 2] as const;

export interface ServerFacts {
  /** Of `maxmemory-policy`; undefined where the user may not know. */
  readonly evictionPolicy: string | undefined;
}

export interface Connected {
  readonly client: Client;
  readonly facts: ServerFacts;
}

/**
 * One connection that answers. It never reconnects by itself: what is to be done anew on a new one is for its owner to
 * say, and commands that wait while there is none would be a queue without a bound. `onLost` is told once it is gone.
 */
export async function connect(
  { host, port, username, password, database, tls }: RedisTarget,
  onLost: (error: Error) => void,
): Promise<Connected> {
  const client = createClient({
    socket: {
      host,
      port,
      connectTimeout: CONNECT_DEADLINE,
      reconnectStrategy: false,
      ...(tls && { tls: true as const, ...(tls.ca && { ca: tls.ca }) }),
    },
    username,
    password,
    database,
    name: 'holdfast',
    RESP: 2,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    commandsQueueMaxLength: MAX_UNDER_WAY,
    // The library's own deadline ends when a command is written; ours, when it is answered.
    commandOptions: { timeout: undefined },
  }) as Client;
  let ready = false;
  client.on('error', (error: Error) => {
    if (ready) onLost(error);
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new SilentServerError()), READY_DEADLINE);
  });
  const opening = client.connect().then(() => factsOf(client));
  try {
    const facts = await Promise.race([opening, late]);
    ready = true;
    return { client, facts };
  } catch (error) {
    client.destroy();
    // One that gets through after all is closed too.
    opening.catch(() => {}).finally(() => client.destroy());
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Throws where the server is one that we cannot work with. */
async function factsOf(client: Client): Promise<ServerFacts> {
  const info = await client.sendCommand<string>(['INFO']).catch((error: Error) => {
    // Who may not ask is not told; all else will show when it is used.
    if (error.message.startsWith('NOPERM')) return '';
    throw error;
  });
  const fact = (name: string) => new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1];
  const version = fact('redis_version');
  const [major = 0, minor = 0] = (version ?? OLDEST.join('.')).split('.').map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    throw new UnfitServerError(`is version ${version}; 6.2 or later is needed (or Valkey)`);
  }
  if (fact('role') === 'slave') throw new UnfitServerError('is a replica that takes no writes; give the primary');
  return { evictionPolicy: fact('maxmemory_policy') };
}
