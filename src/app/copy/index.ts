import type { Logger } from '../../base/logger.ts';
import type { StoreAccount } from '../drivers.ts';
import { StartError } from '../start-error.ts';
import { checkFreezable, freezeForGood, readFreeze, thaw } from './freeze.ts';
import { GAP, whileFrozen } from './keep-frozen.ts';
import { COPY_MIGRATIONS } from './migrations/index.ts';
import { type ObjectsReport, passObjects } from './objects/pass.ts';
import { isThere, type OpenSide, openSource, openTarget } from './open-side.ts';
import { countDifferences, passLast, passLive, type RowsReport } from './rows/pass.ts';
import { checkApart, readSide, type Side } from './side.ts';
import { readInstallationId, type Survey, survey } from './survey.ts';
import type { AnyTables } from './tables.ts';
import { beginTarget, checkTarget, hasTables, type Target } from './target.ts';

export type { Side } from './side.ts';
export { readSide } from './side.ts';
export type { Survey } from './survey.ts';

export interface Progress {
  /** Begins a part of the work, of so many rows or bytes. */
  part(name: string, total: number, unit: 'rows' | 'bytes'): void;
  advance(by: number): void;
  say(line: string): void;
}

export interface CopyOptions {
  readonly from: string;
  readonly to: string;
  readonly mode: 'copy' | 'rehearse' | 'dry-run';
  /** Leaves out objects that are missing or damaged at the source. */
  readonly skipDamaged: boolean;
  readonly account: StoreAccount;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

export interface CopyReport {
  readonly from: Side;
  readonly to: Side;
  readonly survey: Survey;
  /** Undefined where nothing was copied: a dry run, or a copy that was complete already. */
  readonly rows?: RowsReport;
  readonly objects?: ObjectsReport;
  /** When the copy was complete: milliseconds since 1970, UTC. */
  readonly completedAt: number | undefined;
  /** Milliseconds for which the source refused writers until all was over there. */
  readonly frozenFor?: number;
}

/** Copies an installation, or goes on with a copy. Throws `StartError` where it cannot. */
export async function copyInstallation(options: CopyOptions): Promise<CopyReport> {
  const from = readSide(options.from, '--from');
  const to = readSide(options.to, '--to');
  checkApart(from, to);
  const source = await openSource(from, options);
  try {
    const installation = await readInstallationId(source.database);
    const found = await survey(source.database);
    const known = { from, to, survey: found };
    if (options.mode === 'dry-run') {
      if (await isThere(to)) await withSide(await openSource(to, options), (side) => checkTarget(side, installation));
      return { ...known, completedAt: undefined };
    }
    return await withSide(await openTarget(to, options), async (side) => {
      await checkSourceStore(source, installation);
      const target = await beginTarget(side, installation);
      const copied = await copyTo(target, source, found, options).catch((error) => {
        // What was cut off says only that it was.
        options.signal.throwIfAborted();
        throw error;
      });
      return { ...known, ...copied };
    });
  } finally {
    await source.close();
  }
}

async function copyTo(target: Target, source: OpenSide, found: Survey, options: CopyOptions) {
  if (target.completedAt !== undefined) return { completedAt: await checkStillOver(target, source) };
  if (options.mode === 'copy') await source.database.view().migrate('copy', COPY_MIGRATIONS);
  if (options.mode === 'copy') await checkFreezable(source.database);
  const live = await copyLive(target, source, found, options);
  if (options.mode === 'rehearse') return { ...live, completedAt: undefined };
  const began = performance.now();
  const last = await whileFrozen(source.database, target.copyId, options.signal, (signal) =>
    copyLast(target, source, found, { ...options, signal }),
  );
  const report = { rows: sumRows(live.rows, last.rows), objects: sumObjects(live.objects, last.objects) };
  return { ...report, completedAt: Date.now(), frozenFor: Math.round(performance.now() - began) };
}

/** Passes over the source while people write to it, until little is left for the freeze. */
async function copyLive(target: Target, source: OpenSide, found: Survey, options: CopyOptions) {
  let rows: RowsReport = { added: 0, changed: 0, removed: 0 };
  let objects: ObjectsReport | undefined;
  for (let round = 1; round <= MOST_ROUNDS; round += 1) {
    const name = round === 1 ? 'live' : `live, again (${round})`;
    const pass = passOf(target, source, options);
    options.progress.part(`${name}: rows`, found.rows, 'rows');
    const changed = await passLive(pass);
    options.progress.part(`${name}: objects`, found.bytes, 'bytes');
    const copied = await passObjects(pass.objects);
    rows = sumRows(rows, changed);
    objects = objects ? sumObjects(objects, copied) : copied;
    if (changed.added + changed.changed + changed.removed + copied.copied < FEW) break;
  }
  return { rows, objects: objects as ObjectsReport };
}

/** With less than so many changes in a pass, the next one is the last. */
const FEW = 200;
const MOST_ROUNDS = 5;

async function copyLast(target: Target, source: OpenSide, found: Survey, options: CopyOptions) {
  const { progress, skipDamaged } = options;
  const pass = passOf(target, source, options);
  progress.say('The source is frozen: it serves, and refuses changes.');
  // They go twice through the rows.
  progress.part('last: rows', found.rows * 2, 'rows');
  const rows = await passLast(pass);
  progress.part('last: objects', found.bytes, 'bytes');
  const objects = await passObjects(pass.objects);
  if (objects.damaged > 0 && !skipDamaged) throw new StartError(damage(objects));
  progress.part('verify: rows', found.rows, 'rows');
  const differences = await countDifferences(pass);
  if (differences > 0)
    throw new StartError(`${differences} rows are not in the copy as they are in the source. ${AGAIN}`);
  if (!(await freezeForGood(source.database, target.copyId))) throw new StartError(GAP);
  await target.complete();
  return { rows, objects };
}

const AGAIN = 'Run the same command again: it goes on.';

const damage = ({ damaged, examples }: ObjectsReport) =>
  `${damaged} objects of the source are missing or are not what their rows say (${examples.join(', ')}` +
  `${damaged > examples.length ? ', …' : ''}). Restore them from a backup, or leave them out with --skip-damaged.`;

function passOf(target: Target, source: OpenSide, { progress, signal }: CopyOptions) {
  const view = source.database.view<AnyTables>();
  const tell = (by: number) => progress.advance(by);
  const objects = { source: { view, objects: source.objects }, target, onBytes: tell, signal };
  return { source: view, target, onRows: tell, signal, objects };
}

async function checkSourceStore({ objects }: OpenSide, installation: string): Promise<void> {
  if ((await objects.installation()) === installation) return;
  throw new StartError('--from: the object store does not belong to the database. Name the two of one server.');
}

/** A copy that was complete is left as it is: servers may write to it since. */
async function checkStillOver({ copyId, completedAt }: Target, { database }: OpenSide): Promise<number | undefined> {
  const held = (await hasTables(database, 'copy', '0001_copy')) ? await readFreeze(database) : undefined;
  if (held?.copyId === copyId) return completedAt;
  throw new StartError(
    '--to: the copy there was complete, and the source was taken into use again since. Name an empty place after --to.',
  );
}

/** Lets writers into an installation again that was frozen by a copy. Answers whether it was. */
export async function thawInstallation(
  options: Pick<CopyOptions, 'from' | 'account' | 'log'>,
): Promise<{ readonly wasFrozen: boolean }> {
  return withSide(await openSource(readSide(options.from, '--from'), options), async ({ database }) => {
    await readInstallationId(database);
    if (!(await hasTables(database, 'copy', '0001_copy'))) return { wasFrozen: false };
    const wasFrozen = (await readFreeze(database)) !== undefined;
    await thaw(database);
    return { wasFrozen };
  });
}

async function withSide<T>(side: OpenSide, work: (side: OpenSide) => Promise<T>): Promise<T> {
  try {
    return await work(side);
  } finally {
    await side.close();
  }
}

const sumRows = (a: RowsReport, b: RowsReport): RowsReport => ({
  added: a.added + b.added,
  changed: a.changed + b.changed,
  removed: a.removed + b.removed,
});

const sumObjects = (a: ObjectsReport, b: ObjectsReport): ObjectsReport => ({
  copied: a.copied + b.copied,
  bytes: a.bytes + b.bytes,
  damaged: b.damaged,
  examples: b.examples,
});
