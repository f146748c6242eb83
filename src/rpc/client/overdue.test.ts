import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Overdue } from './overdue.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('what takes too long is given up, once, and nothing else', () => {
  const overdue = new Overdue(30_000);
  const given: string[] = [];
  const add = (name: string) => overdue.add(() => given.push(name));
  add('early');
  const ended = add('ended');
  vi.advanceTimersByTime(20_000);
  overdue.delete(ended);
  add('late');
  vi.advanceTimersByTime(9_000);
  expect(given).toEqual([]);
  vi.advanceTimersByTime(2_000);
  expect(given).toEqual(['early']);
  vi.advanceTimersByTime(60_000);
  expect(given).toEqual(['early', 'late']);
  expect(vi.getTimerCount()).toBe(0);
  add('again');
  vi.advanceTimersByTime(31_000);
  expect(given).toEqual(['early', 'late', 'again']);
});
