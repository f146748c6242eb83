import { byLast, pages } from './pages.ts';
import { add } from './report.ts';
import type { Step, Sweep } from './sweep.ts';

/** The most that a store answers at a time. */
const LISTED = 1_000;

/**
 * More orphans than this share of all objects, and more than a handful, are rather a sign that the database is not
 * the one of these objects (an old backup, say) than litter: nothing is deleted then.
 */
const SUSPICIOUS_SHARE = 0.01;
const HANDFUL = 10;

/**
 * Objects that no row refers to: what a crash or a worker that lost its lease left. They are marked when first seen,
 * and deleted by a sweep after the grace period, which files keeps; so nothing that is just being written is touched.
 */
export const sweepOrphans: Step = async (sweep) => {
  await markUnreferenced(sweep);
  const due = await countDue(sweep);
  const { orphans } = sweep.report;
  if (due > HANDFUL && due > orphans.objects * SUSPICIOUS_SHARE && !sweep.allOrphans) {
    orphans.stopped =
      `${due} of ${orphans.objects} objects would be deleted because no file refers to them. ` +
      'That is suspiciously many: make sure that database and object store belong together and are of the same time. ' +
      'If they are, run "holdfast sweep --all-orphans".';
    sweep.log.error({ due, objects: orphans.objects }, orphans.stopped);
    return;
  }
  await deleteDue(sweep);
};

async function markUnreferenced({ maintenance, storage, context, dryRun, report }: Sweep): Promise<void> {
  for (let after = ''; ; ) {
    context.signal.throwIfAborted();
    const { objects, next } = await storage.listObjects({ prefix: '', after, limit: LISTED }, context);
    report.orphans.objects += objects.length;
    if (objects.length > 0) {
      const keys = objects.map(({ key }) => key);
      const { unreferenced } = await maintenance.reviewObjects({ keys, dryRun }, context);
      const sizes = new Map(objects.map(({ key, size }) => [key, size]));
      for (const key of unreferenced) add(report.orphans.unreferenced, key, sizes.get(key));
    }
    if (next === '') return;
    after = next;
  }
}

const duePages = ({ maintenance, context }: Sweep) =>
  pages(async (after, limit) => byLast((await maintenance.listOrphans({ after, limit }, context)).keys));

async function countDue(sweep: Sweep): Promise<number> {
  let due = 0;
  for await (const keys of duePages(sweep)) due += keys.length;
  return due;
}

async function deleteDue(sweep: Sweep): Promise<void> {
  const { maintenance, storage, context, dryRun, report } = sweep;
  for await (const due of duePages(sweep)) {
    context.signal.throwIfAborted();
    const keys = [...due];
    // Looked at once more, because a day has passed since they were marked.
    const { unreferenced } = await maintenance.reviewObjects({ keys, dryRun: true }, context);
    for (const key of unreferenced) add(report.orphans.deleted, key);
    if (dryRun) continue;
    await storage.deleteObjects({ keys: unreferenced, prefixes: [] }, context);
    await maintenance.forgetOrphans({ keys }, context);
  }
}
