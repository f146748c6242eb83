import { toWord } from '../../../base/enum-words.ts';
import { ProcessingState } from '../../../contract/holdfast/v1/file.ts';
import type { NewEvent } from '../events/append.ts';
import { type FileRow, processingOf } from '../file-rows.ts';
import type { JobRow } from '../job-rows.ts';

export interface Ended {
  readonly succeeded: readonly JobRow[];
  /** With the reason already in the row. */
  readonly dead: readonly (Pick<JobRow, 'id' | 'type' | 'counted'> & Partial<Pick<JobRow, 'code' | 'reason'>>)[];
}

type Counters = Pick<FileRow, 'jobs_total' | 'jobs_finished' | 'jobs_failed'>;

/** The file's counters after these jobs have ended. Jobs that were asked for later are not counted. */
export function countEnded(file: FileRow, { succeeded, dead }: Ended): Counters {
  const counted = (jobs: readonly { counted: number }[]) => jobs.filter((job) => job.counted === 1).length;
  return {
    jobs_total: file.jobs_total,
    jobs_finished: file.jobs_finished + counted(succeeded),
    jobs_failed: file.jobs_failed + counted(dead),
  };
}

/** What the end of these jobs tells the world: each variant, each failure, and once that all is done. */
export function endedEvents(file: FileRow, after: Counters, { succeeded, dead }: Ended): NewEvent[] {
  const events: NewEvent[] = [
    ...succeeded.map(({ id, type }): NewEvent => ({ type: 'variant.ready', data: { variant: type, jobId: id } })),
    ...dead.map(
      ({ id, type, code, reason }): NewEvent => ({
        type: 'job.dead',
        data: { variant: type, jobId: id, code, reason },
      }),
    ),
  ];
  const [before, now] = [processingOf(file).state, processingOf(after).state];
  if (before !== now && (now === ProcessingState.DONE || now === ProcessingState.FAILED)) {
    events.push({ type: 'file.processed', data: { state: toWord(ProcessingState, now), name: file.name } });
  }
  return events;
}
