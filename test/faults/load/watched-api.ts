import { Api } from '../../harness/client.ts';
import type { Answer, CallOptions } from '../../harness/http.ts';
import type { Ledger } from './ledger.ts';

/** A client to whom nothing worse may be said than that something is not available just now, and when to ask again. */
export class WatchedApi extends Api {
  readonly #ledger: Ledger;

  constructor({ url, token }: Api, ledger: Ledger) {
    super(url, token);
    this.#ledger = ledger;
  }

  override async call(method: string, path: string, options?: CallOptions): Promise<Answer> {
    const answer = await super.call(method, path, options);
    const { status, headers, body } = answer;
    const again = headers['retry-after'];
    if (status >= 500 && !(status === 503 && Number(again) > 0 && typeof body?.code === 'string')) {
      const where = path.replace(/[0-9a-f-]{36}/g, '{id}').replace(/\?.*/, '');
      const what = `${method} ${where} answered ${status} ${body?.code}, Retry-After ${again}: ${body?.detail}`;
      if (!this.#ledger.broken.includes(what)) this.#ledger.broken.push(what);
    }
    return answer;
  }
}
