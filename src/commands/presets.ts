import { Command } from 'commander';
import {
  createCatalog,
  loadPresets,
  optionsOf,
  PROCESSABLE_TYPES,
  PROCESSORS,
  type Preset,
  PresetsError,
} from '../services/processor/index.ts';
import type { CommandContext } from './context.ts';

const CHECK_HELP = `
FILE is a JSON list of presets, such as
  [
    {"type": "thumbnail", "processor": "thumbnail", "options": {"width": 200, "height": 200}},
    {"type": "preview", "processor": "resize", "accepts": ["image/png"]}
  ]
Exits with 1 when something is wrong with it. The server takes it with PRESETS_FILE=FILE.`;

const LIST_HELP = `
Shows what uploaded files get, by PRESETS_FILE or the built-in presets, and the processors with their options.`;

export const presetsCommand = (context: CommandContext): Command =>
  new Command('presets')
    .description('Show what is made of uploaded files, or check a presets file.')
    .addCommand(
      new Command('check')
        .description('Check a presets file, and show what each content type would get.')
        .argument('<file>', 'a JSON file')
        .addHelpText('after', CHECK_HELP)
        .action(async (file: string) => {
          const presets = await readPresets(file);
          if (presets) for (const line of describePresets(presets)) console.log(line);
        }),
    )
    .addCommand(
      new Command('list')
        .description('Show the presets in effect, and all processors with their options.')
        .addHelpText('after', LIST_HELP)
        .action(async () => {
          const { presetsFile, watermarkText } = context.config();
          const presets = await readPresets(presetsFile, watermarkText);
          if (presets) for (const line of [...describePresets(presets), '', ...describeProcessors()]) console.log(line);
        }),
    );

/** Undefined, with every problem printed, where a file is not right. */
async function readPresets(file: string | undefined, watermarkText?: string): Promise<Preset[] | undefined> {
  try {
    return await loadPresets({ file, watermarkText });
  } catch (error) {
    if (!(error instanceof PresetsError)) throw error;
    for (const problem of error.problems) console.error(`${file}: ${problem}`);
    process.exitCode = 1;
    return undefined;
  }
}

/** What files of each content type get, in the order in which it is made. */
function describePresets(presets: readonly Preset[]): string[] {
  const catalog = createCatalog(presets);
  const groups = Map.groupBy(PROCESSABLE_TYPES, (contentType) => JSON.stringify(catalog.presetsFor(contentType)));
  return [...groups.values()].flatMap((contentTypes) => {
    const jobs = catalog.presetsFor(contentTypes[0] as string);
    if (jobs.length === 0) return [`${contentTypes.join(', ')}: nothing`];
    const rows = jobs.map(({ type, processor, options }) => [`  ${type}`, processor, describeOptions(options)]);
    return [`${contentTypes.join(', ')}:`, ...columns(rows)];
  });
}

const describeOptions = (options: Readonly<Record<string, unknown>>): string =>
  Object.entries(options)
    .map(([name, value]) => `${name}=${shown(value)}`)
    .join(' ');

function describeProcessors(): string[] {
  return PROCESSORS.flatMap((processor) => [
    `${processor.name}: ${processor.about}`,
    ...columns(optionsOf(processor).map(({ name, expects, fallback }) => [`  ${name}`, expects, fallback])),
    '',
  ]);
}

const shown = (value: unknown): string => {
  const text = typeof value === 'string' && /^\S+$/.test(value) ? value : JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
};

/** Rows with their cells under each other. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
