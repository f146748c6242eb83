/** `npm run build`: dist/, for a published package. */

import { copyFileSync, globSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tool } from './check/tool.ts';

const root = join(import.meta.dirname, '..');
rmSync(join(root, 'dist'), { recursive: true, force: true });

const problems = await tool(root, 'tsc', ['--project', join(root, 'tsconfig.build.json')]);
if (problems) {
  console.error(problems);
  process.exitCode = 1;
} else {
  for (const asset of globSync('**/*.*', { cwd: join(root, 'src'), exclude: ['**/*.ts'] })) {
    mkdirSync(dirname(join(root, 'dist', asset)), { recursive: true });
    copyFileSync(join(root, 'src', asset), join(root, 'dist', asset));
  }
}
