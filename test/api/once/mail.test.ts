import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Api } from '../../harness/client.ts';
import { fixture } from '../../harness/fixtures.ts';
import { cookieOf } from '../../harness/http.ts';
import { query } from '../../harness/inspect.ts';
import { tokenIn } from '../../harness/kept-mail.ts';
import { type MailServer, type ReceivedMail, startMailServer } from '../../harness/mail-server.ts';
import { expectProblem } from '../../harness/problems.ts';
import { type Stack, startStack } from '../../harness/stack.ts';
import { until } from '../../harness/until.ts';

const password = 'correct horse battery staple';
const newPassword = 'four other words entirely';

let server: MailServer;
let stack: Stack;
beforeAll(async () => {
  server = await startMailServer();
  stack = await startStack({
    env: {
      SMTP_URL: server.url,
      MAIL_FROM: 'Holdfast <files@example.com>',
      EMAIL_VERIFICATION: 'required',
    },
  });
});
afterAll(async () => {
  await stack.dispose();
  await server.stop();
});

const someEmail = () => `user-${crypto.randomUUID()}@example.com`;
const mailsTo = (email: string): ReceivedMail[] => server.mails.filter(({ envelope }) => envelope.to.includes(email));
const mailTo = (email: string, subject: string): Promise<ReceivedMail> =>
  until(`the mail "${subject}"`, () => mailsTo(email).findLast((mail) => mail.subject === subject));
const post = (path: string, json: object) => stack.api.call('POST', `/api/auth/${path}`, { json });
const signUp = (email: string, more: object = {}) => post('signup', { email, password, ...more });
const logIn = (email: string, given = password) => post('login', { email, password: given });

async function confirmed(email = someEmail()): Promise<string> {
  await signUp(email);
  const token = tokenIn(await mailTo(email, 'Confirm your e-mail address'));
  expect((await post('verify-email/confirm', { token, password })).status).toBe(204);
  return email;
}

const altered = (token: string) => [
  token.slice(0, -1),
  `${token}0`,
  token.replace(/^hf./, 'hfs'),
  `${token.slice(0, 9)}${token[9] === 'A' ? 'B' : 'A'}${token.slice(10)}`,
];

describe('signing up where e-mails have to be confirmed', () => {
  test('a mail leads in, once', async () => {
    const email = someEmail();
    expect((await signUp(email)).status).toBe(202);
    const mail = await mailTo(email, 'Confirm your e-mail address');
    expect(mail.from).toEqual({ name: 'Holdfast', address: 'files@example.com' });
    const [link = ''] = /http\S+/.exec(mail.text ?? '') ?? [];
    expect(link.startsWith(`${stack.server.url}/verify-email#`)).toBe(true);
    expect(mail.html).toContain(`href="${link}"`);
    expectProblem(await logIn(email), 403, 'email_unverified');
    expectProblem(await logIn(email, 'a wrong one, again'), 401, 'wrong_credentials');

    // What looks through mails opens every link, and follows what it finds.
    for (const method of ['GET', 'HEAD', 'GET']) {
      expect((await stack.api.call(method, '/verify-email')).status).toBe(200);
    }
    expectProblem(await stack.api.call('GET', '/api/auth/verify-email/confirm'), 405, 'method_not_allowed');
    const token = tokenIn(mail);
    for (const bad of [...altered(token), '']) {
      expectProblem(await post('verify-email/confirm', { token: bad, password }), 400, 'token_invalid');
    }
    expectProblem(await post('verify-email/confirm', { token }), 400, 'invalid_request');
    const wrong = { token, password: 'a wrong one, again' };
    expectProblem(await post('verify-email/confirm', wrong), 401, 'wrong_credentials');
    expect((await post('verify-email/confirm', { token, password })).status).toBe(204);
    expectProblem(await post('verify-email/confirm', { token, password }), 400, 'token_invalid');
    const { status, body } = await logIn(email);
    expect(status).toBe(200);
    const me = await new Api(stack.api.url, body.access_token).expect(200, 'GET', '/api/auth/me');
    expect(me.body).toMatchObject({ email, emailVerified: true, notifications: { uploads: false, failures: false } });
    expect(stack.output()).not.toContain(token);
  });

  test('hears the same where there is an account, whose owner gets a mail', async () => {
    const email = await confirmed();
    const [again, fresh] = [await signUp(email), await signUp(someEmail())];
    expect([again.status, again.body]).toEqual([fresh.status, fresh.body]);
    const mail = await mailTo(email, 'You have an account already');
    expect((await logIn(email)).status).toBe(200);
    expect((await post('password-reset/confirm', { token: tokenIn(mail), newPassword })).status).toBe(204);
    expect((await logIn(email, newPassword)).status).toBe(200);
  });

  test('can ask for another mail, and not for many', async () => {
    const email = someEmail();
    await signUp(email);
    const first = await mailTo(email, 'Confirm your e-mail address');
    expect((await post('verify-email', { email })).status).toBe(202);
    await until('another mail', () => mailsTo(email).length === 2);
    expect((await post('verify-email', { email })).status).toBe(202);
    const refused = await post('verify-email', { email });
    expectProblem(refused, 429, 'too_many_requests');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await post('verify-email/confirm', { token: tokenIn(first), password })).status).toBe(204);
  });
});

