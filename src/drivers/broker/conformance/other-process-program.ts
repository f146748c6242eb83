import { writeSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import { openBroker } from '../index.ts';

/** The program of `OtherProcess`. What it says is written before it goes on: it may be killed at any moment. */
const say = (line: string) => writeSync(1, `${line}\n`);

const { url, topic, group } = JSON.parse(process.argv[2] as string) as { url: string; topic: string; group: string };
const broker = await openBroker(url, { log: pino({ level: 'silent' }) });
await broker.consume(topic, { group, concurrency: 1 }, async ({ n, hold }) => {
  say(`begun ${n}`);
  if (hold) await new Promise(() => {});
  await pause(2);
  say(`done ${n}`);
});
say('ready');
// Whatever the driver holds open: this process ends only when it is killed.
setInterval(() => {}, 60_000);
