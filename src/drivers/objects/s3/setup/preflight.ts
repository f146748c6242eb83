import { newId } from '../../../../base/ids.ts';
import type { Bucket } from '../bucket.ts';
import { signPut } from '../sign.ts';

/** Milliseconds. */
const TIME = 5_000;

/**
 * Whether the store lets pages of an origin send such a request, asked as a browser asks it (CORS preflight of the Fetch
 * standard). Some stores have one setting for all buckets, which no rule of a bucket shows. False, too, where the
 * endpoint for clients cannot be reached from here.
 */
export async function allowsPreflight(bucket: Bucket, origin: string, method: string): Promise<boolean> {
  try {
    const expiresAt = new Date(Date.now() + 60_000);
    const { url } = await signPut(bucket, newId(), { size: 0, contentType: 'text/plain', expiresAt });
    const answer = await fetch(url, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': method,
        'access-control-request-headers': 'content-type',
      },
      signal: AbortSignal.timeout(TIME),
    });
    await answer.body?.cancel();
    const allowed = answer.headers.get('access-control-allow-origin');
    const methods = answer.headers.get('access-control-allow-methods')?.split(/\s*,\s*/) ?? [];
    return answer.ok && (allowed === '*' || allowed === origin) && (methods.includes(method) || methods.includes('*'));
  } catch {
    return false;
  }
}
