import { requireAdmin } from '../access.ts';
import type { AdminVerb } from '../deps.ts';

export const getTotalUsage: AdminVerb<'getTotalUsage'> =
  ({ db }) =>
  async (_, context) => {
    requireAdmin(context);
    const { owners, used, held, files, filesHeld } = await db.laggingReader
      .selectFrom('owners')
      .select(({ fn }) => [
        fn.countAll<number>().as('owners'),
        fn.sum<number | string | null>('used').as('used'),
        fn.sum<number | string | null>('held').as('held'),
        fn.sum<number | string | null>('files').as('files'),
        fn.sum<number | string | null>('files_held').as('filesHeld'),
      ])
      .executeTakeFirstOrThrow();
    return {
      owners: Number(owners),
      usage: {
        ownerId: '',
        bytes: { used: Number(used ?? 0), held: Number(held ?? 0) },
        files: { used: Number(files ?? 0), held: Number(filesHeld ?? 0) },
      },
    };
  };
