import { expect, test } from 'vitest';
import { cliOfEachTest } from './testing/cli.ts';

const { run } = cliOfEachTest();

test('runs what is due, once', async () => {
  expect((await run(['migrate'])).stdout).toContain('auth: ran 0001_users');
  expect((await run(['migrate'])).stdout).toContain('All is up to date.');
  expect((await run(['migrate', 'status'])).stdout).toMatch(/auth: 0001_users {2}\d{4}-/);
});
