import { createClient } from '@redis/client';

/** Does something with a plain client of a server. */
export async function asking<T>(
  url: string,
  ask: (send: (...args: string[]) => Promise<unknown>) => Promise<T>,
): Promise<T> {
  const { protocol, username, password, host } = new URL(url);
  const client = createClient({ url: `${protocol}//${username}:${password}@${host}` });
  client.on('error', () => {});
  await client.connect();
  try {
    return await ask((...args) => client.sendCommand(args));
  } finally {
    client.destroy();
  }
}

export const withParts = (url: string, parts: Partial<Record<'username' | 'password' | 'pathname', string>>): string =>
  Object.assign(new URL(url), parts).href;
