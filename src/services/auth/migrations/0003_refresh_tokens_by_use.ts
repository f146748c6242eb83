import type { Migration } from '../../../drivers/database/port.ts';

/** For pruning: each session leaves one used token behind every quarter of an hour. */
export const refreshTokensByUse: Migration = {
  name: '0003_refresh_tokens_by_use',
  async up(db) {
    await db.schema.createIndex('refresh_tokens_by_use').on('refresh_tokens').column('used_at').execute();
  },
};
