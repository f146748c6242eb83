import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { SMTPServerOptions } from 'smtp-server';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import {
  type MailServer,
  type Refusal,
  startMailServer,
  startSilentServer,
} from '../../../../test/harness/mail-server.ts';
import { writeSelfSigned } from '../../../../test/harness/self-signed.ts';
import { openMail } from '../index.ts';
import { FROM, mailLaws, never, someMail } from '../laws.ts';
import type { Mail } from '../port.ts';

const PASSWORD = 'a pass/word of mail';
const servers: MailServer[] = [];
const opened: Mail[] = [];
let folder: string;
let cert: string;
let key: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-smtp-'));
  ({ cert, key } = await writeSelfSigned(folder));
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(async () => {
  await Promise.all(opened.splice(0).map((mail) => mail.close()));
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function serve(options?: SMTPServerOptions, port?: number): Promise<MailServer> {
  const server = await startMailServer(options, port);
  servers.push(server);
  return server;
}

async function open(url: string) {
  const lines: { level: number; msg: string; reason?: string }[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const mail = await openMail(url, { from: FROM, dataDir: '/nowhere', log });
  opened.push(mail);
  return { mail, lines };
}

const withTls = async (): Promise<SMTPServerOptions> => ({
  disabledCommands: ['AUTH'],
  cert: await readFile(cert),
  key: await readFile(key),
});

const withPassword: SMTPServerOptions = {
  disabledCommands: ['STARTTLS'],
  authOptional: false,
  allowInsecureAuth: true,
  onAuth: ({ username, password }, _session, done) =>
    username === 'me' && password === PASSWORD
      ? done(null, { user: 'me' })
      : done(new Error(`${password} is not the password of ${username}`)),
};

mailLaws(async () => {
  const server = await startMailServer();
  const mail = await openMail(server.url, { from: FROM, dataDir: '/nowhere', log: pino({ level: 'silent' }) });
  return {
    mail,
    received: async () => server.mails,
    async stop() {
      await mail.close();
      await server.stop();
    },
  };
});

test('the envelope names whom it is from and whom it goes to, and nobody else', async () => {
  const server = await serve();
  const { mail } = await open(server.url);
  await mail.send(someMail({ to: 'josé@bücher.example' }), never);
  expect(server.mails[0]?.envelope).toEqual({ from: FROM.address, to: ['josé@bücher.example'] });
});

test.each<[Refusal, string]>([
  [{ at: 'to', code: 550, text: 'no such user' }, 'permanent'],
  [{ at: 'to', code: 450, text: 'greylisted' }, 'transient'],
  [{ at: 'data', code: 554, text: 'spam' }, 'permanent'],
  [{ at: 'data', code: 452, text: 'no room' }, 'transient'],
  // That they do not like us is nothing that the mail can do about.
  [{ at: 'from', code: 550, text: 'sender unknown' }, 'transient'],
  [{ at: 'connect', code: 554, text: 'go away' }, 'transient'],
])('what a server answers is for good or for now: %j', async (refusal, kind) => {
  const server = await serve();
  const { mail } = await open(server.url);
  server.refuse(() => refusal);
  const outcome = await mail.send(someMail(), never);
  expect(outcome).toMatchObject({ kind, reason: expect.stringContaining(refusal.text) });
  server.refuse(undefined);
  expect(await mail.send(someMail(), never)).toEqual({ kind: 'taken' });
  expect(server.mails).toHaveLength(1);
});

test('a server that is away takes no mail, says so once, and is found again', async () => {
  const server = await serve();
  const { port } = server;
  const { mail, lines } = await open(server.url);
  expect(await mail.send(someMail(), never)).toEqual({ kind: 'taken' });
  await server.stop();
  for (let time = 0; time < 3; time++) expect(await mail.send(someMail(), never)).toMatchObject({ kind: 'transient' });
  await expect(mail.probe(AbortSignal.timeout(10_000))).rejects.toThrow(/^SMTP_URL: the mail server at 127/);
  await serve(undefined, port);
  expect(await mail.send(someMail(), never)).toEqual({ kind: 'taken' });
  expect(lines.map(({ level }) => level)).toEqual([40, 30]);
});

test('a password opens it, and is never told', async () => {
  const server = await serve(withPassword);
  const url = (password: string) => `smtp://me:${encodeURIComponent(password)}@127.0.0.1:${server.port}`;
  const { mail } = await open(url(PASSWORD));
  expect(await mail.send(someMail(), never)).toEqual({ kind: 'taken' });
  const wrong = await open(url('a wrong one'));
  const outcome = await wrong.mail.send(someMail(), never);
  expect(outcome).toMatchObject({ kind: 'transient' });
  const probed = await wrong.mail.probe(AbortSignal.timeout(10_000)).catch((error: Error) => error.message);
  expect(probed).toMatch(/^SMTP_URL: [^\n]+$/);
  expect(JSON.stringify([outcome, probed, wrong.lines])).not.toContain('a wrong one');
});

test('TLS from the first byte, by STARTTLS, and never with a certificate that nobody vouches for', async () => {
  const starttls = await serve(await withTls());
  const secure = await serve({ ...(await withTls()), secure: true });
  const ca = `ca=${encodeURIComponent(cert)}`;
  for (const url of [
    `smtps://127.0.0.1:${secure.port}?${ca}`,
    `smtp://127.0.0.1:${starttls.port}?tls=required&${ca}`,
    `smtp://127.0.0.1:${starttls.port}?${ca}`,
    `smtp://127.0.0.1:${starttls.port}?tls=never`,
  ]) {
    const { mail } = await open(url);
    expect(await mail.send(someMail(), never), url).toEqual({ kind: 'taken' });
  }
  for (const url of [`smtps://127.0.0.1:${secure.port}`, `smtp://127.0.0.1:${starttls.port}`]) {
    const { mail } = await open(url);
    expect(await mail.send(someMail(), never), url).toMatchObject({ kind: 'transient' });
  }
  expect(starttls.mails.length + secure.mails.length).toBe(4);
});

test('without TLS nothing is sent that has to be', async () => {
  const plain = await serve(withPassword);
  const { mail } = await open(`smtp://me:${encodeURIComponent(PASSWORD)}@127.0.0.1:${plain.port}?tls=required`);
  expect(await mail.send(someMail(), never)).toMatchObject({ kind: 'transient' });
  expect(plain.mails).toEqual([]);
});

test('what a silent server keeps waiting ends with the signal, and when it is closed', async () => {
  const silent = await startSilentServer();
  try {
    const { mail } = await open(`smtp://127.0.0.1:${silent.port}`);
    const stopping = new AbortController();
    const sending = mail.send(someMail(), stopping.signal);
    stopping.abort(new Error('stopping'));
    await expect(sending).rejects.toThrow('stopping');
    const other = mail.send(someMail(), never);
    await mail.close();
    expect(await other).toMatchObject({ kind: 'transient' });
    expect(await mail.send(someMail(), never)).toMatchObject({ kind: 'transient' });
    await mail.close();
  } finally {
    await silent.stop();
  }
});
