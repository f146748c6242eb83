import type { CopyReport } from '../app/copy/index.ts';
import { formatSize } from '../base/units.ts';

interface Asked {
  readonly mode: 'copy' | 'rehearse' | 'dry-run';
  readonly from: string;
}

/** What was done, and what is to be done now. */
export function describeCopy(report: CopyReport, { mode, from }: Asked): string[] {
  const { survey, rows, objects, completedAt, frozenFor } = report;
  if (mode === 'dry-run') {
    const tables = Object.entries(survey.tables).map(([name, count]) => `  ${name}: ${count}`);
    const size = `${survey.rows} rows and ${survey.objects} objects (${formatSize(survey.bytes)}, ${survey.bytes} bytes)`;
    return [`There are ${size} to copy.`, ...tables, 'Nothing was written: this was a dry run.'];
  }
  const done =
    rows && objects
      ? [
          `Rows: ${rows.added} added, ${rows.changed} changed, ${rows.removed} removed.`,
          `Objects: ${objects.copied} copied and read back (${formatSize(objects.bytes)}).`,
          ...(objects.damaged > 0
            ? [`Left out: ${objects.damaged} damaged objects (${objects.examples.join(', ')}).`]
            : []),
        ]
      : ['The copy was complete already.'];
  if (mode === 'rehearse') {
    return [...done, 'The source was not frozen. Run the same command without --rehearse to complete the copy.'];
  }
  const frozen = frozenFor === undefined ? '' : ` The source took no changes for ${(frozenFor / 1000).toFixed(1)} s.`;
  const when =
    completedAt === undefined ? '' : `Complete at ${new Date(completedAt).toISOString()}: every row was compared.`;
  return [
    ...done,
    `${when}${frozen}`,
    'The source stays frozen: it serves, and refuses changes. To take it into use again in place of the copy:',
    `  holdfast copy --thaw --from "${withoutPasswords(from)}"`,
    'Start the servers of the copy with:',
    ...settings(report).map((line) => `  ${line}`),
  ];
}

/** With passwords as stars: what is printed may be kept. */
const withoutPasswords = (text: string) => text.replace(/(\/\/[^\s:/@]*:)[^\s@]*@/g, '$1***@');

function settings({ from, to }: CopyReport): string[] {
  const embedded = to.dataDir !== undefined && to.databaseUrl.startsWith('sqlite:');
  const whole = embedded && to.storageUrl === `file:${encodeURI(`${to.dataDir}/objects`)}`;
  const places = [
    ...(embedded ? [`DATA_DIR=${to.dataDir}`] : [`DATABASE_URL=${withoutPasswords(to.databaseUrl)}`]),
    ...(whole ? [] : [`STORAGE_URL=${withoutPasswords(to.storageUrl)}`]),
  ];
  return [...places, ...secret(from.dataDir, embedded ? to.dataDir : undefined)];
}

/** Tokens and signed URLs hold on the copy when it has the same secret. */
function secret(from: string | undefined, to: string | undefined): string[] {
  const same = 'JWT_SECRET as it is set at the source';
  if (from === undefined) return [same];
  if (to !== undefined) return [`${same}; where it is not set there: cp -p ${from}/secret ${to}/secret`];
  return [`${same}; where it is not set there: JWT_SECRET=hex:$(cat ${from}/secret)`];
}
