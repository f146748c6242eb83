import { describeWithEngines, place } from '../../../test/harness/engines/use.ts';
import { authLaws } from './conformance/index.ts';

describeWithEngines(['postgres'], 'auth on PostgreSQL', () => {
  authLaws(async () => ({ ...(await place('postgres')), dataDir: '/nowhere' }));
});
