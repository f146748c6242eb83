import { type Answer, type CallOptions, call } from '../http.ts';

const HOPS = 12;

/** What people sit before, as far as signing in goes: it keeps cookies, by host, and goes where it is sent. */
export class Browser {
  readonly #cookies = new Map<string, Map<string, string>>();

  /** Asks for one page, from a page of the same host unless `headers` say otherwise. */
  async call(method: string, url: string, options: CallOptions = {}): Promise<Answer> {
    const { host } = new URL(url);
    const jar = this.#cookies.get(host) ?? new Map<string, string>();
    this.#cookies.set(host, jar);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { 'sec-fetch-site': 'same-origin', ...(cookie !== '' && { cookie }), ...options.headers };
    const answer = await call(method, url, { ...options, headers });
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '' || /max-age=0|expires=Thu, 01 Jan 1970/i.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
    return answer;
  }

  /** Follows where it is sent until somebody answers with a page, or until `stop` says of a URL that it is far enough. */
  async go(url: string, stop: (url: URL) => boolean = () => false): Promise<{ url: URL; answer: Answer }> {
    let here = new URL(url);
    for (let hop = 0; hop < HOPS; hop++) {
      const answer = await this.call('GET', here.href);
      const { location } = answer.headers;
      if (answer.status < 300 || answer.status > 399 || location === undefined) return { url: here, answer };
      here = new URL(location, here);
      if (stop(here)) return { url: here, answer };
    }
    throw new Error(`${url} leads nowhere: the last was ${here.href}`);
  }

  cookie(url: string, name: string): string | undefined {
    return this.#cookies.get(new URL(url).host)?.get(name);
  }

  setCookie(url: string, name: string, value: string): void {
    const { host } = new URL(url);
    this.#cookies.set(host, new Map(this.#cookies.get(host)).set(name, value));
  }
}
