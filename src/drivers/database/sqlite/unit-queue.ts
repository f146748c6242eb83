import type { Kysely } from 'kysely';
import type { HoldfastError } from '../../../base/errors.ts';
import { closedError, overloadedError } from '../errors.ts';
import type { UnitOptions } from '../port.ts';
import type { Connection } from './connection.ts';
import { isConstraint, lostError, portError } from './errors.ts';
import type { LogFile } from './log-file.ts';
import { unitScopeOn } from './unit-scope.ts';
import { whileBusy } from './while-busy.ts';

// biome-ignore lint/suspicious/noExplicitAny: a unit of any service.
type Work = (tx: Kysely<any>) => Promise<unknown>;

interface Unit {
  readonly work: Work;
  readonly durable: boolean;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Milliseconds. */
export interface UnitTimes {
  /** What one unit may take. It can only be passed by one that awaits something else than the database. */
  readonly unit: number;
  /** After this long no more units are taken into a group, so that the first need not wait. */
  readonly group: number;
}

/** Units that one commit takes at most. */
const MAX_GROUP = 128;
const MAX_WAITING = 10_000;

/**
 * SQLite's one writer. Units run one after another, and many are committed at once: a commit costs an fsync, whatever
 * it holds. Units that arrive while the group before them becomes durable make the next one.
 *
 * A unit that fails seldom has written anything; then there is nothing to undo. Where one has, the whole group is rolled
 * back and run again, each unit in a savepoint of its own. Not so from the first, because savepoints cost more than
 * most units: at the end of each, the index of names writes out what it has.
 */
export class UnitQueue {
  readonly #connection: Connection;
  readonly #log: Pick<LogFile, 'sync'>;
  readonly #times: UnitTimes;
  readonly #onCommit: () => void;
  readonly #waiting: Unit[] = [];
  #scheduled = false;
  #closed = false;
  /** Why nothing can be made durable any more. */
  #failure: { readonly error: unknown } | undefined;
  /** Ends when the last of those who asked for the writer has had it. */
  #turn: Promise<unknown> = Promise.resolve();
  /** So many of the next units are committed each by itself. */
  #singly = 0;
  /** The units of the next group run each in its own savepoint. */
  #guard = false;
  readonly #deadline: Deadline;

  constructor(connection: Connection, log: Pick<LogFile, 'sync'>, times: UnitTimes, onCommit: () => void = () => {}) {
    this.#connection = connection;
    this.#log = log;
    this.#times = times;
    this.#onCommit = onCommit;
    this.#deadline = new Deadline(times.unit);
  }

  unit<T, R>(work: (tx: Kysely<T>) => Promise<R>, { durable = true }: UnitOptions = {}): Promise<R> {
    const refusal = this.refusal();
    if (refusal) return Promise.reject(refusal);
    if (this.#waiting.length >= MAX_WAITING) return Promise.reject(overloadedError());
    return new Promise<R>((resolve, reject) => {
      this.#waiting.push({ work: work as Work, durable, resolve: resolve as Unit['resolve'], reject });
      this.#wake();
    });
  }

  /** Why it takes no units any more; undefined where it does. */
  refusal(): HoldfastError | undefined {
    if (this.#closed) return closedError();
    return this.#failure && lostError(this.#failure.error);
  }

  /** Gives the writer to `action` alone, outside a transaction. */
  async alone<R>(action: (connection: Connection) => Promise<R>): Promise<R> {
    const refusal = this.refusal();
    if (refusal) throw refusal;
    return this.#takeTurn(async () => {
      const result = await action(this.#connection);
      await this.#sync();
      return result;
    });
  }

  /** Refuses new units and ends the waiting ones. */
  async close(): Promise<void> {
    this.#closed = true;
    do {
      await this.#takeTurn(() => this.#commitGroup());
    } while (this.#waiting.length > 0);
  }

  #wake(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      void this.#takeTurn(() => this.#commitGroup());
    });
  }

