import type { IncomingHttpHeaders } from 'node:http';
import { describe, expect, it } from 'vitest';
import { evaluate } from './conditions.ts';

const found = { size: 100, etag: '"abc"', modifiedAt: new Date('2026-03-01T12:00:00.700Z') };
const at = 'Sun, 01 Mar 2026 12:00:00 GMT';
const before = 'Sun, 01 Mar 2026 11:59:59 GMT';
const after = 'Sun, 01 Mar 2026 12:00:01 GMT';
const status = (headers: IncomingHttpHeaders, method = 'GET') => evaluate(method, headers, found).status;

describe('evaluate', () => {
  it.each<[string, IncomingHttpHeaders, number]>([
    ['nothing', {}, 200],
    ['the same tag', { 'if-none-match': '"abc"' }, 304],
    ['the same tag, made weak by a proxy', { 'if-none-match': 'W/"abc"' }, 304],
    ['one of the tags', { 'if-none-match': '"x", "abc"' }, 304],
    ['a tag with a comma', { 'if-none-match': '"x,", "abc"' }, 304],
    ['any tag', { 'if-none-match': '*' }, 304],
    ['another tag', { 'if-none-match': '"abcd"' }, 200],
    ['no tag at all', { 'if-none-match': 'abc' }, 200],
    ['not since now', { 'if-modified-since': at }, 304],
    ['not since later', { 'if-modified-since': after }, 304],
    ['since before', { 'if-modified-since': before }, 200],
    ['since no date', { 'if-modified-since': 'yesterday' }, 200],
    ['the tag counts, not the date', { 'if-none-match': '"x"', 'if-modified-since': at }, 200],
    ['match', { 'if-match': '"abc"' }, 200],
    ['match any', { 'if-match': '*' }, 200],
    ['match another', { 'if-match': '"x"' }, 412],
    ['match weakly', { 'if-match': 'W/"abc"' }, 412],
    ['unmodified since before', { 'if-unmodified-since': before }, 412],
    ['unmodified since', { 'if-unmodified-since': at }, 200],
    ['a range', { range: 'bytes=0-9' }, 206],
    ['a range outside', { range: 'bytes=100-' }, 416],
    ['no range', { range: 'bytes=x' }, 200],
    ['a range of the same', { range: 'bytes=0-9', 'if-range': '"abc"' }, 206],
    ['a range of another', { range: 'bytes=0-9', 'if-range': '"x"' }, 200],
    ['a range outside of another', { range: 'bytes=100-', 'if-range': '"x"' }, 200],
    ['a range of the same, weakly', { range: 'bytes=0-9', 'if-range': 'W/"abc"' }, 200],
    ['a range of the same date', { range: 'bytes=0-9', 'if-range': at }, 206],
    ['a range of another date', { range: 'bytes=0-9', 'if-range': after }, 200],
    ['a range of no date', { range: 'bytes=0-9', 'if-range': 'x' }, 200],
    ['what was seen, before a range', { range: 'bytes=0-9', 'if-none-match': '"abc"' }, 304],
  ])('%s', (_what, headers, expected) => {
    expect(status(headers)).toBe(expected);
  });

  it('takes a range for GET alone', () => {
    expect(status({ range: 'bytes=0-9' }, 'HEAD')).toBe(200);
    expect(status({ range: 'bytes=100-' }, 'HEAD')).toBe(200);
  });

  it('does not trust a date within the second that something changed in', () => {
    const now = { ...found, modifiedAt: new Date() };
    const headers = { range: 'bytes=0-9', 'if-range': now.modifiedAt.toUTCString() };
    expect(evaluate('GET', headers, now).status).toBe(200);
  });

  it('answers the range', () => {
    expect(evaluate('GET', { range: 'bytes=-1' }, found)).toEqual({ status: 206, range: { first: 99, last: 99 } });
  });
});
