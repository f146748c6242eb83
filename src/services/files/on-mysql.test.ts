import { describeWithEngines, place } from '../../../test/harness/engines/use.ts';
import { filesOnDatabaseLaws } from './conformance/index.ts';
import { openTestFiles } from './testing.ts';

describeWithEngines(['mysql'], 'files on MySQL', () => {
  filesOnDatabaseLaws(async (settings) => openTestFiles(settings, await place('mysql')));
});
