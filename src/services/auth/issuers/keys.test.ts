import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { type IssuerKey, someKey } from '../../../../test/harness/sign-in/issuer.ts';
import { NoAnswer } from '../fetch.ts';
import { COOLDOWN, createIssuerKeys, FRESH, fetchKeys, KEPT, RETRY } from './keys.ts';

const log = pino({ level: 'silent' });
const [one, two] = [someKey('one'), someKey('two')];
const asJwk = ({ kid, alg, publicKey }: IssuerKey) => ({ ...publicKey.export({ format: 'jwk' }), kid, alg });

/** An issuer and its keys as we keep them, by a clock of their own. */
function someIssuer() {
  const state = { now: 0, keys: [one], down: false, fetched: 0, answer: Promise.resolve() };
  const find = createIssuerKeys({
    issuer: 'https://issuer.example',
    jwksUrl: 'https://issuer.example/keys',
    log,
    now: () => state.now,
    fetch: async () => {
      state.fetched += 1;
      await state.answer;
      if (state.down) throw new NoAnswer('it is down');
      return { keys: state.keys.map(asJwk) };
    },
  });
  const has = ({ kid, alg }: Pick<IssuerKey, 'kid' | 'alg'>) =>
    find({ kid, alg }, { payload: '', signature: '' }).then(
      () => 'found',
      ({ code }) => code,
    );
  return { state, has };
}

describe('the keys of an issuer', () => {
  test('are fetched once, however many come at the same time', async () => {
    const { state, has } = someIssuer();
    expect(await Promise.all([has(one), has(one), has(one)])).toEqual(['found', 'found', 'found']);
    state.now = FRESH;
    expect(await has(one)).toBe('found');
    expect(state.fetched).toBe(1);
  });

  test('that it took away are good no more after some minutes', async () => {
    const { state, has } = someIssuer();
    await has(one);
    state.keys = [two];
    state.now = FRESH + 1;
    expect(await has(two)).toBe('found');
    expect(await has(one)).toBe('ERR_JWKS_NO_MATCHING_KEY');
  });

  test('are used while it cannot be reached, for some hours, and asked for now and then', async () => {
    const { state, has } = someIssuer();
    await has(one);
    state.down = true;
    state.now = FRESH + 1;
    expect(await has(one)).toBe('found');
    expect(await has(one)).toBe('found');
    expect(state.fetched).toBe(2);
    state.now += RETRY + 1;
    expect(await has(one)).toBe('found');
    expect(state.fetched).toBe(3);
    state.now = KEPT + 1;
    expect(await has(one)).toBe('unavailable');
    state.down = false;
    expect(await has(one)).toBe('unavailable');
    state.now += RETRY + 1;
    expect(await has(one)).toBe('found');
  });

  test('that are known keep nobody waiting: for new ones, or for an issuer that was away', async () => {
    const { state, has } = someIssuer();
    await has(one);
    const { promise, resolve } = Promise.withResolvers<void>();
    state.answer = promise;
    state.keys = [one, two];
    const early = has(two);
    expect(await has(one)).toBe('found');
    resolve();
    expect(await early).toBe('found');
    state.down = true;
    state.now = FRESH + 1;
    await has(one);
    state.answer = new Promise(() => {});
    state.now += RETRY + 1;
    expect(await has(one)).toBe('found');
    expect(state.fetched).toBe(4);
  });

  test('that are new are found at once, and nobody has it asked again and again', async () => {
    const { state, has } = someIssuer();
    await has(one);
    state.keys = [one, two];
    expect(await has(two)).toBe('found');
    expect(await has({ kid: 'three', alg: 'ES256' })).toBe('ERR_JWKS_NO_MATCHING_KEY');
    expect(state.fetched).toBe(2);
    state.now = COOLDOWN + 1;
    expect(await has({ kid: 'three', alg: 'ES256' })).toBe('ERR_JWKS_NO_MATCHING_KEY');
    expect(state.fetched).toBe(3);
  });

  test('are none where it was never reached', async () => {
    const { state, has } = someIssuer();
    state.down = true;
    expect(await has(one)).toBe('unavailable');
    expect(await has(one)).toBe('unavailable');
    expect(state.fetched).toBe(1);
  });

  test('are no secrets', async () => {
    const { has } = someIssuer();
    for (const alg of ['HS256', 'none', 'A128KW'])
      expect(await has({ kid: 'one', alg })).toBe('ERR_JOSE_NOT_SUPPORTED');
  });
});

describe('where an issuer keeps its keys', () => {
  const issuer = 'https://issuer.example';
  const discover = (metadata: Record<string, unknown>, keys: Record<string, unknown> = { keys: [] }) =>
    fetchKeys({
      issuer,
      jwksUrl: undefined,
      fetch: async (url) => (String(url).endsWith('/.well-known/openid-configuration') ? metadata : keys),
    }).then(
      () => 'found',
      (error) => error.message,
    );

  test('its metadata say, if they are its own', async () => {
    expect(await discover({ issuer, jwks_uri: `${issuer}/keys` })).toBe('found');
    expect(await discover({ issuer: `${issuer}/`, jwks_uri: `${issuer}/keys` })).toMatch('says that it is');
    expect(await discover({ issuer, jwks_uri: 'http://issuer.example/keys' })).toMatch('name no keys');
    expect(await discover({ issuer, jwks_uri: 'file:///etc/passwd' })).toMatch('name no keys');
    expect(await discover({ issuer })).toMatch('name no keys');
    expect(await discover({ issuer, jwks_uri: `${issuer}/keys` }, { error: 'none' })).toMatch('no key set');
  });
});
