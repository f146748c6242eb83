import type { CallContext } from '../base/context.ts';
import { formatSize, plural } from '../base/units.ts';
import type { PageRequest } from '../contract/holdfast/v1/common.ts';
import { JobState } from '../contract/holdfast/v1/file.ts';
import type { JobFilter } from '../contract/holdfast/v1/file_admin.ts';
import type { Amount, Usage } from '../contract/holdfast/v1/usage.ts';
import type { Answers } from '../rpc/contracts.ts';
import type { AdminAnswer } from './admin.ts';

/** What `holdfast admin` can be asked about files and jobs. */
export type FilesAdminRequest =
  | {
      readonly verb: 'usage';
      /** As `ListUsage` takes it. */
      readonly sort: string;
    }
  | {
      readonly verb: 'quota';
      readonly owner: string;
      /** Null: the default of the settings; absent: as it is. */
      readonly bytes?: number | null | undefined;
      readonly files?: number | null | undefined;
    }
  | {
      readonly verb: 'jobs';
      readonly filter: JobFilter;
      /** Whether they are to run again. */
      readonly retry: boolean;
    };

/** Lines that one answer has at most. */
const MOST = 1_000;
const PAGE = 200;

export async function administerFiles(
  { admin }: Pick<Answers<'files'>, 'admin'>,
  request: FilesAdminRequest,
  context: CallContext,
): Promise<AdminAnswer> {
  if (request.verb === 'usage') {
    const { owners, usage } = await admin.getTotalUsage({}, context);
    const lines = await eachPage(async (page) => {
      const answer = await admin.listUsage({ page: { ...page, sort: request.sort } }, context);
      return { items: answer.usage.map(usageLine), nextCursor: answer.nextCursor };
    });
    const shown = lines.length < owners ? ` The first ${lines.length} of them:` : '';
    const used = `${plural(usage?.files?.used ?? 0, 'file')}, ${formatSize(usage?.bytes?.used ?? 0)}`;
    return {
      done: `${plural(owners, 'owner')}, ${used}.${shown}`,
      lines: ['owner\tfiles\theld\tlimit\tbytes\theld\tlimit', ...lines],
    };
  }
  if (request.verb === 'quota') {
    const { owner: ownerId, bytes, files } = request;
    const quota = (limit: number | null | undefined) =>
      limit === undefined ? undefined : { limit: limit ?? undefined };
    const { usage } = await admin.setQuota({ ownerId, bytes: quota(bytes), files: quota(files) }, context);
    const ofBytes = usage?.bytes?.limit === undefined ? 'any number of bytes' : formatSize(usage.bytes.limit);
    return { done: `${ownerId} may have ${usage?.files?.limit ?? 'any number of'} files and ${ofBytes}.` };
  }
  const { filter, retry } = request;
  if (retry) {
    let retried = 0;
    for (let more = true; more; ) {
      const answer = await admin.retryJobs({ jobId: '', filter, limit: 0 }, context);
      retried += answer.retried;
      more = answer.more && answer.retried > 0;
    }
    return { done: `${plural(retried, 'job')} to run again.` };
  }
  const lines = await eachPage(async (page) => {
    const { jobs, nextCursor } = await admin.listAllJobs({ page, state: JobState.DEAD, filter }, context);
    const items = jobs.map(({ ownerId, job }) =>
      [job?.id, ownerId, job?.fileId, job?.type, job?.code, job?.reason].join('\t'),
    );
    return { items, nextCursor };
  });
  const shown = lines.length === MOST ? ', or more' : '';
  return {
    done: `${plural(lines.length, 'dead job')}${shown}.`,
    lines: ['job\towner\tfile\ttype\tcode\treason', ...lines],
  };
}

const usageLine = ({ ownerId, bytes, files }: Usage): string =>
  [ownerId, ...amounts(files), ...amounts(bytes)].join('\t');

const amounts = (amount: Amount | undefined) => [amount?.used ?? 0, amount?.held ?? 0, amount?.limit ?? ''];

async function eachPage(
  read: (page: PageRequest) => Promise<{ readonly items: readonly string[]; readonly nextCursor: string }>,
): Promise<string[]> {
  const lines: string[] = [];
  for (let cursor = ''; lines.length < MOST; ) {
    const { items, nextCursor } = await read({ limit: PAGE, cursor, sort: '' });
    lines.push(...items);
    if (nextCursor === '') break;
    cursor = nextCursor;
  }
  return lines;
}
