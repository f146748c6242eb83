import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HoldfastError } from '../../../base/errors.ts';
import { type Bytes, readHead } from './bytes.ts';
import { FormReader } from './form.ts';
import { boundaryOf } from './form-headers.ts';

/** The bytes in chunks of these sizes, over and over. */
function inChunks(bytes: Buffer, sizes: readonly number[]): Bytes {
  let at = 0;
  let turn = 0;
  return {
    async next() {
      if (at >= bytes.length) return undefined;
      const size = sizes[turn++ % sizes.length] as number;
      const chunk = bytes.subarray(at, at + size);
      at += chunk.length;
      return chunk;
    },
  };
}

async function readAll(form: FormReader) {
  const parts = [];
  for (let part = await form.next(); part; part = await form.next()) {
    const { bytes, whole } = await readHead(part.body, Number.POSITIVE_INFINITY);
    expect(whole).toBe(true);
    parts.push({ field: part.field, fileName: part.fileName, contentType: part.contentType, bytes });
  }
  return parts;
}

const read = (body: string, sizes = [7]) => readAll(new FormReader(inChunks(Buffer.from(body, 'latin1'), sizes), 'XX'));
const problem = (body: string, sizes?: number[]): Promise<string> =>
  read(body, sizes).then(
    () => 'none',
    (error: HoldfastError) => error.code,
  );

const part = (headers: string, content = 'x') => `--XX\r\n${headers}\r\n\r\n${content}\r\n`;
const field = (disposition: string) => `${part(`Content-Disposition: ${disposition}`)}--XX--\r\n`;

/** Bytes made of what a boundary is made of, so that almost-boundaries are common. */
const tricky = fc
  .array(fc.constantFrom('\r', '\n', '\r\n', '-', '--', 'X', '\r\n--X', '\r\n--', 'abc', '\0'), { maxLength: 40 })
  .map((pieces) => pieces.join(''))
  .filter((text) => !`\r\n${text}`.includes('\r\n--XX'));

