import { describeWithEngines, place } from '../../../test/harness/engines/use.ts';
import { filesOnDatabaseLaws } from './conformance/index.ts';
import { openTestFiles } from './testing.ts';

describeWithEngines(['postgres'], 'files on PostgreSQL', () => {
  filesOnDatabaseLaws(async (settings) => openTestFiles(settings, await place('postgres')));
});
