import { describeWithEngines, place } from '../../../test/harness/engines/use.ts';
import { notifierLaws } from './conformance/index.ts';

describeWithEngines(['postgres'], 'the notifier on PostgreSQL', () => {
  notifierLaws(async () => ({ ...(await place('postgres')), dataDir: '/nowhere' }));
});
