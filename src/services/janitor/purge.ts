import { toWord } from '../../base/enum-words.ts';
import { type Purgeable, PurgeReason } from '../../contract/holdfast/internal/v1/maintenance.ts';
import { eachItem } from './each-item.ts';
import { pages } from './pages.ts';
import { add } from './report.ts';
import type { Step, Sweep } from './sweep.ts';

/** Removes for good what is due: the objects first, and the rows only when the objects are gone. */
export const purge: Step = async (sweep) => {
  const { maintenance, context, dryRun, report } = sweep;
  const due = pages(
    async (after, limit) => (await maintenance.listPurgeable({ after, limit }, context)).files,
    ({ fileId }) => fileId,
  );
  for await (const page of due) {
    await eachItem(
      sweep,
      page,
      ({ fileId }) => ({ file_id: fileId }),
      async (file) => {
        if (dryRun || (await purgeFile(sweep, file))) {
          add(report.purged[toWord(PurgeReason, file.reason)], file.fileId, file.size);
        }
      },
    );
  }
};

/** False where the file is not up for purging any more. Safe to repeat after a stop at any point. */
async function purgeFile({ maintenance, storage, context }: Sweep, { fileId }: Purgeable): Promise<boolean> {
  const { begun, keys, prefixes, multipartKey, multipartId } = await maintenance.beginPurge({ fileId }, context);
  if (!begun) return false;
  if (multipartKey !== undefined && multipartId !== undefined) {
    await storage.abortMultipart({ key: multipartKey, multipartId }, context);
  }
  await storage.deleteObjects({ keys, prefixes }, context);
  await maintenance.finishPurge({ fileId }, context);
  return true;
}
