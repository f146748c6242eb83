import { LostUploadOutcome } from '../../contract/holdfast/internal/v1/maintenance.ts';
import { eachItem } from './each-item.ts';
import { byLast, pages } from './pages.ts';
import { add } from './report.ts';
import type { Step } from './sweep.ts';

/** Confirms uploads whose bytes came but whose confirmation did not, and gives up those past their expiry. */
export const settleLostUploads: Step = async (sweep) => {
  const { maintenance, context, dryRun, report } = sweep;
  const { found, confirmed, expired } = report.lostUploads;
  const lost = pages(async (after, limit) =>
    byLast((await maintenance.listLostUploads({ after, limit }, context)).fileIds),
  );
  for await (const page of lost) {
    await eachItem(
      sweep,
      page,
      (fileId) => ({ file_id: fileId }),
      async (fileId) => {
        add(found, fileId);
        if (dryRun) return;
        const { outcome } = await maintenance.settleLostUpload({ fileId }, context);
        if (outcome === LostUploadOutcome.CONFIRMED) add(confirmed, fileId);
        if (outcome === LostUploadOutcome.EXPIRED) add(expired, fileId);
      },
    );
  }
};
