import { afterAll, beforeAll, expect, test } from 'vitest';
import { type MailServer, startMailServer } from '../harness/mail-server.ts';
import { type Stack, startStack } from '../harness/stack.ts';
import { EMBEDDED } from '../harness/stack-kind.ts';
import { until } from '../harness/until.ts';

const MAILS = 12;
const ROUNDS = 2;
const password = 'correct horse battery staple';

let server: MailServer;
let stack: Stack;
beforeAll(async () => {
  server = await startMailServer();
  const env = { SMTP_URL: server.url, MAIL_FROM: 'files@example.com' };
  stack = await startStack({ ...EMBEDDED, env });
});
afterAll(async () => {
  await stack.dispose();
  await server.stop();
});

test('killed while mails are on their way, it sends all that were asked for', async () => {
  const emails = Array.from({ length: MAILS }, (_, n) => `user-${n}@example.com`);
  await Promise.all(
    emails.map((email) => stack.api.expect(201, 'POST', '/api/auth/signup', { json: { email, password } })),
  );
  for (let round = 0; round < ROUNDS; round++) {
    const before = server.mails.length;
    const cameTo = () => new Set(server.mails.slice(before).map(({ envelope }) => envelope.to[0]));
    // Some are taken, some are on their way for good, and some are not begun.
    server.hold(1 + round * 3);
    for (const email of emails) await stack.api.expect(202, 'POST', '/api/auth/password-reset', { json: { email } });
    await until('some mails', () => server.mails.length === before + 1 + round * 3);
    await stack.server.kill('SIGKILL');
    expect(cameTo().size).toBeLessThan(MAILS);
    server.letGo();
    await stack.start();
    await until('all mails', () => emails.every((email) => cameTo().has(email)));
  }
  // What came twice is known to be the same.
  const ids = new Map(server.mails.map(({ messageId, envelope }) => [messageId, envelope.to[0]]));
  expect(ids.size).toBe(ROUNDS * MAILS);
});
