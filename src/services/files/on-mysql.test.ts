import { describeWithEngines, place } from '../../../test/harness/engines/use.ts';
import { filesLaws } from './conformance/index.ts';
import { openTestFiles } from './testing.ts';

describeWithEngines(['mysql'], 'files on MySQL', () => {
  filesLaws(async (settings) => openTestFiles(settings, await place('mysql')));
});
