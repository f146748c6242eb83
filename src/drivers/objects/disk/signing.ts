import { createHmac, timingSafeEqual } from 'node:crypto';
import { HoldfastError } from '../../../base/errors.ts';
import type { SignedGrant } from '../port.ts';

/** Bytes of a SHA-256 tag. */
const TAG_LENGTH = 32;
/** What the tag is made over begins with this, so that it means nothing anywhere else. */
const PURPOSE = 'holdfast signed object request 1\n';

export interface Signer {
  /** A token that allows this, and nothing else, until then. */
  sign(grant: SignedGrant, expiresAt: Date): string;
  /** What a token allows. Throws `signature_invalid` or `signature_expired`. */
  verify(token: string, now?: number): SignedGrant;
}

/** Tokens: the grant and its end as JSON and an HMAC-SHA256 (RFC 2104) over it, both in base64url, with a dot between. */
export function createSigner(key: Uint8Array): Signer {
  const tagOf = (payload: string) => createHmac('sha256', key).update(PURPOSE).update(payload).digest();
  return {
    sign(grant, expiresAt) {
      const payload = Buffer.from(JSON.stringify({ ...grant, expires: expiresAt.getTime() })).toString('base64url');
      return `${payload}.${tagOf(payload).toString('base64url')}`;
    },
    verify(token, now = Date.now()) {
      const dot = token.indexOf('.');
      const payload = token.slice(0, Math.max(dot, 0));
      const tag = Buffer.from(token.slice(dot + 1), 'base64url');
      // A tag has one spelling: what base64url leaves open at its end must not make a second token of it.
      const spelled = tag.length === TAG_LENGTH && tag.toString('base64url') === token.slice(dot + 1);
      if (!spelled || !timingSafeEqual(tag, tagOf(payload))) throw invalid();
      const { expires, ...grant } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as SignedGrant & {
        expires: number;
      };
      if (now >= expires) throw new HoldfastError('signature_expired', 'This URL has expired. Ask for a new one.');
      return grant as SignedGrant;
    },
  };
}

const invalid = (): HoldfastError => new HoldfastError('signature_invalid', 'This URL was not signed by this server.');
