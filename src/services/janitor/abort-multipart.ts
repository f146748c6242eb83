import { eachItem } from './each-item.ts';
import { add } from './report.ts';
import type { Step } from './sweep.ts';

/** Beyond the expiry of an upload, in milliseconds: until then its own row has it aborted. */
const GRACE = 24 * 3_600_000;

/** In one sweep; the next ones have their turn in the next. */
const MOST = 10_000;

/** Multipart uploads that no row knows (any more), such as one begun a moment before a crash: their time is long past. */
export const abortMultipart: Step = async (sweep) => {
  const { storage, context, dryRun, report, uploadExpiry } = sweep;
  const begunBefore = new Date(Date.now() - uploadExpiry - GRACE);
  /** Some stores go on listing uploads that are gone. */
  const seen = new Set<string>();
  while (seen.size < MOST) {
    const { uploads } = await storage.listMultipart({ begunBefore }, context);
    const fresh = uploads.filter(({ multipartId }) => !seen.has(multipartId));
    if (fresh.length === 0) return;
    for (const { multipartId } of fresh) seen.add(multipartId);
    await eachItem(
      sweep,
      fresh,
      ({ key, multipartId }) => ({ key, multipart_id: multipartId }),
      async ({ key, multipartId }) => {
        if (!dryRun) await storage.abortMultipart({ key, multipartId }, context);
        add(report.multipart, key);
      },
    );
    // The store answers the oldest, so that the next ones show only when these are gone.
    if (dryRun) return;
  }
};
