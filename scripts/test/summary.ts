/** What a test run came to. */
export interface Summary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly Skipped[];
}

export interface Skipped {
  readonly name: string;
  readonly reason: string;
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

/** The line that stands at the end of every run. */
export const countLine = ({ passed, failed, skipped }: Summary): string =>
  `${passed} passed, ${failed} failed, ${skipped.length} skipped`;
