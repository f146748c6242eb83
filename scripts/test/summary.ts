/** What a test run came to. */
export interface Summary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly Skipped[];
  /** Passed, though not at the first try. */
  readonly retried: readonly Retried[];
}

export interface Skipped {
  readonly name: string;
  readonly reason: string;
}

export interface Retried {
  readonly name: string;
  /** What broke the first try. */
  readonly why: string;
}

/** Names shown for one reason; the rest is counted. */
const SHOWN = 20;

/** What was left out, by reason. */
export function skippedText(skipped: readonly Skipped[]): string {
  const byReason = Map.groupBy(skipped, ({ reason }) => reason);
  const lines = [...byReason].flatMap(([reason, tests]) => [
    `  ${reason}`,
    ...tests.slice(0, SHOWN).map(({ name }) => `    ${name}`),
    ...(tests.length > SHOWN ? [`    and ${tests.length - SHOWN} more`] : []),
  ]);
  return lines.length > 0 ? ['Skipped, because', ...lines, ''].join('\n') : '';
}

/** Tests that need looking at though the run may be good: each failed now and passed a moment later. */
export function retriedText(retried: readonly Retried[]): string {
  if (retried.length === 0) return '';
  const lines = retried.flatMap(({ name, why }) => [
    `Passed at the second try: ${name}`,
    ...why
      .trimEnd()
      .split('\n')
      .map((line) => `    ${line}`),
  ]);
  return [...lines, `${retried.length} of those that passed did so at the second try only`, ''].join('\n');
}

/** The line that stands at the end of every run. */
export const countLine = ({ passed, failed, skipped }: Pick<Summary, 'passed' | 'failed' | 'skipped'>): string =>
  `${passed} passed, ${failed} failed, ${skipped.length} skipped`;
