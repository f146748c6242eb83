import { describe, expect, test } from 'vitest';
import { HashingThread } from './hashing-thread.ts';
import { createPasswordHashing } from './index.ts';

const never = new AbortController().signal;

describe('hashing', () => {
  const hashing = createPasswordHashing();

  test('a password matches its own hash, at cost 12, and no other', async () => {
    const hash = await hashing.hash('correct horse', never);
    expect(hash).toMatch(/^\$2b\$12\$/);
    expect(await hashing.matches('correct horse', hash, never)).toBe(true);
    expect(await hashing.matches('correct horsf', hash, never)).toBe(false);
  });

  test('without a hash nothing matches', async () => {
    expect(await hashing.matches('', undefined, never)).toBe(false);
    expect(await hashing.matches('correct horse', undefined, never)).toBe(false);
  });

  test('all 72 bytes count, and those after a NUL too', async () => {
    const hash = await hashing.hash(`${'a'.repeat(70)}\0b`, never);
    expect(await hashing.matches(`${'a'.repeat(70)}\0c`, hash, never)).toBe(false);
  });
});

test('those who come when too many wait are told to come again; those who wait are served in turn', async () => {
  const hashing = createPasswordHashing({ concurrency: 1, queue: 2 });
  const served: number[] = [];
  const waiting = [1, 2, 3].map((n) => hashing.matches('x', undefined, never).then(() => served.push(n)));
  await expect(hashing.matches('x', undefined, never)).rejects.toMatchObject({
    code: 'too_many_requests',
    retryAfter: 5,
  });
  await Promise.all(waiting);
  expect(served).toEqual([1, 2, 3]);
  expect(await hashing.matches('x', undefined, never)).toBe(false);
});

test('one who goes away while waiting frees the place', async () => {
  const hashing = createPasswordHashing({ concurrency: 1, queue: 1 });
  const first = hashing.matches('x', undefined, never);
  const impatient = new AbortController();
  const second = hashing.matches('x', undefined, impatient.signal);
  impatient.abort(new Error('gone'));
  await expect(second).rejects.toThrow('gone');
  const third = hashing.matches('x', undefined, never);
  await Promise.all([first, third]);
});

test('a thread that has nothing to do ends, and is started again for the next task', async () => {
  const thread = new HashingThread({ idle: 1 });
  for (let round = 0; round < 3; round++) {
    expect(await thread.perform({ task: 'hash', password: 'correct horse', cost: 4 })).toMatch(/^\$2b\$04\$/);
    await expect.poll(() => thread.isRunning).toBe(false);
  }
});
