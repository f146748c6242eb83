import { afterEach, expect, it, vi } from 'vitest';
import { isId, newId, timeOfId } from './ids.ts';

afterEach(() => vi.restoreAllMocks());

it('rise, and are ids', () => {
  const ids = Array.from({ length: 20_000 }, newId);
  expect(ids.every(isId)).toBe(true);
  expect(new Set(ids).size).toBe(ids.length);
  expect([...ids].sort()).toEqual(ids);
});

it('rise also where the clock goes back', () => {
  const first = newId();
  vi.spyOn(Date, 'now').mockReturnValue(Date.now() - 60_000);
  expect(newId() > first).toBe(true);
});

it('carry the millisecond that they were made in', () => {
  const now = Date.now() + 3600_000;
  vi.spyOn(Date, 'now').mockReturnValue(now);
  expect(timeOfId(newId())).toBe(now);
});

it.each(['', 'x', newId().toUpperCase(), '00000000-0000-4000-8000-000000000000', `${newId()} `])(
  '%j is none',
  (text) => {
    expect(isId(text)).toBe(false);
  },
);