describe('a form', () => {
  test('is read as it was written, however it is cut into chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(tricky, { maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 8 }),
        fc.constantFrom('', 'preamble\r\n'),
        fc.constantFrom('', '\r\n', '\r\nepilogue --XX'),
        async (contents, sizes, preamble, epilogue) => {
          const body = contents
            .map((content, i) => part(`Content-Disposition: form-data; name="f${i}"`, content))
            .join('');
          const parts = await read(`${preamble}${body}--XX--${epilogue}`, sizes);
          expect(parts.map(({ field, bytes }) => [field, bytes.toString('latin1')])).toEqual(
            contents.map((content, i) => [`f${i}`, content]),
          );
        },
      ),
    );
  });

  test('is read as browsers write it', async () => {
    const name = fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed());
    const entry = fc.record({
      field: name,
      file: name,
      type: fc.constantFrom('', 'image/png', 'text/plain;charset=utf-8'),
      bytes: fc.uint8Array(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 4 }), fc.integer({ min: 1, max: 200 }), async (entries, size) => {
        const data = new FormData();
        for (const { field, file, type, bytes } of entries) data.append(field, new File([bytes], file, { type }));
        const response = new Response(data);
        const boundary = boundaryOf(response.headers.get('content-type') as string);
        const body = Buffer.from(await response.arrayBuffer());
        const parts = await readAll(new FormReader(inChunks(body, [size]), boundary));
        // Names come with the line breaks that forms have.
        const lines = (text: string) => text.replace(/\r\n|\r|\n/g, '\r\n');
        expect(parts).toEqual(
          entries.map(({ field, file, type, bytes }) => ({
            field: lines(field),
            // Undici leaves an empty name out; a name that holds %22 itself cannot be told from one with a quote.
            fileName: file === '' ? undefined : file.replace(/%(22|0A|0D)/gi, decodeURIComponent),
            contentType: type || 'application/octet-stream',
            bytes: Buffer.from(bytes),
          })),
        );
      }),
    );
  });

  test.each([
    ['form-data; name="file"; filename="a b.txt"', 'file', 'a b.txt'],
    ['form-data; name=file; filename=a.txt', 'file', 'a.txt'],
    ['FORM-DATA;NAME="file" ;FileName="a.txt"', 'file', 'a.txt'],
    ['form-data; name="file"; filename="a;b=\\"c\\".txt"', 'file', 'a;b="c".txt'],
    ['form-data; name="file"; filename="%22a%22.txt"', 'file', '"a".txt'],
    ['form-data; name="file"; filename="C:\\dir\\a.txt"', 'file', 'C:\\dir\\a.txt'],
    ['form-data; name="file"; filename=""', 'file', ''],
    ['form-data; name="file"; filename="a.txt"; filename*=utf-8\'\'%C3%BC.txt', 'file', 'ü.txt'],
    ['form-data; name="file"', 'file', undefined],
  ])('knows %s', async (disposition, name, fileName) => {
    const [only] = await read(field(disposition));
    expect({ field: only?.field, fileName: only?.fileName }).toEqual({ field: name, fileName });
  });

  test('takes names in UTF-8, and in Latin-1 where they cannot be that', async () => {
    const named = (bytes: Buffer) => read(field(`form-data; name="file"; filename="${bytes.toString('latin1')}"`));
    expect((await named(Buffer.from('Grüße 東京.txt')))[0]?.fileName).toBe('Grüße 東京.txt');
    expect((await named(Buffer.from('Grüße.txt', 'latin1')))[0]?.fileName).toBe('Grüße.txt');
  });

  test.each([
    ['no boundary at all', 'hello', 'invalid_request'],
    ['nothing', '', 'invalid_request'],
    ['another boundary', `--YY\r\n\r\n--YY--${' '.repeat(70_000)}`, 'invalid_request'],
    ['no closing boundary', part('Content-Disposition: form-data; name="a"'), 'incomplete_body'],
    ['a part that is cut off', '--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\nhel', 'incomplete_body'],
    ['headers that are cut off', '--XX\r\nContent-Dispos', 'incomplete_body'],
    ['a part without headers', '--XX\r\n\r\nx\r\n--XX--', 'invalid_request'],
    ['a part without a name', field('form-data; filename="a"'), 'invalid_request'],
    ['a part that is no form-data', field('attachment; name="a"'), 'invalid_request'],
    ['a quote that never ends', field('form-data; name="a'), 'invalid_request'],
    ['a header that is none', part('Content-Disposition form-data; name="a"'), 'invalid_request'],
    ['a header twice', part('A: 1\r\nA: 2\r\nContent-Disposition: form-data; name="a"'), 'invalid_request'],
    [
      'text after a boundary',
      '--XXtra\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--XX--',
      'invalid_request',
    ],
    ['headers that are too large', part(`A: ${'x'.repeat(17_000)}`), 'invalid_request'],
    ['headers without an end', `--XX\r\n${'A: x\r\n'.repeat(20_000)}`, 'invalid_request'],
    ['a long epilogue', `${field('form-data; name="a"')}${'x'.repeat(70_000)}`, 'invalid_request'],
  ])('with %s is refused', async (_, body, code) => {
    for (const sizes of [[7], [64], [100_000]]) expect(await problem(body, sizes)).toBe(code);
  });

  test('gives nothing of a part to whoever reads on in the one before', async () => {
    const body = ['one', 'two'].map((text) => part('Content-Disposition: form-data; name="f"', text)).join('');
    const form = new FormReader(inChunks(Buffer.from(`${body}--XX--`), [7]), 'XX');
    const first = await form.next();
    await readHead(first?.body as Bytes, 100);
    const second = await form.next();
    expect(await first?.body.next()).toBeUndefined();
    expect((await readHead(second?.body as Bytes, 100)).bytes.toString()).toBe('two');
  });

  test('holds no more of a part than it was handed', async () => {
    const chunk = Buffer.alloc(64 * 1024, 'x');
    const head = Buffer.from('--XX\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n');
    let sent = 0;
    const source: Bytes = { next: async () => (sent++ === 0 ? head : chunk) };
    const one = await new FormReader(source, 'XX').next();
    for (let i = 1; i <= 50; i++) {
      await one?.body.next();
      expect(sent).toBeLessThanOrEqual(i + 2);
    }
  });
});

describe('the boundary of a Content-Type', () => {
  test.each([
    ['multipart/form-data; boundary=abc', 'abc'],
    ['multipart/form-data;charset=utf-8;Boundary="a b"', 'a b'],
    ['multipart/form-data; boundary=abc; charset=utf-8', 'abc'],
  ])('%s', (contentType, boundary) => expect(boundaryOf(contentType)).toBe(boundary));

  test.each([
    'multipart/form-data',
    'multipart/form-data; boundary=',
    `multipart/form-data; boundary=${'x'.repeat(71)}`,
  ])('%s has none', (contentType) => expect(() => boundaryOf(contentType)).toThrow(/boundary/));
});
