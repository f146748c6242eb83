import type { RuleFinding } from '../drivers/objects/port.ts';

/** What was done to the rules of a store, or would be, in lines for a person. */
export function describeSetup(findings: readonly RuleFinding[], dryRun: boolean): string[] {
  if (findings.length === 0) return ['All rules of the store are as they should be.'];
  return findings.flatMap(({ rules, problem, change, remedy, mended }) => {
    if (mended) return [`${rules}: ${problem} Done: ${change}.`];
    if (dryRun && change !== undefined) return [`${rules}: ${problem} To do: ${change}.`];
    return [`${rules}: ${problem}`, ...(remedy === undefined ? [] : [`  → ${remedy}`])];
  });
}
