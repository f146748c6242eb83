/** Milliseconds until the whole answer of another party must be there, where nobody says otherwise. */
const TIMEOUT = 5_000;
/** Metadata, keys and profiles have some kilobytes. */
const MAX_BYTES = 512 * 1024;

export interface Fetch extends RequestInit {
  /** Milliseconds. */
  readonly timeout?: number;
}

/** No answer that can be used came from another party. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/**
 * As `fetch`, for what other parties on the network answer: with a deadline, read whole and not without end. Redirects
 * are answers: nobody sends us elsewhere. Throws `NoAnswer`, or the signal's reason when that fires.
 */
export async function fetchWhole(url: string | URL, { timeout = TIMEOUT, ...init }: Fetch = {}): Promise<Response> {
  const { signal } = init;
  const deadline = AbortSignal.timeout(timeout);
  try {
    const answer = await fetch(url, {
      ...init,
      redirect: 'manual',
      signal: signal ? AbortSignal.any([deadline, signal]) : deadline,
    });
    const body = await readBounded(answer.body);
    const { status, statusText, headers } = answer;
    return new Response(body.length === 0 ? null : body, { status, statusText, headers });
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw error instanceof NoAnswer
      ? error
      : new NoAnswer(deadline.aborted ? late(timeout) : reasonOf(error), { cause: error });
  }
}

/** The JSON object that is at a URL. Throws `NoAnswer` for anything else. */
export async function fetchJson(url: string | URL, init: Fetch = {}): Promise<Readonly<Record<string, unknown>>> {
  const answer = await fetchWhole(url, { ...init, headers: { accept: 'application/json', ...init.headers } });
  if (answer.status !== 200) throw new NoAnswer(`it answered ${answer.status}`);
  const json: unknown = await answer.json().catch(() => undefined);
  if (typeof json === 'object' && json !== null) return json as Readonly<Record<string, unknown>>;
  throw new NoAnswer('what it answered is no JSON');
}

/**
 * An issuer's metadata (OpenID Connect Discovery 1.0, section 4): whoever answers has to be the issuer that was asked for,
 * to the letter.
 */
export async function fetchMetadata(
  issuer: string,
  fetch: (url: string) => ReturnType<typeof fetchJson> = fetchJson,
): Promise<Readonly<Record<string, unknown>>> {
  const metadata = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  if (metadata.issuer !== issuer) throw new NoAnswer(`it says that it is ${JSON.stringify(metadata.issuer)}`);
  return metadata;
}

async function readBounded(body: ReadableStream<Uint8Array> | null): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    // Leaving the loop ends the connection.
    if (length > MAX_BYTES) throw new NoAnswer('its answer has no end');
    chunks.push(chunk);
  }
  return Uint8Array.from(Buffer.concat(chunks));
}

const late = (timeout: number): string => `there was no answer within ${timeout / 1_000} s`;

function reasonOf(error: unknown): string {
  const { cause, message } = error as Error;
  return cause instanceof Error && cause.message !== '' ? cause.message : message;
}
