import { type Answer, type CallOptions, call, open } from './http.ts';
import { until } from './until.ts';
import type { BegunUpload, FileView, JobView, Page, UploadAnswer, UploadedFile } from './views.ts';

/** An answer that was not the one expected. */
export class UnexpectedAnswer extends Error {
  readonly answer: Answer;
  constructor(what: string, answer: Answer) {
    super(`${what} answered ${answer.status}: ${answer.bytes.toString().slice(0, 1_000)}`);
    this.answer = answer;
  }
}

/** A part of a form: a field, or a file where it has a name. */
export interface FormPart {
  readonly field: string;
  readonly filename?: string;
  readonly type?: string;
  readonly content: string | Uint8Array;
}

export interface RawUpload extends CallOptions {
  readonly name?: string;
  readonly type?: string;
  readonly query?: Readonly<Record<string, string>>;
}

const encode = (query: Readonly<Record<string, string>>) => new URLSearchParams(query).toString();

/** The API as a client of one user, or of nobody, sees it. `call` answers whatever comes; the verbs throw on failure. */
export class Api {
  /** Of the server now: it may be another one after a restart. */
  readonly url: () => string;
  readonly token: string | undefined;

  constructor(url: () => string, token?: string) {
    this.url = url;
    this.token = token;
  }

  call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    return call(method, this.#absolute(path), this.#signed(options));
  }

  /** The answer's head; its body must be consumed or destroyed. */
  open(method: string, path: string, options: CallOptions = {}) {
    return open(method, this.#absolute(path), this.#signed(options));
  }

  async expect(status: number, method: string, path: string, options?: CallOptions): Promise<Answer> {
    const answer = await this.call(method, path, options);
    if (answer.status !== status) throw new UnexpectedAnswer(`${method} ${path}`, answer);
    return answer;
  }

  /** Makes an account and signs in with it. */
  async signUp(email = `user-${crypto.randomUUID()}@example.com`): Promise<Api> {
    const credentials = { email, password: 'correct horse battery staple' };
    await this.expect(201, 'POST', '/api/auth/signup', { json: credentials });
    const { body } = await this.expect(200, 'POST', '/api/auth/login', { json: credentials });
    return new Api(this.url, body.access_token);
  }

  /** Uploads one raw body, answering whatever comes. */
  sendRaw(body: CallOptions['body'], { name, type, query = {}, headers, ...rest }: RawUpload = {}): Promise<Answer> {
    const all = { ...query, ...(name === undefined ? {} : { name }) };
    const headersToSend = { 'content-type': type ?? 'application/octet-stream', ...headers };
    return this.call('POST', `/api/files?${encode(all)}`, { ...rest, body: body ?? '', headers: headersToSend });
  }

  async upload(body: CallOptions['body'], options: RawUpload = {}): Promise<UploadedFile> {
    const answer = await this.sendRaw(body, options);
    const [file] = (answer.body as UploadAnswer | undefined)?.files ?? [];
    if (answer.status !== 202 || !file) throw new UnexpectedAnswer(`Uploading ${options.name}`, answer);
    return file;
  }

  /** Uploads a form, answering whatever comes. */
  sendForm(parts: readonly FormPart[], { headers, ...rest }: CallOptions = {}): Promise<Answer> {
    const { body, type } = formBody(parts);
    return this.call('POST', '/api/files', { ...rest, body, headers: { 'content-type': type, ...headers } });
  }

  async begin(file: {
    readonly name: string;
    readonly size: number;
    readonly contentType?: string;
    readonly [more: string]: unknown;
  }): Promise<BegunUpload> {
    const json = { contentType: 'application/octet-stream', ...file };
    return (await this.expect(201, 'POST', '/api/uploads', { json })).body;
  }

  /** One request to a signed URL: nothing of ours is added to it. */
  put(url: string, body: CallOptions['body'], headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return call('PUT', url, { body, headers });
  }

  async list(query: Readonly<Record<string, string>> = {}): Promise<Page<FileView>> {
    return (await this.expect(200, 'GET', `/api/files?${encode(query)}`)).body;
  }

  /** All pages, one after the other. */
  async listAll(query: Readonly<Record<string, string>> = {}): Promise<FileView[]> {
    const found: FileView[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: Page<FileView> = await this.list({ limit: '200', ...query, ...(cursor ? { cursor } : {}) });
      found.push(...page.items);
      cursor = page.nextCursor;
    }
    return found;
  }

  async file(id: string): Promise<FileView> {
    return (await this.expect(200, 'GET', `/api/files/${id}`)).body;
  }

  async job(id: string): Promise<JobView> {
    return (await this.expect(200, 'GET', `/api/jobs/${id}`)).body;
  }

  async jobs(fileId: string): Promise<readonly JobView[]> {
    return (await this.expect(200, 'GET', `/api/jobs?fileId=${fileId}&limit=200`)).body.items;
  }

  async content(id: string, query: Readonly<Record<string, string>> = {}): Promise<Buffer> {
    return (await this.expect(200, 'GET', `/api/files/${id}/content?${encode(query)}`)).bytes;
  }

  /** Waits until the jobs that presets gave the file have ended. */
  processed(id: string): Promise<FileView> {
    return until(`file ${id} to be processed`, async () => {
      const file = await this.file(id);
      return file.processing.state !== 'running' && file;
    });
  }

  /** Waits until a job has ended, well or not. */
  ended(jobId: string): Promise<JobView> {
    return until(`job ${jobId} to end`, async () => {
      const job = await this.job(jobId);
      return ['succeeded', 'dead', 'cancelled'].includes(job.status) && job;
    });
  }

  #absolute(path: string) {
    return /^https?:/.test(path) ? path : `${this.url()}${path}`;
  }

  #signed(options: CallOptions): CallOptions {
    if (this.token === undefined) return options;
    return { ...options, headers: { authorization: `Bearer ${this.token}`, ...options.headers } };
  }
}

/** multipart/form-data (RFC 7578), with names in UTF-8 as browsers send them. */
export function formBody(parts: readonly FormPart[], boundary = `hf-${crypto.randomUUID()}`) {
  const quoted = (name: string) => name.replace(/"/g, '%22').replace(/\r/g, '%0D').replace(/\n/g, '%0A');
  const chunks = parts.flatMap(({ field, filename, type, content }) => {
    const name = filename === undefined ? '' : `; filename="${quoted(filename)}"`;
    const typed = filename === undefined ? '' : `Content-Type: ${type ?? 'application/octet-stream'}\r\n`;
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${field}"${name}\r\n${typed}\r\n`;
    return [Buffer.from(head), Buffer.from(content), Buffer.from('\r\n')];
  });
  const body = Buffer.concat([...chunks, Buffer.from(`--${boundary}--\r\n`)]);
  return { body, type: `multipart/form-data; boundary=${boundary}` };
}
