import type { Kysely } from 'kysely';
import { type CallContext, serviceContext } from '../../../base/context.ts';
import { newId } from '../../../base/ids.ts';
import { type Loop, startLoop } from '../../../base/lifecycle.ts';
import { logFailure } from '../../../base/log-failure.ts';
import { holdLease } from '../../../outbox/leases.ts';
import { moveCursor, readCursor } from '../cursors.ts';
import type { NotifierDeps } from '../deps.ts';
import type { NotifierTables } from '../tables.ts';

/** Writes down what a page of a log gives to do, in the unit of work that moves the cursor. */
export type Write = (tx: Kysely<NotifierTables>, now: number) => Promise<void>;

/** A log that another service keeps. */
export interface Log<Event> {
  /** Of its cursor. */
  readonly name: string;
  /** Milliseconds for which news are gathered before it is read. */
  readonly gather: number;
  read(page: { readonly after: number; readonly limit: number }, context: CallContext): Promise<readonly Event[]>;
  /** What is to be written down of these events; undefined where there is nothing. May ask others. */
  plan(events: readonly Event[], context: CallContext): Promise<Write | undefined>;
}

const PAGE = 500;
/** Milliseconds. */
const EVERY = 5_000;
const LEASE = 30_000;
/** Positions without anything to do that are read again after a crash, rather than noted one by one. */
const UNNOTED = 5_000;

/**
 * Reads a log from its cursor on, again and again: whatever was said of it meanwhile by the broker, and whoever died. One
 * instance does so at a time, which only saves work: that each event counts once is because the cursor moves with what is
 * written.
 */
export function startConsumer<Event extends { readonly position: number }>(
  { db, log }: Pick<NotifierDeps, 'db' | 'log'>,
  { name, gather, read, plan }: Log<Event>,
  onWritten: () => void,
): Loop {
  const lease = holdLease({ db, log }, 'notifier_leases', `consume ${name}`, LEASE);
  /** Where the cursor stands, and how much further everything was read. */
  let noted = -1;
  let at = -1;

  async function readPage(signal: AbortSignal): Promise<boolean> {
    const stored = await readCursor(db.reader, name);
    if (stored !== noted) [noted, at] = [stored, stored];
    const context = serviceContext('notifier', log, newId(), signal);
    const events = await read({ after: at, limit: PAGE }, context);
    const last = events.at(-1)?.position;
    if (last === undefined) return false;
    const write = await plan(events, context);
    if (!write && last - noted < UNNOTED) {
      at = last;
      return events.length === PAGE;
    }
    const now = await db.now();
    const moved = await db.unit(async (tx) => {
      if (!(await moveCursor(tx, db.dialect, { name, from: noted, to: last }))) return false;
      await write?.(tx, now);
      return true;
    });
    if (moved) [noted, at] = [last, last];
    if (moved && write) onWritten();
    return events.length === PAGE || !moved;
  }

  const loop = startLoop({
    every: EVERY,
    gather,
    async round(signal) {
      while (!signal.aborted && (await lease.isHeld()) && (await readPage(signal)));
    },
    onError: (error) =>
      logFailure(log.child({ source: name }), error, 'A log of events could not be read; trying again'),
  });
  return {
    wake: loop.wake,
    async stop() {
      await loop.stop();
      await lease.giveBack();
    },
  };
}
