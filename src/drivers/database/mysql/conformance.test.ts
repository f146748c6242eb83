import { describeWithEngines, place } from '../../../../test/harness/engines/use.ts';
import { databaseConformance } from '../conformance.ts';

describeWithEngines(['mysql'], 'the driver of MySQL and MariaDB', () => {
  databaseConformance({
    name: 'mysql',
    start: async () => ({ ...(await place('mysql')), dataDir: '' }),
  });
});