  #takeTurn<R>(action: () => Promise<R>): Promise<R> {
    const turn = this.#turn.then(action);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /** Never throws: whatever happens is answered to the callers. */
  async #commitGroup(): Promise<void> {
    if (this.#waiting.length === 0 || !(await this.#begin())) return;
    const units: Unit[] = [];
    const early: (() => void)[] = [];
    const durable: (() => void)[] = [];
    const run = this.#guard ? this.#runGuarded : this.#run;
    this.#guard = false;
    try {
      for (const unit of this.#nextUnits()) {
        units.push(unit);
        (unit.durable ? durable : early).push(await run(unit));
      }
      this.#connection.run('COMMIT');
      for (const answer of early) answer();
      if (durable.length > 0) await this.#sync();
      for (const answer of durable) answer();
      this.#onCommit();
    } catch (error) {
      if (this.#connection.inTransaction) this.#connection.run('ROLLBACK');
      this.#answerLost(units, error);
    }
    if (this.#waiting.length > 0) this.#wake();
  }

  /**
   * After a failed fsync the system may count as written what is not (the next fsync would then succeed), so nothing is
   * taken for durable from there on. A restart reads what the disk really has.
   */
  async #sync(): Promise<void> {
    if (this.#failure) throw lostError(this.#failure.error);
    try {
      await this.#log.sync();
    } catch (error) {
      this.#failure = { error };
      throw lostError(error);
    }
  }

  async #begin(): Promise<boolean> {
    try {
      await whileBusy(() => this.#connection.run('BEGIN IMMEDIATE'));
      return true;
    } catch (error) {
      for (const { reject } of this.#waiting.splice(0)) reject(portError(error));
      return false;
    }
  }

  *#nextUnits(): Generator<Unit> {
    const until = performance.now() + this.#times.group;
    const most = this.#singly > 0 ? 1 : MAX_GROUP;
    for (let taken = 0; taken < most && (taken === 0 || performance.now() < until); taken++) {
      const unit = this.#waiting.shift();
      if (!unit) return;
      if (this.#singly > 0) this.#singly--;
      yield unit;
    }
  }

  /**
   * Answers how to answer the caller. Throws where the whole transaction is lost, or has to be undone because of what
   * the unit wrote before it failed.
   */
  readonly #run = async (unit: Unit): Promise<() => void> => {
    const scope = unitScopeOn(this.#connection);
    const before = this.#connection.writes;
    try {
      const value = await this.#deadline.over(unit.work(scope.tx));
      scope.assertWhole();
      return () => unit.resolve(value);
    } catch (error) {
      if (!this.#connection.inTransaction) throw scope.failure ? scope.failure.error : error;
      if (this.#connection.writes !== before) throw new HalfWritten(error);
      return () => unit.reject(portError(error));
    } finally {
      scope.end();
    }
  };

  /** The same, and undoes what the unit alone wrote. */
  readonly #runGuarded = async (unit: Unit): Promise<() => void> => {
    this.#connection.run('SAVEPOINT unit');
    try {
      const answer = await this.#run(unit);
      this.#connection.run('RELEASE unit');
      return answer;
    } catch (error) {
      if (!(error instanceof HalfWritten)) throw error;
      this.#connection.run('ROLLBACK TO unit');
      this.#connection.run('RELEASE unit');
      return () => unit.reject(portError(error.reason));
    }
  };

  /** Nothing of the group was committed; what one was answered because of what another had written is void, too. */
  #answerLost(units: readonly Unit[], error: unknown): void {
    if (error instanceof HalfWritten) {
      const [first, ...others] = units;
      if (others.length === 0) {
        first?.reject(portError(error.reason));
        return;
      }
      this.#waiting.unshift(...units);
      this.#guard = true;
      return;
    }
    if (isConstraint(error) && units.length > 1) {
      // A deferred constraint of one of them failed the commit. Alone, each gets its own answer.
      this.#waiting.unshift(...units);
      this.#singly += units.length;
      return;
    }
    for (const { reject } of units) reject(portError(error));
  }
}

/** A unit failed after it had written. */
class HalfWritten extends Error {
  readonly reason: unknown;

  constructor(reason: unknown) {
    super('A unit of work failed after it had written.');
    this.reason = reason;
  }
}

/**
 * Gives up work that is late. Only such that awaits something else than the database can be, and it holds up everybody:
 * it is a defect. One timer for all, as one runs at a time and they are many.
 */
class Deadline {
  readonly #timer: NodeJS.Timeout;
  #giveUp: (() => void) | undefined;

  constructor(milliseconds: number) {
    this.#timer = setTimeout(() => this.#giveUp?.(), milliseconds).unref();
  }

  over<R>(work: Promise<R>): Promise<R> {
    this.#timer.refresh();
    return new Promise((resolve, reject) => {
      this.#giveUp = () =>
        reject(new Error('A unit of work was given up: it awaited something that is not its database.'));
      work.then(resolve, reject);
    });
  }
}
