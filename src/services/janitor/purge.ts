import { toWord } from '../../base/enum-words.ts';
import { PurgeReason } from '../../contract/holdfast/internal/v1/maintenance.ts';
import { eachItem } from './each-item.ts';
import { pages } from './pages.ts';
import { purgeFile } from './purge-file.ts';
import { add } from './report.ts';
import type { Step } from './sweep.ts';

/** Removes for good what is due. */
export const purge: Step = async (sweep) => {
  const { maintenance, context, dryRun, report } = sweep;
  const due = pages(async (after, limit) => {
    const { files, next } = await maintenance.listPurgeable({ after, limit }, context);
    return { items: files, next };
  });
  for await (const page of due) {
    await eachItem(
      sweep,
      page,
      ({ fileId }) => ({ file_id: fileId }),
      async ({ fileId, reason, size }) => {
        if (dryRun || (await purgeFile(sweep, fileId, context))) {
          add(report.purged[toWord(PurgeReason, reason)], fileId, size);
        }
      },
    );
  }
};
