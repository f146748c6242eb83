/**
 * `npm run mesh`: starts PostgreSQL, an S3 store and NATS, and every service of Holdfast in processes of its own, two of
 * each where they share work, with certificates made for them and for a back end called `example`. Prints
 * `GATEWAY_URL=…`, a line `service pid address` for each process, then `ready` and, on standard error, the folder with
 * `certs/` and `logs/`; ends all of it at Ctrl-C or SIGTERM, and removes the folder.
 *
 *   npm run mesh -- --restart     starts again what dies; without it, what dies stays dead
 *   npm run mesh -- --install     installs engines that are missing first (Debian, as root)
 *
 * Exits with 0 after having been ended, 1 when something did not start, 2 for wrong arguments, 3 when an engine is missing.
 */

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Engine, type EngineName, startEngine } from '../test/harness/engines/index.ts';
import { meshOf } from '../test/harness/members.ts';
import { endOfRun } from './engines/end-of-run.ts';
import { provideEngines } from './engines/provide.ts';
import { Mesh } from './mesh/processes.ts';

const ENGINES: readonly EngineName[] = ['postgres', 's3', 'nats'];

process.exitCode = await main();
// What waits still, such as a parent that we watch, must not keep us.
process.exit();

async function main(): Promise<number> {
  let options: { restart?: boolean; install?: boolean };
  try {
    options = parseArgs({ options: { restart: { type: 'boolean' }, install: { type: 'boolean' } } }).values;
  } catch (error) {
    console.error((error as Error).message);
    return 2;
  }
  if (!(await provideEngines(ENGINES, options))) return 3;
  const ended = endOfRun();
  const engines = new Map<EngineName, Engine>();
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-mesh-'));
  const logs = join(folder, 'logs');
  const mesh = new Mesh({ restart: options.restart ?? false, logs });
  try {
    await mkdir(logs);
    await Promise.all(ENGINES.map(async (name) => engines.set(name, await startEngine(name))));
    const url = (name: EngineName) => (engines.get(name) as Engine).url;
    const common = {
      DATABASE_URL: url('postgres'),
      STORAGE_URL: url('s3'),
      BROKER_URL: url('nats'),
      JWT_SECRET: 'a secret of this mesh, which nobody else reaches',
    };
    await mesh.start(await meshOf({ folder, common }));
    for (const line of mesh.lines()) console.log(line);
    console.log('ready');
    console.error(`Certificates and logs are in ${folder}, as long as it runs.`);
    await ended;
    return 0;
  } catch (error) {
    console.error((error as Error).message);
    return 1;
  } finally {
    await mesh.stop();
    await Promise.all([...engines.values()].map((engine) => engine.stop()));
    await rm(folder, { recursive: true, force: true });
  }
}
