import { describe, expect, test } from 'vitest';
import { requireReturnTo, withError } from './return-to.ts';

const ours = { publicUrl: 'https://files.example.com', signInOrigins: ['https://app.example.com'] };
const check = (given: string) => requireReturnTo(given, ours, 'return_to');

describe('where a browser goes after signing in', () => {
  test.each([
    ['/', '/'],
    ['/app?tab=1#top', '/app?tab=1#top'],
    ['/app/../other', '/other'],
    ['/redirect?to=https://evil.example', '/redirect?to=https://evil.example'],
    ['https://files.example.com/app', 'https://files.example.com/app'],
    ['HTTPS://APP.example.com', 'https://app.example.com/'],
    ['https://app.example.com:443/x', 'https://app.example.com/x'],
  ])('%s is fine', (given, wanted) => {
    expect(check(given)).toBe(wanted);
  });

  test.each([
    '',
    'app',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\/evil.example',
    '/..//evil.example',
    '/a/../..//evil.example',
    '/.//evil.example',
    '/%2e%2e//evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    ' https://app.example.com',
    'https:app.example.com',
    'https:/\\evil.example',
    'https://evil.example',
    'http://app.example.com',
    'https://app.example.com:8443/',
    'https://app.example.com.evil.example',
    'https://app.example.com@evil.example',
    'https://user@app.example.com',
    'https://evil.example/https://app.example.com',
    'javascript:alert(1)',
    'data:text/html,x',
    `/${'x'.repeat(2_000)}`,
  ])('%j is not', (given) => {
    expect(() => check(given)).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        fields: [{ path: 'return_to', message: expect.any(String) }],
      }),
    );
  });

  test('without PUBLIC_URL no URL is ours, whatever a client calls us', () => {
    const nowhere = { publicUrl: undefined, signInOrigins: [] };
    expect(() => requireReturnTo('https://files.example.com/', nowhere, 'return_to')).toThrow();
    expect(requireReturnTo('/app', nowhere, 'return_to')).toBe('/app');
  });

  test('hears there why it came to nothing', () => {
    expect(withError('/app?a=1#x', 'email_taken')).toBe('/app?a=1&error=email_taken#x');
    expect(withError('/app?error=old', 'sign_in_refused')).toBe('/app?error=sign_in_refused');
    expect(withError('https://app.example.com/x', 'conflict')).toBe('https://app.example.com/x?error=conflict');
  });
});
