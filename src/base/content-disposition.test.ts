import { parse } from 'content-disposition';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentDisposition, mayBeShown } from './content-disposition.ts';

describe('contentDisposition', () => {
  it('shows what is safe to show, under its own name', () => {
    expect(contentDisposition('image/jpeg', 'a.jpg', false)).toBe('inline; filename=a.jpg');
    expect(contentDisposition('text/plain; charset=utf-8', 'a b.txt', false)).toBe('inline; filename="a b.txt"');
    expect(contentDisposition('video/mp4', 'a.mp4', false)).toMatch(/^inline/);
  });

  it.each([
    'text/html',
    'image/svg+xml',
    'application/xhtml+xml',
    'text/xml',
    'application/javascript',
    '',
    'IMAGE/SVG+XML',
  ])('never shows "%s"', (contentType) => {
    expect(mayBeShown(contentType)).toBe(false);
    expect(contentDisposition(contentType, 'a.jpg', false)).toMatch(/^attachment/);
  });

  it('has saved what is asked to be saved', () => {
    expect(contentDisposition('image/jpeg', 'a.jpg', true)).toBe('attachment; filename=a.jpg');
  });

  it('keeps names of all languages', () => {
    const name = 'Grüße 世界 😀 100%25.pdf';
    expect(parse(contentDisposition('application/pdf', name, false)).parameters.filename).toBe(name);
  });

  it('is always a valid header that names one plain file', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), fc.boolean(), (name, attachment) => {
        const header = contentDisposition('image/png', name, attachment);
        expect(header).toMatch(/^(inline|attachment); [\x20-\x7e]+$/);
        const saved = parse(header).parameters.filename ?? '';
        expect(saved).not.toBe('');
        expect(saved).not.toMatch(/[/\\\p{Cc}]/u);
        expect(saved).not.toMatch(/^\.+$/);
      }),
    );
  });

  it('takes half of a surrogate pair', () => {
    expect(contentDisposition('image/png', 'a\ud800b', false)).toMatch(/^inline/);
  });
});
