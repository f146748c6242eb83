import {
  createCatalog,
  loadPresets,
  optionsOf,
  PROCESSABLE_TYPES,
  PROCESSORS,
  type Preset,
  PresetsError,
} from '../services/processor/index.ts';

/** Undefined, with every problem printed, where a file is not right. */
export async function readPresets(file: string | undefined, watermarkText?: string): Promise<Preset[] | undefined> {
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
export function describePresets(presets: readonly Preset[]): string[] {
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

export function describeProcessors(): string[] {
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
