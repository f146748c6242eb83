import { hash } from 'node:crypto';
import { createContext, runInContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BareGateway, startBareGateway } from '../testing.ts';
import { RESET_PASSWORD, VERIFY_EMAIL } from './account-pages.ts';
import type { Page } from './page.ts';

let gateway: BareGateway;
beforeAll(async () => {
  gateway = await startBareGateway();
});
afterAll(() => gateway.close());

interface Request {
  readonly path: string;
  readonly body: unknown;
  readonly init: Record<string, unknown>;
}

/** The page's script in a browser of which it sees no more than it needs. */
function open({ html }: Page, fragment: string, answer: { ok: boolean; body?: object } = { ok: true }) {
  const ids = [...html.matchAll(/ id="(\w+)"/g)].map(([, id]) => id as string);
  const handlers = new Map<string, (event: object) => void>();
  const parts = Object.fromEntries(
    ids.map((id) => [
      id,
      {
        hidden: html.includes(`<form id="${id}" hidden>`),
        textContent: '',
        value: `value of ${id}`,
        querySelector: () => ({ disabled: false }),
        addEventListener: (_: string, handler: (event: object) => void) => handlers.set(id, handler),
      },
    ]),
  );
  const requests: Request[] = [];
  const addresses: string[] = [];
  const context = createContext({
    location: { hash: fragment === '' ? '' : `#${fragment}`, pathname: '/page', search: '?lang=en' },
    history: { replaceState: (_: unknown, __: unknown, address: string) => addresses.push(address) },
    document: { getElementById: (id: string) => parts[id] },
    fetch: async (path: string, init: Record<string, unknown>) => {
      requests.push({ path, body: JSON.parse(init.body as string), init });
      return { ok: answer.ok, json: async () => answer.body };
    },
  });
  runInContext(/<script>([\s\S]*)<\/script>/.exec(html)?.[1] ?? '', context);
  const submit = async (id: string) => {
    handlers.get(id)?.({ preventDefault: () => {}, target: parts[id] });
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  };
  return { parts, requests, addresses, submit };
}

describe.each([
  ['/verify-email', VERIFY_EMAIL, 'confirm', 'api/auth/verify-email/confirm', 'api/auth/verify-email'],
  ['/reset-password', RESET_PASSWORD, 'choose', 'api/auth/password-reset/confirm', 'api/auth/password-reset'],
] as const)('the page %s', (path, page, act, confirm, ask) => {
  test('lets run what is in it, and loads nothing', async () => {
    const { status, headers, bytes } = await gateway.call('GET', path);
    expect({ status, type: headers['content-type'] }).toEqual({ status: 200, type: 'text/html; charset=utf-8' });
    const html = bytes.toString();
    const policy = String(headers['content-security-policy']);
    for (const tag of ['script', 'style']) {
      const [, content = ''] = new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(html) ?? [];
      expect(policy).toContain(`${tag}-src 'sha256-${hash('sha256', content, 'base64')}'`);
    }
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(headers['referrer-policy']).toBe('no-referrer');
    expect(html.replace('<a href="reset-password">', '')).not.toMatch(/https?:| src=| href=| on\w+=/);
  });

  test('takes the token out of the address, and does nothing by itself', async () => {
    const { addresses, requests, parts } = open(page, 'token-1');
    expect(addresses).toEqual(['/page?lang=en']);
    expect(requests).toEqual([]);
    expect([parts[act]?.hidden, parts.ask?.hidden]).toEqual([false, true]);
  });

  test('sends the token when a person says so, without a cookie', async () => {
    const { requests, submit, parts } = open(page, 'token-1');
    await submit(act);
    const password = 'value of password';
    const body = act === 'choose' ? { newPassword: password } : { password };
    expect(requests).toMatchObject([{ path: confirm, body: { token: 'token-1', ...body } }]);
    expect(requests[0]?.init).toMatchObject({ method: 'POST', credentials: 'omit' });
    expect(parts[act]?.hidden).toBe(true);
    expect(parts.status?.textContent).toMatch(/^Your .* now\.$|^Your password is changed/);
  });

  test('keeps the token for another try where the password was wrong', async () => {
    const refusal = { code: 'wrong_credentials', detail: 'The password is wrong.' };
    const { submit, parts, requests } = open(page, 'token-1', { ok: false, body: refusal });
    for (let time = 1; time <= 2; time++) {
      await submit(act);
      expect(requests).toHaveLength(time);
    }
    expect(parts.status?.textContent).toBe('The password is wrong.');
    expect([parts[act]?.hidden, parts.ask?.hidden]).toEqual([false, true]);
  });

  test('says what was wrong, and has another mail sent', async () => {
    const refusal = { code: 'token_invalid', detail: 'This link is not good.' };
    const { submit, parts } = open(page, 'token-1', { ok: false, body: refusal });
    await submit(act);
    expect(parts.status?.textContent).toBe('This link is not good.');
    expect([parts[act]?.hidden, parts.ask?.hidden]).toEqual([true, false]);
    const fresh = open(page, '');
    expect([fresh.parts[act]?.hidden, fresh.parts.ask?.hidden]).toEqual([true, false]);
    await fresh.submit('ask');
    expect(fresh.requests).toMatchObject([{ path: ask, body: { email: 'value of email' } }]);
  });
});
