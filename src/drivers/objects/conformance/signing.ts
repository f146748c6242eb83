import { expect } from 'vitest';
import type { Law } from '../../laws.ts';
import { pattern } from './bodies.ts';
import { newKey, type Place } from './place.ts';

const soon = () => new Date(Date.now() + 60_000);

export function signingLaws(law: Law, place: Place): void {
  law('lets somebody without credentials put just what was signed', async () => {
    const key = newKey();
    const bytes = pattern(10_000);
    const request = await place.store.signPut(key, { size: bytes.length, contentType: 'image/png', expiresAt: soon() });
    expect(request.method).toBe('PUT');
    expect((await place.send(request, bytes)).status).toBe(200);
    expect((await place.read(key)).equals(bytes)).toBe(true);
  });

  law('refuses a signed put of another size', async () => {
    const key = newKey();
    const request = await place.store.signPut(key, { size: 100, contentType: 'image/png', expiresAt: soon() });
    for (const length of [0, 99, 101]) {
      expect((await place.send(request, pattern(length))).status).toBeGreaterThanOrEqual(400);
    }
    expect(await place.store.head(key)).toBeUndefined();
    await place.expectNoResidue();
  });

  law('lets somebody without credentials get just what was signed', async () => {
    const key = newKey();
    const bytes = pattern(100_000);
    await place.store.put(key, bytes);
    const answers = {
      contentType: 'text/csv',
      contentDisposition: `attachment; filename="a b.csv"; filename*=UTF-8''%C3%A4.csv`,
    };
    const url = await place.store.signGet(key, { ...answers, expiresAt: soon() });
    const answer = await place.send({ method: 'GET', url, headers: {} });
    expect(answer.status).toBe(200);
    expect(answer.body.equals(bytes)).toBe(true);
  });

  law('refuses what was not signed so', async () => {
    const key = newKey();
    await place.store.put(key, pattern(10));
    const options = { contentType: 'text/plain', contentDisposition: 'inline', expiresAt: soon() };
    const url = await place.store.signGet(key, options);
    const get = async (forged: string) => (await place.send({ method: 'GET', url: forged, headers: {} })).status;
    expect(await get(url)).toBe(200);
    for (const at of [url.length - 1, url.length - 5, url.length - 30]) {
      const other = url[at] === '0' ? '1' : '0';
      expect(await get(url.slice(0, at) + other + url.slice(at + 1))).toBe(403);
    }
    // Signed for reading, and used for writing.
    const written = await place.send({ method: 'PUT', url, headers: {} }, pattern(10));
    expect(written.status).toBeGreaterThanOrEqual(400);
    expect((await place.read(key)).equals(pattern(10))).toBe(true);
  });

  law('refuses what has expired', async () => {
    const key = newKey();
    await place.store.put(key, pattern(10));
    const expiresAt = new Date(Date.now() - 1_000);
    const url = await place.store.signGet(key, { contentType: 'text/plain', contentDisposition: 'inline', expiresAt });
    expect((await place.send({ method: 'GET', url, headers: {} })).status).toBe(403);
    const target = newKey();
    const put = await place.store.signPut(target, { size: 10, contentType: 'text/plain', expiresAt });
    expect((await place.send(put, pattern(10))).status).toBe(403);
    expect(await place.store.head(target)).toBeUndefined();
  });
}
