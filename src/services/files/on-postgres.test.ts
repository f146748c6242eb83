import { describeWithEngines, place } from '../../../test/harness/engines/use.ts';
import { filesLaws } from './conformance/index.ts';
import { openTestFiles } from './testing.ts';

describeWithEngines(['postgres'], 'files on PostgreSQL', () => {
  filesLaws(async (settings) => openTestFiles(settings, await place('postgres')));
});
