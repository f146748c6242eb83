import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import PostalMime from 'postal-mime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openMail } from '../index.ts';
import { FROM, mailLaws, never, someMail } from '../laws.ts';

const silent = pino({ level: 'silent' });

mailLaws(async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-mail-'));
  const folder = join(dataDir, 'mail');
  return {
    mail: await openMail('file:', { from: FROM, dataDir, log: silent }),
    async received() {
      const files = await readdir(folder).catch(() => []);
      const all = files.map(async (name) => {
        const raw = await readFile(join(folder, name));
        return { ...(await PostalMime.parse(raw)), raw: raw.toString() };
      });
      return Promise.all(all);
    },
    stop: () => rm(dataDir, { recursive: true }),
  };
});

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'holdfast-mail-'));
});
afterEach(() => rm(dataDir, { recursive: true }));

test('a mail is a file for the operator alone, and where it leads is in the log', async () => {
  const lines: string[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => lines.push(line) });
  const mail = await openMail('file:', { from: FROM, dataDir, log });
  expect(await readdir(dataDir)).toEqual([]);
  const message = someMail({ link: 'http://127.0.0.1/verify-email#hfv_token' });
  await mail.send(message, never);
  const [name = ''] = await readdir(join(dataDir, 'mail'));
  expect(name).toBe(`${message.id}.eml`);
  expect((await stat(join(dataDir, 'mail', name))).mode & 0o777).toBe(0o600);
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ link: message.link, file: `mail/${name}` }]);
});

test('what cannot be written waits', async () => {
  const mail = await openMail('file:', { from: FROM, dataDir: join(dataDir, 'none', '\0'), log: silent });
  expect(await mail.send(someMail(), never)).toMatchObject({ kind: 'transient' });
});

test('mails of more than 30 days go when others come, and nothing else does', async () => {
  const mail = await openMail('file:', { from: FROM, dataDir, log: silent });
  const folder = join(dataDir, 'mail');
  await mkdir(folder);
  const day = 86_400;
  const now = Date.now() / 1000;
  for (const [name, age] of [
    ['old.eml', 31],
    ['young.eml', 29],
    ['notes.txt', 31],
  ] as const) {
    await writeFile(join(folder, name), '');
    await utimes(join(folder, name), now, now - age * day);
  }
  const message = someMail();
  expect(await mail.send(message, never)).toEqual({ kind: 'taken' });
  expect((await readdir(folder)).sort()).toEqual([`${message.id}.eml`, 'notes.txt', 'young.eml'].sort());
});
