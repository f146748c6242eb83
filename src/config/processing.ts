import { parseDuration, parseSize } from '../base/units.ts';
import { atLeast, integer, path, setting } from './setting.ts';

/** What is made of files. */
export const PROCESSING = {
  presetsFile: setting('PRESETS_FILE', undefined, 'a JSON file', path, 'Presets in place of the built-in ones.'),
  watermarkText: setting(
    'WATERMARK_TEXT',
    undefined,
    '1 to 100 characters',
    (value) => (value.length <= 100 ? value : undefined),
    'Adds a watermark variant with this text to the built-in presets.',
  ),
  workerConcurrency: setting(
    'WORKER_CONCURRENCY',
    '4',
    'a number from 1 to 64',
    integer(1, 64),
    'Files processed at a time.',
  ),
  jobTimeout: setting(
    'JOB_TIMEOUT',
    '5m',
    'a time of 1s or more, such as 90s or 5m',
    atLeast(1000, parseDuration),
    'A job that takes longer is killed.',
  ),
  jobMemory: setting(
    'JOB_MEMORY',
    '1GB',
    'a size of 128MB or more',
    atLeast(128 * 1024 ** 2, parseSize),
    'A processing child that needs more memory is killed.',
  ),
  maxPixels: setting(
    'MAX_PIXELS',
    '100000000',
    'a number of 1000000 or more',
    integer(1_000_000, 1e10),
    'Images with more pixels are not decoded.',
  ),
  maxRetries: setting(
    'MAX_RETRIES',
    '3',
    'a number from 0 to 20',
    integer(0, 20),
    'How often a job that failed for a passing reason is tried again.',
  ),
} as const;
