import { describe, expect, test } from 'vitest';
import { useSharedStack, useStack } from '../../harness/stack.ts';

const ORIGIN = 'https://app.example.com';

describe('with CORS_ORIGINS', () => {
  const stack = useStack({ env: { CORS_ORIGINS: `${ORIGIN},https://other.example.com` } });

  test('a browser at that origin may do all that the API does', async () => {
    for (const [method, path] of [
      ['POST', '/api/files'],
      ['PATCH', '/api/files/018f0000-0000-7000-8000-000000000000'],
      ['DELETE', '/api/files/018f0000-0000-7000-8000-000000000000'],
      ['GET', '/api/files'],
    ] as const) {
      const { status, headers } = await stack.api.call('OPTIONS', path, {
        headers: {
          origin: ORIGIN,
          'access-control-request-method': method,
          'access-control-request-headers': 'authorization,content-type,idempotency-key',
        },
      });
      expect(status).toBeLessThan(300);
      expect(headers['access-control-allow-origin']).toBe(ORIGIN);
      expect(headers['access-control-allow-methods']).toContain(method);
      const allowed = headers['access-control-allow-headers']?.toLowerCase();
      for (const header of ['authorization', 'content-type', 'idempotency-key']) expect(allowed).toContain(header);
      expect(headers.vary?.toLowerCase()).toContain('origin');
    }
  });

  test('reads the headers that it needs, of answers and of problems', async () => {
    const user = await stack.api.signUp();
    const { id } = await user.upload('text', { name: 'text.txt' });
    for (const path of [`/api/files/${id}/content`, '/api/files/none']) {
      const { headers } = await user.call('GET', path, { headers: { origin: ORIGIN } });
      expect(headers['access-control-allow-origin']).toBe(ORIGIN);
      const exposed = headers['access-control-expose-headers']?.toLowerCase() ?? '';
      for (const header of ['etag', 'location', 'content-range', 'retry-after']) expect(exposed).toContain(header);
    }
  });

  test('sends bytes to a signed URL', async () => {
    const user = await stack.api.signUp();
    const { upload } = await user.begin({ name: 'browser.txt', size: 7, contentType: 'text/plain' });
    const asked = await user.call('OPTIONS', upload.url, {
      headers: {
        origin: ORIGIN,
        'access-control-request-method': 'PUT',
        'access-control-request-headers': 'content-type',
      },
    });
    expect(asked.headers['access-control-allow-origin']).toBe(ORIGIN);
    expect(asked.headers['access-control-allow-methods']).toContain('PUT');
    const sent = await user.put(upload.url, 'browser', { ...upload.headers, origin: ORIGIN });
    expect(sent.headers['access-control-allow-origin']).toBe(ORIGIN);
    expect(sent.headers['access-control-expose-headers']?.toLowerCase()).toContain('etag');
  });

  test('no other origin may', async () => {
    for (const origin of ['https://evil.example.com', 'https://app.example.com.evil.com', 'null']) {
      const { headers } = await stack.api.call('GET', '/api/files', { headers: { origin } });
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
  });
});

describe('without CORS_ORIGINS', () => {
  const stack = useSharedStack();

  test('no origin may', async () => {
    const { headers } = await stack.api.call('OPTIONS', '/api/files', {
      headers: { origin: ORIGIN, 'access-control-request-method': 'GET' },
    });
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });
});
