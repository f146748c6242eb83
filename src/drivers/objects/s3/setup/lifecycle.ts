import {
  GetBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
  type TransitionDefaultMinimumObjectSize,
} from '@aws-sdk/client-s3';
import type { RuleFinding, StoreRules } from '../../port.ts';
import { type Bucket, dataRoot } from '../bucket.ts';
import { type Examined, readRules } from './rules.ts';

const REMEDY = 'Holdfast aborts them itself; some stores do so too. docs/storage.md says which.';

/** Storage classes out of which an object cannot be read at once. */
const FROZEN = ['GLACIER', 'DEEP_ARCHIVE'];

/**
 * Multipart uploads that were given up take space that no listing shows. We abort them; a rule of the store does where
 * we do not run any more. Rules of others must not touch what is ours.
 */
export async function examineLifecycle(bucket: Bucket, { abortMultipartAfter }: StoreRules): Promise<Examined> {
  const { quick } = bucket.clients;
  const Bucket = bucket.name;
  let smallest: TransitionDefaultMinimumObjectSize | undefined;
  const read = await readRules('lifecycle', 'NoSuchLifecycleConfiguration', async () => {
    const found = await quick.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
    smallest = found.TransitionDefaultMinimumObjectSize;
    return found.Rules ?? [];
  });
  if (!read.rules) return { findings: [{ ...read.finding, remedy: REMEDY }] };

  const ours: LifecycleRule = {
    ID: bucket.root === '' ? 'holdfast' : `holdfast ${bucket.root}`,
    Status: 'Enabled',
    Filter: { Prefix: dataRoot(bucket) },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: abortMultipartAfter },
  };
  const others = read.rules.filter(({ ID }) => ID !== ours.ID);
  const findings = others.flatMap((rule) => dangersOf(rule, dataRoot(bucket), abortMultipartAfter));
  const own = read.rules.find(({ ID }) => ID === ours.ID);
  const isThere = own
    ? prefixOf(own) === prefixOf(ours) && abortsAfter(own, dataRoot(bucket)) === abortMultipartAfter
    : others.some((rule) => abortsAfter(rule, dataRoot(bucket)) !== undefined);
  if (isThere) return { findings };
  return {
    findings: [
      ...findings,
      {
        rules: 'lifecycle',
        problem: 'Multipart uploads that were given up stay where Holdfast does not run any more.',
        change: `write the rule "${ours.ID}", which aborts them after ${abortMultipartAfter} days`,
        remedy: REMEDY,
      },
    ],
    async write() {
      await quick.send(
        new PutBucketLifecycleConfigurationCommand({
          Bucket,
          LifecycleConfiguration: { Rules: [...others, ours] },
          ...(smallest !== undefined && { TransitionDefaultMinimumObjectSize: smallest }),
        }),
      );
    },
  };
}

const prefixOf = ({ Filter, Prefix }: LifecycleRule): string => Filter?.Prefix ?? Filter?.And?.Prefix ?? Prefix ?? '';

/** In how many days a rule aborts all multipart uploads of a prefix; undefined where it does not. */
function abortsAfter(rule: LifecycleRule, prefix: string): number | undefined {
  const isAll = rule.Status === 'Enabled' && prefix.startsWith(prefixOf(rule));
  return isAll ? rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation : undefined;
}

/** What a rule of others does to what is ours. */
function dangersOf(rule: LifecycleRule, prefix: string, days: number): RuleFinding[] {
  const of = prefixOf(rule);
  const isApart = !prefix.startsWith(of) && !of.startsWith(prefix);
  // None of our objects has a tag.
  const wantsTags = rule.Filter?.Tag !== undefined || (rule.Filter?.And?.Tags?.length ?? 0) > 0;
  if (rule.Status !== 'Enabled' || isApart || wantsTags) return [];
  const name = `The rule "${rule.ID ?? of}"`;
  const danger = (problem: string): RuleFinding => ({
    rules: 'lifecycle',
    problem: `${name} ${problem}`,
    remedy: `Take "${prefix}" out of it, or give Holdfast a bucket of its own.`,
  });
  const found: RuleFinding[] = [];
  if (rule.Expiration?.Days !== undefined || rule.Expiration?.Date !== undefined) {
    found.push(danger('deletes files behind the back of Holdfast.'));
  }
  if (rule.Transitions?.some(({ StorageClass }) => FROZEN.includes(StorageClass ?? ''))) {
    found.push(danger('moves files to where they cannot be read at once.'));
  }
  const aborts = rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation;
  if (aborts !== undefined && aborts < days)
    found.push(danger(`aborts uploads after ${aborts} days, while they may still be under way.`));
  return found;
}
