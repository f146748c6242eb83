import type { ObjectStore } from '../../../drivers/objects/port.ts';
import { patiently } from '../patiently.ts';
import type { AnyDatabase } from '../tables.ts';
import type { Target } from '../target.ts';
import { type Claim, claimsOf } from './claims.ts';
import { copyObject } from './copy-object.ts';

export interface ObjectsReport {
  /** Copied and verified now. */
  copied: number;
  bytes: number;
  /** Objects that are missing at the source, or are not what their rows say. */
  damaged: number;
  /** Keys of some of them. */
  readonly examples: string[];
}

export interface ObjectsPass {
  readonly source: { readonly view: AnyDatabase; readonly objects: ObjectStore };
  readonly target: Target;
  readonly onBytes: (bytes: number) => void;
  readonly signal: AbortSignal;
}

const AT_ONCE = 8;
const EXAMPLES = 5;

/** Copies each object that rows of the source refer to and that is not copied yet. */
export async function passObjects(pass: ObjectsPass): Promise<ObjectsReport> {
  const report: ObjectsReport = { copied: 0, bytes: 0, damaged: 0, examples: [] };
  for await (const claims of claimsOf(pass.source.view)) {
    pass.signal.throwIfAborted();
    const known = await hashesKnown(pass.target, claims);
    const due: Claim[] = [];
    for (const claim of claims) {
      const hash = known.get(claim.key);
      if (hash === undefined) due.push(claim);
      else if (claim.sha256 !== undefined && claim.sha256 !== hash) noteDamage(report, claim);
      else pass.onBytes(claim.size);
    }
    await inParallel(due, pass.signal, (claim, signal) => copyOne({ ...pass, signal }, claim, report));
  }
  return report;
}

async function copyOne({ source, target, onBytes, signal }: ObjectsPass, claim: Claim, report: ObjectsReport) {
  const outcome = await patiently(signal, async () => {
    let told = 0;
    try {
      return await copyObject(source.objects, target.objects, claim, {
        signal,
        onBytes: (bytes) => {
          told += bytes;
          onBytes(bytes);
        },
      });
    } catch (error) {
      onBytes(-told);
      throw error;
    }
  });
  if ('damage' in outcome) return noteDamage(report, claim);
  const row = { object_key: claim.key, sha256: outcome.sha256 };
  await patiently(signal, () =>
    target.write((tx) => target.view.dialect.insertIfAbsent(tx, 'copy_objects', [row], ['object_key'] as never)),
  );
  report.copied += 1;
  report.bytes += claim.size;
}

function noteDamage(report: ObjectsReport, { key }: Claim): void {
  report.damaged += 1;
  if (report.examples.length < EXAMPLES) report.examples.push(key);
}

async function hashesKnown({ view }: Target, claims: readonly Claim[]): Promise<Map<string, string>> {
  if (claims.length === 0) return new Map();
  const rows = await view.reader
    .selectFrom('copy_objects')
    .select(['object_key', 'sha256'])
    .where(
      'object_key',
      'in',
      claims.map(({ key }) => key),
    )
    .execute();
  return new Map(rows.map(({ object_key, sha256 }) => [String(object_key), String(sha256)]));
}

/** Stops all at the first failure, and throws that when none is under way any more. */
async function inParallel<T>(
  items: readonly T[],
  signal: AbortSignal,
  act: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const queue = items.values();
  let failure: unknown;
  const worker = async () => {
    for (const item of queue) {
      if (either.aborted) return;
      await act(item, either).catch((error) => {
        failure ??= error;
        failed.abort();
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  if (failure !== undefined) throw failure;
  signal.throwIfAborted();
}