describe('another password', () => {
  test('ends every session, and tells', async () => {
    const email = await confirmed();
    const { body: tokens } = await logIn(email);
    const web = await post('sessions', { email, password });
    const cookie = cookieOf(web);
    expect((await post('password-reset', { email })).status).toBe(202);
    const token = tokenIn(await mailTo(email, 'Choose another password'));
    for (const bad of altered(token)) {
      expectProblem(await post('password-reset/confirm', { token: bad, newPassword }), 400, 'token_invalid');
    }
    expectProblem(await post('password-reset/confirm', { token, newPassword: 'short' }), 400, 'invalid_request');
    expect((await post('password-reset/confirm', { token, newPassword })).status).toBe(204);
    expectProblem(await post('password-reset/confirm', { token, newPassword }), 400, 'token_invalid');
    expectProblem(await post('refresh', { refresh_token: tokens.refresh_token }), 401, 'unauthenticated');
    const gone = async (headers: Record<string, string>) =>
      (await stack.api.call('GET', '/api/auth/me', { headers })).status === 401;
    await until('the cookie to be refused', () => gone({ cookie }));
    await until('the access token to be refused', () => gone({ authorization: `Bearer ${tokens.access_token}` }));
    await mailTo(email, 'Your password was changed');
    expectProblem(await logIn(email), 401, 'wrong_credentials');
    expect((await logIn(email, newPassword)).status).toBe(200);
  });

  test('cannot be chosen by a link that has expired', async () => {
    const email = await confirmed();
    await post('password-reset', { email });
    const token = tokenIn(await mailTo(email, 'Choose another password'));
    await query(stack, 'UPDATE password_resets SET expires_at = 1 WHERE email = ?', email);
    expectProblem(await post('password-reset/confirm', { token, newPassword }), 400, 'token_invalid');
  });

  test('is offered to nobody without an account, and nobody hears which', async () => {
    const [email, nobody] = [await confirmed(), someEmail()];
    const [known, unknown] = [await post('password-reset', { email }), await post('password-reset', { email: nobody })];
    expect([known.status, known.body]).toEqual([unknown.status, unknown.body]);
    await mailTo(email, 'Choose another password');
    expect(mailsTo(nobody)).toEqual([]);
  });
});

describe('addresses that could do harm', () => {
  test.each([
    'ada@example.com\r\nBcc: all@example.com',
    'ada@example.com\nRCPT TO:<all@example.com>',
    'ada@example.com%0d%0aBcc: all@example.com',
    'ada\u0000@example.com',
    'a,b>c@example.com',
    '<ada@example.com>',
    'ada@example.com\u2028Bcc: all@example.com',
  ])('are none: %j', async (email) => {
    expectProblem(await signUp(email), 400, 'invalid_request');
    expectProblem(await post('password-reset', { email }), 400, 'invalid_request');
  });

  test('neither does a name', async () => {
    const email = someEmail();
    const name = 'Ada\r\nBcc: all@example.com';
    expectProblem(await signUp(email, { name }), 400, 'invalid_request');
    await signUp(email, { name: 'Click https://evil.example now <b>' });
    const { raw } = await mailTo(email, 'Confirm your e-mail address');
    expect(raw).not.toContain('evil.example');
  });
});

