import { describeWithEngines, place } from '../../../test/harness/engines/use.ts';
import { authLaws } from './conformance/index.ts';

describeWithEngines(['mysql'], 'auth on MySQL', () => {
  authLaws(async () => ({ ...(await place('mysql')), dataDir: '/nowhere' }));
});
