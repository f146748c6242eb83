import type { Config } from '../config.ts';
import type { ProcessingCatalog } from '../services/files/catalog.ts';
import { createCatalog } from '../services/processor/catalog.ts';
import { loadPresets, PresetsError } from '../services/processor/presets.ts';
import { StartError } from './start-error.ts';

/** What can be made of a file, by the presets that are set. Throws `StartError` where these are not right. */
export async function openCatalog({ presetsFile: file, watermarkText }: Config): Promise<ProcessingCatalog> {
  try {
    return createCatalog(await loadPresets({ file, watermarkText }));
  } catch (error) {
    if (!(error instanceof PresetsError)) throw error;
    throw new StartError(`PRESETS_FILE: ${file} is not right: ${error.problems.join('; ')}.`, error);
  }
}