interface Delivery {
  readonly state: string;
  readonly reason: string | null;
  readonly attempt: number;
}

const deliveries = (email: string): Promise<Delivery[]> =>
  query<Delivery>(
    stack,
    `SELECT state, reason, attempt FROM mail_deliveries
     WHERE user_id = (SELECT id FROM users WHERE email = ?) ORDER BY created_at`,
    email,
  );

describe('a mail server', () => {
  test('that refuses for good makes a mail dead, for the operator to see', async () => {
    const email = someEmail();
    server.refuse((to) => (to === email ? { at: 'to', code: 550, text: 'no such user' } : undefined));
    await signUp(email);
    const row = await until('it to be dead', async () =>
      (await deliveries(email)).find(({ state }) => state === 'dead'),
    );
    expect(row).toMatchObject({ attempt: 1, reason: expect.stringContaining('550 no such user') });
    server.refuse(undefined);
    expect(mailsTo(email)).toEqual([]);
    const metrics = (await stack.api.call('GET', '/metrics')).bytes.toString();
    expect(metrics).toMatch(/notifier_deliveries\{[^}]*state="dead"[^}]*\} [1-9]/);
    const line = /"reason":"[^"]*550 no such user[^"]*","msg":"a delivery was given up"/;
    await until('the line in the log', () => line.test(stack.output()));
  });

  test('that is away gets it when it is back, and nobody waits for it meanwhile', async () => {
    const email = someEmail();
    const { port } = server;
    await server.stop();
    expect((await signUp(email)).status).toBe(202);
    await until('a try', async () => (await deliveries(email)).some(({ reason }) => reason !== null));
    expect((await stack.api.call('GET', '/readyz')).status).toBe(200);
    server = await startMailServer({}, port);
    await until('the mail', () => mailsTo(email)[0], { within: 60_000 });
    await until('it to be settled', async () => (await deliveries(email))[0]?.state === 'sent');
    expect(mailsTo(email)).toHaveLength(1);
  });
});

test('who wants to hears of files, of many in one mail', async () => {
  const email = await confirmed();
  const { body } = await logIn(email);
  const user = new Api(stack.api.url, body.access_token);
  const json = { notifications: { uploads: true, failures: true } };
  expect((await user.expect(200, 'PATCH', '/api/auth/me', { json })).body).toMatchObject(json);
  const other = { notifications: { failures: true } };
  expect((await user.expect(200, 'PATCH', '/api/auth/me', { json: other })).body).toMatchObject(json);
  expectProblem(
    await user.call('PATCH', '/api/auth/me', { json: { notifications: { news: true } } }),
    400,
    'invalid_request',
  );
  for (const name of ['one.txt', 'two.txt', 'three.txt']) await user.upload(name, { name, type: 'text/plain' });
  const broken = await user.upload(await fixture('truncated.jpg'), { name: 'broken.jpg' });
  await user.processed(broken.id);
  // Their minute is over.
  const due = async (subject: string) => {
    await query(stack, "UPDATE mail_deliveries SET due_at = 0 WHERE kind LIKE 'files.%' AND state = 'queued'");
    return mailsTo(email).find((mail) => mail.subject === subject);
  };
  const counted = (kind: string, count: number) =>
    until(`${count} of ${kind}`, async () => {
      const rows = await query<{ data: string }>(stack, 'SELECT data FROM mail_deliveries WHERE kind = ?', kind);
      return rows.some(({ data }) => JSON.parse(data).count === count);
    });
  await counted('files.uploaded', 4);
  await counted('files.failed', 1);
  const uploaded = await until('the mail of uploads', () => due('4 files were uploaded'));
  expect(uploaded.text).toContain('- one.txt\n- two.txt\n- three.txt\n- broken.jpg');
  const failed = await until('the mail of failures', () => due('A file could not be processed'));
  expect(failed.text).toContain('- broken.jpg');
});
