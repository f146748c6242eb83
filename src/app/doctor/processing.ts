import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from '../../base/logger.ts';
import type { Config } from '../../config.ts';
import { selfTest } from '../../services/processor/index.ts';
import { openCatalog } from '../catalog.ts';
import { processorSettings } from '../services.ts';
import { type Finding, failed, ok } from './finding.ts';

export async function examinePresets(config: Config): Promise<Finding> {
  await openCatalog(config);
  return ok('presets', config.presetsFile === undefined ? 'the built-in ones' : `${config.presetsFile} is right`);
}

/** Runs every processor on a file of every format, in a sandbox of its own. */
export async function examineProcessors(config: Config, log: Logger, signal: AbortSignal): Promise<Finding> {
  const scratch = join(tmpdir(), `holdfast-doctor-${process.pid}`);
  try {
    const { works, broken } = await selfTest(processorSettings(config, scratch), log, signal);
    if (broken.length === 0) return ok('processing', `works for ${works.join(', ')}`);
    return failed('processing', broken.map(({ what, problem }) => `${what}: ${problem}`).join('; '), MEND_PROCESSING);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

export const MEND_PROCESSING = 'Install the dependencies again, with "npm ci".';
