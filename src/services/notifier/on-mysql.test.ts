import { describeWithEngines, place } from '../../../test/harness/engines/use.ts';
import { notifierLaws } from './conformance/index.ts';

describeWithEngines(['mysql'], 'the notifier on MySQL', () => {
  notifierLaws(async () => ({ ...(await place('mysql')), dataDir: '/nowhere' }));
});
