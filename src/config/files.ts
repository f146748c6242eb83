import { parseDuration, parseSize } from '../base/units.ts';
import { allOf, atLeast, contentType, integer, setting } from './setting.ts';

/** What files may be, and how long things are kept. */
export const FILES = {
  maxFileSize: setting(
    'MAX_FILE_SIZE',
    '5GB',
    'a size such as 100MB',
    atLeast(1, parseSize),
    'Larger files are refused.',
  ),
  allowedTypes: setting(
    'ALLOWED_TYPES',
    '',
    'content types such as image/*,application/pdf',
    allOf((item) => contentType.test(item)),
    'Content types that may be uploaded; empty for all.',
  ),
  userQuota: setting(
    'USER_QUOTA',
    undefined,
    'a size such as 10GB',
    parseSize,
    'Bytes that one owner may store. Default: no limit.',
  ),
  userMaxFiles: setting(
    'USER_MAX_FILES',
    undefined,
    'a number of 1 or more',
    integer(1, 1e12),
    'Files that one owner may have, those in the trash included. Default: no limit.',
  ),
  trashRetention: setting(
    'TRASH_RETENTION',
    '30d',
    'a time such as 30d',
    parseDuration,
    'How long deleted files can be restored.',
  ),
  uploadExpiry: setting(
    'UPLOAD_EXPIRY',
    '24h',
    'a time of 1s or more, such as 24h',
    atLeast(1000, parseDuration),
    'How long an upload may take until it is confirmed.',
  ),
  cleanupInterval: setting(
    'CLEANUP_INTERVAL',
    '1h',
    'a time of 1s or more, such as 1h',
    atLeast(1000, parseDuration),
    'How often the janitor sweeps.',
  ),
} as const;
