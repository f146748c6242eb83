/** Milliseconds until the whole answer of another party must be there. */
const TIMEOUT = 5_000;
/** Metadata, keys and profiles have some kilobytes. */
const MAX_BYTES = 512 * 1024;

/** No answer that can be used came from another party. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/**
 * As `fetch`, for what other parties on the network answer: with a deadline, read whole and not without end. Redirects
 * are answers: nobody sends us elsewhere. Throws `NoAnswer`, or the signal's reason when that fires.
 */
export async function fetchWhole(url: string | URL, init: RequestInit = {}): Promise<Response> {
  const { signal } = init;
  const deadline = AbortSignal.timeout(TIMEOUT);
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
    throw error instanceof NoAnswer ? error : new NoAnswer(reasonOf(error, deadline), { cause: error });
  }
}

/** The JSON object that is at a URL. Throws `NoAnswer` for anything else. */
export async function fetchJson(url: string | URL, init: RequestInit = {}): Promise<Readonly<Record<string, unknown>>> {
  const answer = await fetchWhole(url, { ...init, headers: { accept: 'application/json', ...init.headers } });
  if (answer.status !== 200) throw new NoAnswer(`it answered ${answer.status}`);
  const json: unknown = await answer.json().catch(() => undefined);
  if (typeof json === 'object' && json !== null) return json as Readonly<Record<string, unknown>>;
  throw new NoAnswer('what it answered is no JSON');
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

function reasonOf(error: unknown, deadline: AbortSignal): string {
  if (deadline.aborted) return `there was no answer within ${TIMEOUT / 1_000} s`;
  const { cause, message } = error as Error;
  return cause instanceof Error && cause.message !== '' ? cause.message : message;
}
