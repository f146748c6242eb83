import type { Config } from '../../config.ts';
import { openCatalog } from '../catalog.ts';
import { type Finding, ok } from './finding.ts';

export async function examinePresets(config: Config): Promise<Finding> {
  await openCatalog(config);
  return ok('presets', config.presetsFile === undefined ? 'the built-in ones' : `${config.presetsFile} is right`);
}
