import { readFileSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tool } from './tool.ts';

/**
 * The contracts as they were when they were last generated. What is gone from them, or means something else, breaks
 * callers that were built against them. It is committed, so that any clone knows it, however shallow.
 */
const baselineOf = (root: string): string => join(root, 'proto/baseline.binpb');

/** What proto/ breaks of the baseline. */
export const breaksOf = (root: string): Promise<string> =>
  tool(root, 'buf', ['breaking', '--against', baselineOf(root)]);

const image = (root: string, path: string): Promise<string> =>
  tool(root, 'buf', ['build', '--exclude-source-info', '--output', path]);

/** Makes what proto/ is now the baseline. */
export const keepAsBaseline = (root: string): Promise<string> => image(root, baselineOf(root));

/** Whether proto/ breaks the baseline, or has grown without being kept in it. */
export async function checkContracts(root: string): Promise<string> {
  const breaks = await breaksOf(root);
  if (breaks) {
    return `${breaks}Callers built against the contracts would break. Add in place of changing; CONTRIBUTING.md says more.\n`;
  }
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-contracts-'));
  try {
    const now = join(folder, 'now.binpb');
    const failure = await image(root, now);
    if (failure) return failure;
    return readFileSync(now).equals(readFileSync(baselineOf(root)))
      ? ''
      : 'proto/baseline.binpb is not what proto/ says; run `npm run generate`.';
  } finally {
    rmSync(folder, { recursive: true });
  }
}
