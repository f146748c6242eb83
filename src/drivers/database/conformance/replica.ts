import { expect } from 'vitest';
import type { DatabaseServer } from '../port.ts';
import { addCounter, TABLES, type Tables } from './place.ts';

/** A replica, of which `server` was told, and what can befall it. */
export interface Followed {
  readonly server: DatabaseServer;
  /** How often the log said this. */
  said(text: string): number;
  /** Has it take over nothing from its primary, until `goOn`. */
  hold(): Promise<unknown>;
  goOn(): Promise<unknown>;
  kill(): Promise<unknown>;
  restart(): Promise<unknown>;
}

/** It is read from as long as it is there and keeps up, and never for what has to be new. */
export async function expectReadWhileItKeepsUp({ server, said, ...replica }: Followed): Promise<void> {
  const db = server.view<Tables>();
  await db.migrate('conformance', [TABLES]);
  await db.unit((tx) => addCounter(tx, 'a'));
  const count = async (reader: typeof db.reader) =>
    (await reader.selectFrom('counters').select('name').execute()).length;
  await expect.poll(() => said('The replica keeps up')).toBe(1);
  await expect.poll(() => count(db.laggingReader)).toBe(1);
  await expect(addCounter(db.laggingReader, 'x')).rejects.toThrow();

  // What it holds up shows who was asked.
  await replica.hold();
  await db.unit((tx) => addCounter(tx, 'b'));
  expect(await count(db.laggingReader)).toBe(1);
  expect(await count(db.reader)).toBe(2);
  await expect.poll(() => said('is away or lags')).toBe(1);
  expect(await count(db.laggingReader)).toBe(2);

  await replica.goOn();
  await expect.poll(() => said('The replica keeps up')).toBe(2);
  await replica.kill();
  expect(await count(db.laggingReader)).toBe(2);
  await expect.poll(() => said('is away or lags')).toBe(2);
  await replica.restart();
  await expect.poll(() => said('The replica keeps up')).toBe(3);
}
