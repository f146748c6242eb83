import type { CompiledQuery, Kysely, KyselyPlugin } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FileStatus, JobState, type ListFilesRequest } from '../../../contract/holdfast/v1/file.ts';
import { type Plan, planOf } from '../../../drivers/database/conformance/plan.ts';
import type { Database } from '../../../drivers/database/port.ts';
import { lastPosition } from '../../../outbox/outbox.ts';
import { listAllJobs } from '../admin/jobs.ts';
import type { FilesSettings } from '../deps.ts';
import { dueJobs, lostFiles } from '../jobs/due.ts';
import { listFiles } from '../lifecycle/list.ts';
import { listPurgeable } from '../maintenance/list-purgeable.ts';
import { pruneRecords } from '../maintenance/prune-records.ts';
import type { FilesTables } from '../tables.ts';
import type { OpenFiles, TestFiles } from '../testing.ts';
import { unhashedFiles } from '../uploads/hash-later.ts';
import { DAY, fillTables, NOW, OWNER } from './many-rows.ts';

const PAGE = 20;

/** What a page may look at: its rows from each of some partitions, and here and there one that is left out. */
const FEW = 16 * PAGE;

/** Each of these queries is answered along an index, and reads about as much as it answers, however much there is. */
export function planLaws(open: OpenFiles): void {
  describe('with many rows', () => {
    let bed: TestFiles;
    beforeAll(async () => {
      bed = await open({ trashRetention: 30 * DAY });
      await fillTables(bed.db);
    });
    afterAll(() => bed.close());

    /** The queries that a call asks, except those by an id. */
    async function queriesOf(call: (db: Database<FilesTables>) => Promise<unknown>): Promise<CompiledQuery[]> {
      const { db } = bed;
      const queries: CompiledQuery[] = [];
      const noting = <T>(kysely: Kysely<T>): Kysely<T> => {
        const plugin: KyselyPlugin = {
          transformQuery({ node, queryId }) {
            if (node.kind === 'SelectQueryNode' || node.kind === 'RawNode')
              queries.push(kysely.getExecutor().compileQuery(node, queryId));
            return node;
          },
          transformResult: async ({ result }) => result,
        };
        return kysely.withPlugin(plugin);
      };
      await call({
        ...db,
        reader: noting(db.reader),
        laggingReader: noting(db.laggingReader),
        unit: (work) => db.unit((tx) => work(noting(tx))),
        now: async () => NOW,
      });
      return queries;
    }

    async function plansOf(call: (db: Database<FilesTables>) => Promise<unknown>): Promise<Plan[]> {
      const plans: Plan[] = [];
      for (const query of await queriesOf(call))
        plans.push(await planOf(bed.db as unknown as Database<unknown>, query));
      return plans;
    }

    function expectAlong(
      plan: Plan | undefined,
      index: string | readonly string[],
      { sorts = false, reads = FEW } = {},
    ): void {
      const one = [index].flat();
      expect(
        [...(plan?.indexes ?? [])].filter((each) => one.includes(each)),
        plan?.text,
      ).not.toEqual([]);
      expect(plan?.scans, plan?.text).toBe(false);
      if (!sorts) expect(plan?.sorts, plan?.text).toBe(false);
      if (plan?.read !== undefined) expect(plan.read, plan.text).toBeLessThanOrEqual(reads);
    }

    const request: ListFilesRequest = {
      ownerId: '',
      page: { limit: PAGE, cursor: '', sort: '' },
      query: '',
      contentType: '',
      status: FileStatus.UNSPECIFIED,
      trash: false,
      metadata: {},
    };
    const list = (change: Partial<ListFilesRequest>) => (db: Database<FilesTables>) =>
      listFiles({ ...bed, db } as never)({ ...request, ...change }, bed.as(OWNER));
    const sorted = (sort: string, cursor = '') => ({ page: { limit: PAGE, cursor, sort } });
    const cursorAfter = async (change: Partial<ListFilesRequest>) =>
      (await bed.files.listFiles({ ...request, ...change }, bed.as(OWNER))).nextCursor;

    it.each([
      ['createdAt', 'files_by_age'],
      ['-createdAt', 'files_by_age'],
      ['name', 'files_by_name'],
      ['-name', 'files_by_name'],
      ['size', 'files_by_size'],
      ['-size', 'files_by_size'],
    ])('lists by %s along %s, first pages and later ones', async (name, index) => {
      const sort = name.replace('createdAt', 'created_at');
      const [first] = await plansOf(list(sorted(sort)));
      expectAlong(first, index);
      const [next] = await plansOf(list(sorted(sort, await cursorAfter(sorted(sort)))));
      expectAlong(next, index);
    });

    it('finds the variants of a page by their key', async () => {
      const variants = (await plansOf(list({}))).at(-1);
      expectAlong(variants, 'primary', { sorts: true });
    });

    it('lists a folder along its index', async () => {
      const folder = { folder: 'folder 7' };
      const [first] = await plansOf(list(folder));
      expectAlong(first, 'files_by_folder');
      const page = { page: { limit: PAGE, cursor: await cursorAfter(folder), sort: '' } };
      const [next] = await plansOf(list({ ...folder, ...page }));
      expectAlong(next, 'files_by_folder');
    });

    it('lists the trash of an owner along an index', async () => {
      const [plan] = await plansOf(list({ trash: true }));
      expect(plan?.scans, plan?.text).toBe(false);
    });

    it('finds a part of a name that few have by an index, and one that many have in the order of the list', async () => {
      const rare = await plansOf(list({ query: 'needle' }));
      const rareIndexes = new Set(rare.flatMap((plan) => [...plan.indexes]));
      // Where there is no index of parts, the names themselves are read, in their index alone.
      expect(rareIndexes, rare.map(({ text }) => text).join()).toContain(
        bed.db.dialect.name === 'mysql' ? 'files_by_name' : 'search',
      );
      const common = (await plansOf(list({ query: 'img' }))).at(-2);
      expect(common?.scans, common?.text).toBe(false);
      if (bed.db.dialect.name !== 'mysql') expectAlong(common, 'files_by_age', { reads: 3 * FEW });
    });

    it('finds due jobs and lost ones along their indexes', async () => {
      const due = await plansOf((db) => Promise.all(dueJobs(db.reader, NOW, PAGE).map((query) => query.execute())));
      for (const plan of due) expectAlong(plan, 'jobs_by_due');
      const claim = await plansOf((db) =>
        db.unit(async (tx) => {
          for (const query of dueJobs(tx, NOW, PAGE)) await query.forUpdate().skipLocked().execute();
        }),
      );
      for (const plan of claim) expectAlong(plan, 'jobs_by_due');
      const [lost] = await plansOf((db) => lostFiles(db.reader, NOW, PAGE));
      expectAlong(lost, 'jobs_by_lease');
    });

    it('lists jobs of all owners by state along the index of due jobs, page by page', async () => {
      const list = (cursor: string) => (db: Database<FilesTables>) =>
        listAllJobs({ ...bed, db, settings: {} as FilesSettings, log: bed.asService.log })(
          { page: { limit: PAGE, cursor, sort: '' }, state: JobState.FAILED, filter: undefined },
          bed.asService,
        );
      const { nextCursor } = await list('')(bed.db);
      for (const cursor of ['', nextCursor]) {
        const [plan] = await plansOf(list(cursor));
        // What is as old is put into the order of its ids.
        expectAlong(plan, 'jobs_by_due', { sorts: true });
      }
    });

    it('finds what is due for purging along an index for each reason, page by page', async () => {
      const page = (after: string, limit: number, db: Database<FilesTables>) =>
        listPurgeable({ ...bed, db, settings: { trashRetention: 30 * DAY } } as never)({ after, limit }, bed.asService);
      const atNow = { ...bed.db, now: async () => NOW };
      const indexes = ['files_by_purge_reason', 'files_by_deleted_at', 'files_by_expires_at'];
      const seen = new Set<string>();
      let pages = 0;
      for (let after: string | undefined = ''; after !== undefined; pages++) {
        const begin: string = after;
        for (const plan of await plansOf((db) => page(begin, PAGE, db))) {
          const index = indexes.find((name) => plan.indexes.has(name));
          expectAlong(plan, index ?? indexes.join(' or '));
          seen.add(index as string);
        }
        after = (await page(begin, 900, atNow)).next || undefined;
      }
      expect(pages).toBeGreaterThan(5);
      expect([...seen].toSorted()).toEqual(indexes.toSorted());
    });

    it('finds what is not hashed yet, and events without a number, by their sparse indexes', async () => {
      const [first] = await unhashedFiles(bed.db.reader, { after: '', limit: 1 });
      for (const after of ['', first?.id as string]) {
        const [unhashed] = await plansOf((db) => unhashedFiles(db.reader, { after, limit: PAGE }));
        expectAlong(unhashed, 'files_unhashed');
      }
      const [unnumbered] = await plansOf((db) =>
        db.reader
          .selectFrom('files_outbox')
          .selectAll()
          .where('position', 'is', null)
          .orderBy('id')
          .limit(PAGE)
          .execute(),
      );
      // Where both hold all events, each serves.
      expectAlong(unnumbered, ['files_outbox_unnumbered', 'files_outbox_by_position']);
      const [read] = await plansOf((db) =>
        db.reader
          .selectFrom('files_outbox')
          .selectAll()
          .where('position', '>', 900)
          .orderBy('position')
          .limit(PAGE)
          .execute(),
      );
      expectAlong(read, 'files_outbox_by_position');
      const [last] = await plansOf((db) => lastPosition(db.reader, 'files_outbox'));
      expectAlong(last, 'files_outbox_by_position');
    });

    it('prunes along indexes', async () => {
      const plans = await plansOf((db) => pruneRecords({ ...bed, db } as never)({ dryRun: false }, bed.asService));
      for (const plan of plans) expect(plan.scans, plan.text).toBe(false);
    });
  });
}
