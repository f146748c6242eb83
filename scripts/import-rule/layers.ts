/** Paths here are relative to src/, with `/`. */

interface Layer {
  /** What the layer is called in a message. */
  readonly name: string;
  /** The files of the layer; what its group catches can be used in `knows` as `$1`, `$2`. */
  readonly files: RegExp;
  /** What these files may import; with `!`, what not. The last that fits counts. */
  readonly knows: readonly string[];
}

const PORTS = 'drivers/*/port.ts';

/** Who may know whom. The first that fits a file counts; a file that fits none has no place in the house. */
const LAYERS: readonly Layer[] = [
  { name: 'contract', files: /^contract\//, knows: ['contract/**'] },
  { name: 'base', files: /^base\//, knows: ['base/**'] },
  { name: 'rpc', files: /^rpc\//, knows: ['rpc/**', 'contract/**', 'base/**'] },
  { name: 'the outbox', files: /^outbox\//, knows: ['outbox/**', 'base/**', PORTS] },
  {
    name: 'a service',
    files: /^services\/([^/]+)\//,
    knows: ['services/$1/**', 'contract/**', 'base/**', 'rpc/**', 'outbox/**', PORTS],
  },
  // They speak to the servers that brokers speak to, and find back to them in the same way.
  {
    name: 'a driver of store events',
    files: /^drivers\/store-events\/([^/]+)\//,
    knows: [
      'drivers/store-events/$1/**',
      'drivers/store-events/*.ts',
      '!drivers/store-events/index.ts',
      'drivers/broker/**',
      '!drivers/broker/index.ts',
      'base/**',
    ],
  },
  {
    name: 'what drivers of store events share',
    files: /^drivers\/store-events\/(?!port\.ts|index\.ts)[^/]+\.ts$/,
    knows: [
      'drivers/store-events/*.ts',
      '!drivers/store-events/index.ts',
      'drivers/broker/*.ts',
      '!drivers/broker/index.ts',
      'base/**',
    ],
  },
  {
    name: 'a driver',
    files: /^drivers\/([^/]+)\/([^/]+)\//,
    knows: ['drivers/$1/$2/**', 'drivers/$1/*.ts', '!drivers/$1/index.ts', 'base/**'],
  },
  { name: 'the opener of drivers', files: /^drivers\/([^/]+)\/index\.ts$/, knows: ['drivers/$1/**', 'base/**'] },
  {
    name: 'a port',
    files: /^drivers\/([^/]+)\/[^/]+\.ts$/,
    knows: ['drivers/$1/*.ts', '!drivers/$1/index.ts', 'base/**'],
  },
  { name: 'config.ts', files: /^config(\.ts$|\/)/, knows: ['config/**', 'base/**'] },
  { name: 'the composition root', files: /^(app|commands)\/|^cli\.ts$/, knows: ['**', '../package.json'] },
];

/** Tests and the suites that drivers share stand outside of the house: they may know all of it, and nobody them. */
export const isTest = (path: string): boolean => /\.test\.ts$|(^|\/)(conformance|laws|testing)(\.ts$|\/)/.test(path);

/** Who may read the environment: it is read once. */
export const mayReadEnvironment = (path: string): boolean => path === 'cli.ts';

/** Whether a file has a place in the house. */
export const hasPlace = (path: string): boolean => LAYERS.some(({ files }) => files.test(path));

/** Why `from` may not import `to`; undefined where it may. A `to` that is computed when it runs is undefined. */
export function objection(from: string, to: string | undefined): string | undefined {
  const layer = LAYERS.find(({ files }) => files.test(from));
  if (!layer || (to === undefined && layer.knows.includes('**'))) return undefined;
  if (to === undefined) return 'it is only known when it runs, so it cannot be checked';
  if (isTest(to)) return 'it is for tests only';
  const groups = layer.files.exec(from) ?? [];
  const allowed = layer.knows.map((glob) => glob.replace(/\$(\d)/g, (_, group: string) => groups[Number(group)] ?? ''));
  const last = allowed.findLast((glob) => fits(to, glob.replace('!', '')));
  return last && !last.startsWith('!') ? undefined : `${layer.name} may know only ${allowed.join(', ')}`;
}

/** `*` stands for a name, `**` for a path inside of src/. */
function fits(path: string, glob: string): boolean {
  const pattern = glob
    .replaceAll('.', '\\.')
    .replace(/\*\*|\*/g, (stars) => (stars === '*' ? '[^/]*' : '(?!\\.\\./).*'));
  return new RegExp(`^${pattern}$`).test(path);
}
