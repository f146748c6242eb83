import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Api } from '../harness/client.ts';
import { fixture } from '../harness/fixtures.ts';
import { expectProblem } from '../harness/problems.ts';
import { useSharedStack } from '../harness/stack.ts';

const stack = useSharedStack();
let user: Api;
let photo: string;
let pdf: string;
let text: string;
beforeAll(async () => {
  user = await stack.api.signUp();
  photo = (await user.upload(await fixture('photo.webp'), { name: 'photo.webp' })).id;
  pdf = (await user.upload(await fixture('pages.pdf'), { name: 'pages.pdf' })).id;
  text = (await user.upload('text', { name: 'text.txt', type: 'text/plain' })).id;
  for (const id of [photo, pdf, text]) await user.processed(id);
});

const ask = (id: string, processor: string, options: unknown = {}) =>
  user.call('POST', `/api/files/${id}/variants`, { json: { processor, options } });

async function made(id: string, processor: string, options: unknown) {
  const { status, body } = await ask(id, processor, options);
  expect(status, JSON.stringify(body)).toBe(202);
  const job = await user.ended(body.id);
  expect(job).toMatchObject({ status: 'succeeded', fileId: id });
  const bytes = await user.content(id, { variant: job.type });
  return { job, bytes, image: await sharp(bytes).metadata() };
}

describe('a variant on request', () => {
  test('is made with the options that were given', async () => {
    const { image } = await made(photo, 'resize', { width: 200, height: 200 });
    expect([image.width, image.height]).toEqual([200, 150]);
  });

  test('is of the page that was asked for', async () => {
    const { image } = await made(pdf, 'pdf_thumbnail', { page: 2, width: 400 });
    expect(image.width / image.height).toBeCloseTo(Math.SQRT2, 1);
  });

  test('can carry a watermark', async () => {
    const plain = await made(photo, 'resize', { width: 400 });
    const marked = await made(photo, 'watermark', { text: '© Ada <b>&amp;' });
    expect(marked.image.width).toBeGreaterThan(0);
    expect(marked.bytes.equals(plain.bytes)).toBe(false);
  });

  test('does not change how the file’s own processing stands', async () => {
    const before = (await user.file(pdf)).processing;
    const { status, body } = await ask(pdf, 'pdf_thumbnail', { page: 99 });
    expect(status).toBe(202);
    expect(await user.ended(body.id)).toMatchObject({ status: 'dead', code: 'page_out_of_range' });
    expect((await user.file(pdf)).processing).toEqual(before);
  });

  test.each<[string, () => string, string, unknown, number, string]>([
    ['by no processor', () => photo, 'sepia', {}, 400, 'invalid_request'],
    ['with an option that there is not', () => photo, 'resize', { colour: 'red' }, 400, 'invalid_request'],
    ['with a width of nothing', () => photo, 'resize', { width: 0 }, 400, 'invalid_request'],
    ['with a width beyond reason', () => photo, 'resize', { width: 1e9 }, 400, 'invalid_request'],
    ['of a page 0', () => pdf, 'pdf_thumbnail', { page: 0 }, 400, 'invalid_request'],
    ['of what it does not take', () => text, 'thumbnail', {}, 422, 'not_processable'],
    ['of what it does not take (an image of text)', () => photo, 'pdf_thumbnail', {}, 422, 'not_processable'],
  ])('%s is refused', async (_, id, processor, options, status, code) => {
    expectProblem(await ask(id(), processor, options), status, code);
  });

  test('asked for twice at once is made', async () => {
    const answers = await Promise.all([1, 2, 3].map(() => ask(photo, 'resize', { width: 123 })));
    for (const { status, body } of answers) {
      expect(status).toBe(202);
      const job = await user.ended(body.id);
      expect(['succeeded', 'cancelled']).toContain(job.status);
    }
    const widths = (await user.file(photo)).variants.map(({ width }) => width);
    expect(widths).toContain(123);
  });
});

describe('jobs', () => {
  test('are listed by file and state, page by page', async () => {
    const jobs = await user.jobs(photo);
    expect(jobs.map(({ type }) => type)).toEqual(expect.arrayContaining(['thumbnail', 'small', 'medium', 'webp']));
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const more: string = cursor ? `&cursor=${encodeURIComponent(cursor)}` : '';
      const { body } = await user.expect(200, 'GET', `/api/jobs?fileId=${photo}&limit=2${more}`);
      expect(body.items.length).toBeLessThanOrEqual(2);
      seen.push(...body.items.map(({ id }: { id: string }) => id));
      cursor = body.nextCursor;
    }
    expect(seen.sort()).toEqual(jobs.map(({ id }) => id).sort());
    const dead = (await user.expect(200, 'GET', '/api/jobs?status=dead')).body.items;
    for (const job of dead) expect(job.status).toBe('dead');
  });

  test('that died can be tried again, and others cannot', async () => {
    const { id } = await user.upload(await fixture('truncated.jpg'), { name: 'broken.jpg' });
    await user.processed(id);
    const [dead] = await user.jobs(id);
    const again = await user.call('POST', `/api/jobs/${dead?.id}/retry`);
    expect(again.status).toBe(202);
    const job = await user.ended(dead?.id as string);
    expect(job).toMatchObject({ status: 'dead', code: 'corrupt_input' });
    expect((await user.processed(id)).processing.state).toBe('failed');

    const [done] = await user.jobs(pdf);
    const succeeded = (await user.jobs(photo)).find(({ status }) => status === 'succeeded');
    expect(done).toBeDefined();
    expectProblem(await user.call('POST', `/api/jobs/${succeeded?.id}/retry`), 409, 'conflict');
  });
});
