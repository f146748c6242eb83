import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tool } from './tool.ts';

/** Whether src/contract is what proto/ makes. */
export async function checkGenerated(root: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-generated-'));
  try {
    const failure = await tool(root, 'buf', ['generate', '--output', folder]);
    if (failure) return failure;
    const wanted = filesOf(join(folder, 'src/contract'));
    const present = filesOf(join(root, 'src/contract'));
    const different = [...new Set([...wanted.keys(), ...present.keys()])].filter(
      (path) => wanted.get(path) !== present.get(path),
    );
    return different.length === 0
      ? ''
      : `Not what proto/ makes; run \`npm run generate\`:\n${different.map((path) => `  src/contract/${path}`).join('\n')}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Contents by relative path. */
function filesOf(folder: string): Map<string, string> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const files = paths.filter((path) => statSync(join(folder, path)).isFile()).sort();
  return new Map(files.map((path) => [path, readFileSync(join(folder, path), 'utf8')]));
}
