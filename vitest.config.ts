import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';
import SlowestFirst from './scripts/test/slowest-first.ts';
import { absent, type EngineName } from './test/harness/engines/index.ts';
import { PATIENCE } from './test/harness/patience.ts';
import { EMBEDDED, type StackKind } from './test/harness/stack-kind.ts';

const workers = Math.min(8, Math.max(2, availableParallelism()));

/** What the API is tested on beside the embedded default: two whole servers each, or the services apart. */
const STACKS: readonly StackKind[] = [
  { database: 'postgres', objects: 's3', broker: 'nats' },
  { database: 'postgres', objects: 's3', broker: 'redis' },
  { database: 'mysql', objects: 's3', broker: 'rabbitmq' },
  { database: 'postgres', objects: 'disk', broker: 'rabbitmq' },
  { database: 'postgres', objects: 's3', broker: 'nats', apart: 'mesh' },
];

/** Groups run one after another. */
const project = (name: string, groupOrder: number, include: string[], maxWorkers = workers, stack = EMBEDDED) => ({
  extends: true as const,
  test: { name, include, maxWorkers, sequence: { groupOrder }, provide: { stack, leftOut: '' } },
});

/** Tests of drivers, most of them on the real server. */
const DRIVERS = 'src/drivers/**/*.test.ts';

const without = (made: ReturnType<typeof project>, exclude: string) => ({
  ...made,
  test: { ...made.test, exclude: [...configDefaults.exclude, exclude] },
});

/** One more than there is room for: each waits now and then, for a server or a child. */
const servers = Math.max(2, Math.floor(workers / 2)) + 1;

/** Moves gigabytes, and needs no more than each object store once: in a whole server, and apart. */
const LARGE = 'test/api/large-file.test.ts';
const largeIsSeenOn = (stack: StackKind) => {
  const isAlike = ({ objects, apart }: StackKind) => objects === stack.objects && apart === stack.apart;
  return [EMBEDDED, ...STACKS].find(isAlike) !== stack;
};

/** The tests of the API that depend on what a stack stands on; in their place one that says why they are left out. */
function apiOn(stack: StackKind) {
  const parts = Object.values(stack);
  const leftOut = absent(parts.filter((part): part is EngineName => part !== 'disk' && part !== 'mesh')).join(', ');
  const include = leftOut ? ['test/harness/left-out.ts'] : ['test/api/*.test.ts'];
  const all = project(`api:${parts.join('+')}`, 2, include, servers, stack);
  const made = largeIsSeenOn(stack) ? without(all, LARGE) : all;
  return together({ ...made, test: { ...made.test, provide: { stack, leftOut } } });
}

/** One process runs many files, one after another, and may keep a stack for them. */
function together(made: ReturnType<typeof project>) {
  return { ...made, test: { ...made.test, isolate: false } };
}

export default defineConfig({
  test: {
    pool: 'forks',
    sequence: { sequencer: SlowestFirst },
    // For what hangs without an end: what is waited for has limits of its own (`until`, `expect.poll`), which tell more.
    testTimeout: 5 * 60_000 * PATIENCE,
    hookTimeout: 5 * 60_000 * PATIENCE,
    expect: { poll: { timeout: 60_000 * PATIENCE, interval: 25 } },
    // Where nobody looks on, what fails is tried once more, and the end of the run names each test that passed only then:
    // it is to be mended. What is set up for many tests is not tried again.
    retry: process.env.CI ? 1 : 0,
    silent: 'passed-only',
    // The report names slow tests; those that start servers are not slow by its measure.
    slowTestThreshold: 10_000,
    // Engines that tests share; nothing starts before a test asks for it.
    globalSetup: ['./test/harness/engines/global-setup.ts'],
    reporters: ['default', './scripts/test/collector.ts'],
    projects: [
      without(
        project(
          'unit',
          0,
          ['src/**/*.test.ts', 'scripts/**/*.test.ts', 'bin/*.test.ts', 'test/harness/**/*.test.ts'],
          workers + 1,
        ),
        DRIVERS,
      ),
      // They wait more than they work: for servers that start, are cut off, and come back.
      project('drivers', 1, [DRIVERS], 3 * workers),
      // Beside the API: they wait for what was killed or frozen to come back.
      project('faults', 2, ['test/faults/**/*.test.ts'], servers),
      together(project('api', 2, ['test/api/**/*.test.ts'], servers)),
      ...STACKS.map(apiOn),
    ],
    coverage: {
      provider: 'v8',
      // The servers that tests start count too; those that are killed leave no trace.
      autoAttachSubprocess: true,
      include: ['src/**/*.ts'],
      exclude: [
        'src/contract/**',
        '**/*.test.ts',
        '**/conformance*',
        '**/conformance/**',
        '**/testing/**',
        '**/{laws,testing}.ts',
      ],
      reporter: ['text-summary', 'html', 'lcovonly', 'json-summary'],
      reportsDirectory: 'coverage',
      reportOnFailure: true,
    },
  },
});
