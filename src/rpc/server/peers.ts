import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { HoldfastError } from '../../base/errors.ts';
import { type Credentials, isIssuedBy } from '../tls/credentials.ts';
import { namesOf } from '../tls/identity.ts';

/** Who is at the other end of a connection. */
export interface Peer {
  /** The names in its certificate. */
  readonly names: readonly string[];
  readonly validTo: number;
  /** Why it may call nothing any more; undefined while it may. */
  refused: string | undefined;
}

/** Everybody who is connected, by address: a certificate is looked at once for each connection, not for each call. */
export class Peers {
  readonly #connected = new Map<string, { readonly peer: Peer; readonly chain: readonly X509Certificate[] }>();

  /** False where the address is taken, so that nobody is mistaken for another. */
  add(socket: TLSSocket): boolean {
    const address = `${socket.remoteAddress}:${socket.remotePort}`;
    const chain = chainOf(socket);
    const leaf = chain[0];
    if (this.#connected.has(address) || !leaf) return false;
    const names = namesOf(leaf.subjectAltName);
    const refused = names.length > 0 ? undefined : 'the certificate names nobody of ours';
    this.#connected.set(address, { chain, peer: { names, validTo: leaf.validToDate.getTime(), refused } });
    socket.once('close', () => this.#connected.delete(address));
    return true;
  }

  /** By the address as gRPC gives it. Throws `unauthenticated` for whoever has no good certificate any more, or never had. */
  at(address: string): Peer {
    const peer = this.#connected.get(address)?.peer;
    if (!peer) throw new HoldfastError('cancelled', 'The connection is closed.');
    if (peer.refused === undefined && peer.validTo < Date.now()) peer.refused = 'the certificate has expired';
    if (peer.refused !== undefined) throw new HoldfastError('unauthenticated', `Refused: ${peer.refused}.`);
    return peer;
  }

  /** For the log. */
  describe(address: string): { readonly address: string; readonly caller: readonly string[] | undefined } {
    return { address, caller: this.#connected.get(address)?.peer.names };
  }

  /** After the CAs have changed: who was let in by one that is not trusted any more may call nothing more. */
  recheck({ authorities }: Credentials): void {
    for (const { peer, chain } of this.#connected.values()) {
      const last = chain.at(-1) as X509Certificate;
      const trusted = authorities.some(
        (authority) => authority.fingerprint256 === last.fingerprint256 || isIssuedBy(last, authority),
      );
      if (!trusted) peer.refused = 'the CA of the certificate is not trusted any more';
    }
  }
}

/** What a peer showed: its own certificate, and those that lead from it to a CA. */
function chainOf(socket: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  for (
    let certificate = socket.getPeerX509Certificate();
    certificate && chain.length < 10;
    certificate = certificate.issuerCertificate
  ) {
    if (chain.at(-1)?.fingerprint256 === certificate.fingerprint256) break;
    chain.push(certificate);
  }
  return chain;
}
