import { describeWithEngines, place } from '../../../../test/harness/engines/use.ts';
import { databaseConformance } from '../conformance.ts';

describeWithEngines(['postgres'], 'the PostgreSQL driver', () => {
  databaseConformance({
    name: 'PostgreSQL',
    start: async () => ({ ...(await place('postgres')), dataDir: '/nowhere' }),
  });
});
