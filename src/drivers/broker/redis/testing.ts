import { createClient } from '@redis/client';
import { pino } from 'pino';
import { openBroker } from '../index.ts';
import type { Broker } from '../port.ts';

/** A line of the log as pino writes it. */
export interface Line {
  readonly level: number;
  readonly msg: string;
}

/** A broker at a URL, and what it logs. */
export async function openLogged(url: string): Promise<{ broker: Broker; lines: Line[] }> {
  const lines: Line[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  return { broker: await openBroker(url, { log }), lines };
}

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
