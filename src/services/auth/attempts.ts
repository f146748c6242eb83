import type { Kysely } from 'kysely';
import { HoldfastError } from '../../base/errors.ts';
import { networkOf } from '../../base/network.ts';
import type { Client } from '../../contract/holdfast/v1/auth.ts';
import type { Database } from '../../drivers/database/port.ts';
import { clientRow } from './client.ts';
import { hashOf } from './secret-tokens.ts';
import type { AuthTables, SignInAttemptsTable } from './tables.ts';

interface Limit {
  /** Failures that cost nothing; from then on each makes the next wait, twice as long as the one before. */
  readonly free: number;
  /** Milliseconds after which a failure is forgotten. */
  readonly memory: number;
  /** Milliseconds of the first wait. */
  readonly firstWait?: number;
}

const MINUTE = 60_000;
const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 15 * MINUTE;

/** One person mistypes a few times; many people share the address of an office or of a phone network. */
const ACCOUNT: Limit = { free: 5, memory: 15 * MINUTE };
const ADDRESS: Limit = { free: 100, memory: 15 * MINUTE };
/** Each "there is such an account already" tells one e-mail to whoever asks for many. */
const TAKEN: Limit = { free: 20, memory: 60 * MINUTE };
/** Mails to one account that anybody may ask for, and those that are asked for from one address. */
const MAILS: Limit = { free: 3, memory: 60 * MINUTE, firstWait: MINUTE };
const MAILS_BY_ADDRESS: Limit = { free: 50, memory: 60 * MINUTE };

interface Counted {
  readonly name: string;
  readonly limit: Limit;
}

/**
 * By whom failures to sign in are counted: the account, whether there is one or not, and the address. The account's name
 * is hashed, because people type their password into the wrong field.
 */
export function signInCounters(account: string, client: Client | undefined): Counted[] {
  const byAccount = { name: `account:${hashOf(account)}`, limit: ACCOUNT };
  return [byAccount, ...addressCounter('address', client, ADDRESS)];
}

/**
 * By whom wrong passwords are counted of somebody who has shown something of the account already, a session or a mail.
 * Apart from those at log-in, and by no address: strangers who guess there hold up nobody here.
 */
export const passwordCounters = (userId: string): Counted[] => [
  { name: `account:user:${hashOf(userId)}`, limit: ACCOUNT },
];

export const takenCounters = (client: Client | undefined): Counted[] => addressCounter('signup', client, TAKEN);

/** By whom mails are counted that anybody may ask for; whether there is such an account is no matter. */
export function mailCounters(email: string, client: Client | undefined): Counted[] {
  const toAccount = { name: `mail:${hashOf(email)}`, limit: MAILS };
  return [toAccount, ...addressCounter('mail', client, MAILS_BY_ADDRESS)];
}

function addressCounter(kind: string, client: Client | undefined, limit: Limit): Counted[] {
  const { address } = clientRow(client);
  return address === '' ? [] : [{ name: `${kind}:${networkOf(address)}`, limit }];
}

/**
 * Counts an attempt as a failure before it is known to be one, so that many at once are not all the first; `forgive` takes
 * it back. Throws `too_many_requests`, and counts nothing, where one has to wait. All instances count together.
 */
export async function countAttempt(db: Database<AuthTables>, counters: readonly Counted[], now: number): Promise<void> {
  await count(db, counters, now);
}

/**
 * Counts an attempt as `countAttempt` does, and answers what `check` finds out of it. Where `check` throws, it was never
 * checked, and it was no attempt: a server that is asked for too much at once must not lock the accounts of those whom it
 * turns away.
 */
export async function countChecked<R>(
  db: Database<AuthTables>,
  counters: readonly Counted[],
  check: () => Promise<R>,
): Promise<R> {
  const rows = await count(db, counters, Date.now());
  try {
    return await check();
  } catch (error) {
    await db.unit((tx) => takeBack(tx, rows));
    throw error;
  }
}

type CountedRow = Pick<SignInAttemptsTable, 'name' | 'blocked_until'>;

/** Answers what it wrote. */
async function count(db: Database<AuthTables>, counters: readonly Counted[], now: number): Promise<CountedRow[]> {
  if (counters.length === 0) return [];
  const ordered = inOrder(counters);
  const outcome = await db.unit(async (tx) => {
    await db.dialect.insertIfAbsent(
      tx,
      'sign_in_attempts',
      ordered.map(({ name }) => ({ name, failures: 0, blocked_until: 0, expires_at: now })),
      ['name'],
    );
    const found = [];
    for (const counter of ordered) {
      const row = await tx
        .selectFrom('sign_in_attempts')
        .selectAll()
        .where('name', '=', counter.name)
        .forUpdate()
        .executeTakeFirstOrThrow();
      found.push({ ...counter, row });
    }
    const blocked = Math.max(...found.map(({ row }) => row.blocked_until));
    if (blocked > now) return blocked;
    const written: CountedRow[] = [];
    for (const { name, limit, row } of found) {
      const failures = (row.expires_at > now ? row.failures : 0) + 1;
      const blocked_until = failures < limit.free ? 0 : now + waitAfter(failures - limit.free, limit.firstWait);
      const expires_at = Math.max(now + limit.memory, blocked_until);
      await tx
        .updateTable('sign_in_attempts')
        .set({ failures, blocked_until, expires_at })
        .where('name', '=', name)
        .execute();
      written.push({ name, blocked_until });
    }
    return written;
  });
  if (typeof outcome === 'number') throw tooMany(outcome - now);
  return outcome;
}

/** One attempt less; a wait ends that it began, and not one that began since. */
async function takeBack(tx: Kysely<AuthTables>, rows: readonly CountedRow[]): Promise<void> {
  for (const { name, blocked_until } of rows) {
    const row = tx.updateTable('sign_in_attempts').where('name', '=', name);
    await row
      .set(({ eb }) => ({ failures: eb('failures', '-', 1) }))
      .where('failures', '>', 0)
      .execute();
    await row.set({ blocked_until: 0 }).where('blocked_until', '=', blocked_until).execute();
  }
}

/** Takes an attempt back that was no failure. Whoever knows the password starts afresh; the address keeps its other failures. */
export async function forgive(tx: Kysely<AuthTables>, counters: readonly Counted[]): Promise<void> {
  for (const { name } of inOrder(counters)) {
    const row = tx.updateTable('sign_in_attempts').where('name', '=', name);
    if (name.startsWith('account:')) await row.set({ failures: 0, blocked_until: 0 }).execute();
    else {
      await row
        .set(({ eb }) => ({ failures: eb('failures', '-', 1), blocked_until: 0 }))
        .where('failures', '>', 0)
        .execute();
    }
  }
}

/** Everybody locks in this order. */
const inOrder = (counters: readonly Counted[]): Counted[] =>
  [...counters].sort((one, other) => (one.name < other.name ? -1 : 1));

const waitAfter = (beyond: number, first = FIRST_WAIT): number =>
  Math.min(LONGEST_WAIT, first * 2 ** Math.min(beyond, 20));

const tooMany = (wait: number) =>
  new HoldfastError('too_many_requests', 'Too many attempts. Wait a while, and try again.', {
    retryAfter: Math.max(1, Math.ceil(wait / 1_000)),
  });
