import type { RuleFinding } from '../../port.ts';
import { isOutage, statusOf, toStoreError } from '../errors.ts';

/** What was found of one kind of rules, and how to mend it, where that can be. */
export interface Examined {
  readonly findings: readonly RuleFinding[];
  readonly write?: () => Promise<void>;
}

type Read<Rule> = { readonly rules: readonly Rule[] } | { readonly rules?: undefined; readonly finding: RuleFinding };

/** Reads the rules of one kind; none where the store answers with `none`. */
export async function readRules<Rule>(
  kind: RuleFinding['rules'],
  none: string,
  read: () => Promise<readonly Rule[]>,
): Promise<Read<Rule>> {
  try {
    return { rules: await read() };
  } catch (error) {
    if ((error as Error).name === none) return { rules: [] };
    const problem = whyNot(error, 'read', kind);
    if (problem === undefined) throw toStoreError(error);
    return { finding: { rules: kind, problem } };
  }
}

/** Why the store does not let its rules be read or written; undefined where it only cannot just now. */
export function whyNot(error: unknown, verb: 'read' | 'write', kind: RuleFinding['rules']): string | undefined {
  const status = statusOf(error);
  if (status === 403) return `These credentials may not ${verb} the ${kind} rules of the bucket.`;
  if (status === 501 || status === 405) return `This store does not let its ${kind} rules be set by its API.`;
  if (status === undefined || isOutage(error)) return undefined;
  return `This store did not let its ${kind} rules be ${verb === 'read' ? 'read' : 'written'} (${(error as Error).name}).`;
}
