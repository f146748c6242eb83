import type { Api } from '../../harness/client.ts';

/** What the server may be left with of a file, as far as its clients were told. */
export type Fate = 'kept' | 'trashed' | 'purged';

/** A file whose upload was accepted. */
export interface Accepted {
  readonly id: string;
  readonly name: string;
  readonly sha256: string;
  readonly size: number;
  /** More than one while the outcome of a request is not known. */
  fates: readonly Fate[];
  /** How often somebody tried to change its fate. */
  changes: number;
  /** Nobody is to change its fate any more: see `Ledger.standstill`. */
  leftAlone: boolean;
}

/** A request with an Idempotency-Key whose answer never came: sent again, it must not make a second file. */
export interface Unanswered {
  readonly name: string;
  /** Resolves when it was answered, whatever the answer; the ledger knows it then. */
  send(api: Api): Promise<void>;
}

/** What clients know: what was promised to them, and what they cannot know. */
export class Ledger {
  readonly accepted = new Map<string, Accepted>();
  readonly unanswered: Unanswered[] = [];
  /** Names of uploads that may or may not have been accepted. */
  readonly uncertain = new Set<string>();
  /** Names that were refused, or whose upload was given up: there is no such file. */
  readonly refused = new Set<string>();
  /** Jobs of files that were accepted. */
  readonly jobs = new Set<string>();
  /** What was seen and should not have been. */
  readonly broken: string[] = [];
  acknowledged = 0;
  /**
   * Whether a service or a line stands still for a while. A request that waits there is given up and sent to another; it
   * may be carried out all the same when all goes on, and undo what was done to the file since.
   */
  standstill = false;

  accept(file: Pick<Accepted, 'id' | 'name' | 'sha256' | 'size'>): void {
    const known = this.accepted.get(file.id);
    if (known && known.name !== file.name) this.broken.push(`${file.id} is ${known.name} and ${file.name}`);
    if (!known) this.accepted.set(file.id, { ...file, fates: ['kept'], changes: 0, leftAlone: false });
    this.acknowledged += 1;
  }

  /** Notes that a request which leads to this fate was sent; `settle` says what came of it. */
  attempt(file: Accepted, fate: Fate): { settle(done: boolean): void } {
    const before = file.fates;
    file.fates = [...new Set([...before, fate])];
    file.changes += 1;
    file.leftAlone ||= this.standstill;
    return {
      settle: (done) => {
        file.fates = done ? [fate] : before;
        if (done) this.acknowledged += 1;
      },
    };
  }
}
