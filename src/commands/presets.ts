import { Command } from 'commander';
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
          const { describePresets, readPresets } = await import('./presets-report.ts');
          const presets = await readPresets(file);
          if (presets) for (const line of describePresets(presets)) console.log(line);
        }),
    )
    .addCommand(
      new Command('list')
        .description('Show the presets in effect, and all processors with their options.')
        .addHelpText('after', LIST_HELP)
        .action(async () => {
          const { describePresets, describeProcessors, readPresets } = await import('./presets-report.ts');
          const { presetsFile, watermarkText } = context.config();
          const presets = await readPresets(presetsFile, watermarkText);
          if (presets) for (const line of [...describePresets(presets), '', ...describeProcessors()]) console.log(line);
        }),
    );
