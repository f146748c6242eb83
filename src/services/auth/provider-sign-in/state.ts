import { createHmac, hash, randomBytes } from 'node:crypto';
import { hashOf } from '../secret-tokens.ts';

const BYTES = 32;
const SHAPE = /^[\w-]{43}$/;

/** What a sign-in with a provider hangs on, while the browser is there. Rows keep hashes of it. */
export interface Secrets {
  /** Goes through the provider and comes back. */
  readonly state: string;
  /** Stays in the browser. */
  readonly browser: string;
}

export const newSecrets = (): Secrets => ({ state: draw(), browser: draw() });

/** Whether the text can be one of them. */
export const isSecret = (text: string): boolean => SHAPE.test(text);

/**
 * What the provider has to bind its answers to. Made out of the state with a key of ours, so that they stand nowhere
 * and nobody who sees the state knows them.
 */
export const boundTo = (state: string, key: Uint8Array): { readonly nonce: string; readonly verifier: string } => ({
  nonce: derive('nonce', state, key),
  verifier: derive('verifier', state, key),
});

/** By which the row of a sign-in is found. */
export const stateHash = (state: string): string => hashOf(state);

/** Of what the browser keeps; with the state, so that one cannot serve for another. */
export const browserHash = ({ state, browser }: Secrets): string => hash('sha256', `${browser} ${state}`, 'hex');

const draw = () => randomBytes(BYTES).toString('base64url');
const derive = (purpose: string, state: string, key: Uint8Array) =>
  createHmac('sha256', key).update(`${purpose} ${state}`).digest('base64url');
