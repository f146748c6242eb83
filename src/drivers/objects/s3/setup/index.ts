import type { RuleFinding, StoreRules, StoreSetup } from '../../port.ts';
import type { Bucket } from '../bucket.ts';
import { toStoreError } from '../errors.ts';
import { examineCors } from './cors.ts';
import { examineLifecycle } from './lifecycle.ts';
import { examineNotification } from './notification.ts';
import { type Examined, whyNot } from './rules.ts';

type Examine = (bucket: Bucket, wanted: StoreRules) => Promise<Examined>;

const KINDS: readonly Examine[] = [examineCors, examineLifecycle, examineNotification];

export const setupOf = (bucket: Bucket): StoreSetup => ({
  inspect: async (wanted) => {
    const found = await Promise.all(KINDS.map((examine) => examine(bucket, wanted)));
    return found.flatMap(({ findings }) => findings);
  },
  apply: async (wanted) => {
    const found: RuleFinding[] = [];
    for (const examine of KINDS) found.push(...(await mend(bucket, wanted, examine)));
    return found;
  },
});

/** Writes, and looks again: some stores take rules and do not keep them. */
async function mend(bucket: Bucket, wanted: StoreRules, examine: Examine): Promise<RuleFinding[]> {
  const { findings, write } = await examine(bucket, wanted);
  if (!write) return [...findings];
  const outcome = await write().then(
    () => undefined,
    (error: unknown) => {
      const isAboutRules = findings.find(({ change }) => change !== undefined);
      const problem = isAboutRules && whyNot(error, 'write', isAboutRules.rules);
      if (problem === undefined) throw toStoreError(error);
      return problem;
    },
  );
  const left = outcome === undefined ? (await examine(bucket, wanted)).findings : findings;
  return findings.map((finding) => {
    if (finding.change === undefined) return finding;
    if (!left.some(({ change }) => change === finding.change)) return { ...finding, mended: true };
    return { ...finding, mended: false, problem: outcome ?? 'The store took the rule and did not keep it.' };
  });
}
