import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import type { Certificates } from '../tls/certificates.ts';
import { secureOptions } from '../tls/credentials.ts';
import { namesOf } from '../tls/identity.ts';
import type { Peers } from './peers.ts';
import type { Refusals } from './refusals.ts';

export interface ListenerDeps {
  readonly certificates: Certificates;
  readonly peers: Peers;
  readonly refusals: Refusals;
  /** Takes a connection whose peer is known. */
  readonly serve: (socket: TLSSocket) => void;
}

export interface Listener {
  /** Resolves to the port. Rejects with the system's error. */
  listen(host: string, port: number): Promise<number>;
  /** Takes no more connections; those that are there stay. Resolves when the last of them has ended. */
  refuse(): Promise<void>;
  /** Ends whatever is left. */
  cut(): void;
}

/** Milliseconds for a TLS handshake. */
const HANDSHAKE = 10_000;
const MOST_CONNECTIONS = 2_000;

/**
 * TLS 1.3 on both sides, with certificates of our CA. gRPC is given connections that are made: the identity of the peer
 * is known before the first call, refusals can be logged with their reason, and certificates are replaced in place.
 */
export function createListener({ certificates, peers, refusals, serve }: ListenerDeps): Listener {
  const open = new Set<TLSSocket>();
  /** Connections in the middle of their handshake, by address. */
  const shaking = new Map<string, Socket>();
  const server = createServer({
    ...secureOptions(certificates.current),
    requestCert: true,
    // Who is not authorized is refused below, where it can be said who and why.
    rejectUnauthorized: false,
    ALPNProtocols: ['h2'],
    handshakeTimeout: HANDSHAKE,
    noDelay: true,
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.on('connection', (socket: Socket) => {
    const address = addressOf(socket);
    shaking.set(address, socket);
    socket.once('close', () => shaking.delete(address));
  });
  const refuse = (reason: string, socket: TLSSocket) => {
    const certificate = socket.getPeerX509Certificate();
    const caller = certificate && namesOf(certificate.subjectAltName);
    refusals.tell(reason, { caller, address: addressOf(socket), method: undefined });
    socket.destroy();
  };
  server.on('secureConnection', (socket) => {
    socket.on('error', () => {});
    socket.once('close', () => open.delete(socket));
    open.add(socket);
    shaking.delete(addressOf(socket));
    if (!socket.authorized) refuse(whyUnauthorized(socket), socket);
    else if (socket.alpnProtocol !== 'h2') refuse('it does not speak HTTP/2', socket);
    else if (peers.add(socket)) serve(socket);
    else socket.destroy();
  });
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
    // Who only went away, as probes of ports do, was not refused.
    if (error.code === 'ECONNRESET') return;
    refuse(HANDSHAKE_ERRORS[error.code ?? ''] ?? `the TLS handshake failed (${error.code ?? error.message})`, socket);
  });
  const unsubscribe = certificates.onChange((credentials) => {
    server.setSecureContext(secureOptions(credentials));
    peers.recheck(credentials);
  });

  return {
    async listen(host, port) {
      server.listen({ host, port });
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    },
    refuse() {
      unsubscribe();
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      for (const socket of shaking.values()) socket.destroy();
      return promise;
    },
    cut() {
      for (const socket of open) socket.destroy();
    },
  };
}

const addressOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress}:${remotePort}`;

/** What OpenSSL says of a certificate, for people (openssl-verification-options(1)). */
const VERIFY_ERRORS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'the certificate has expired',
  CERT_NOT_YET_VALID: 'the certificate is not valid yet',
  CERT_SIGNATURE_FAILURE: 'the certificate is of another CA',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is of another CA',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate is of another CA',
  UNABLE_TO_GET_ISSUER_CERT: 'the certificate is of another CA',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the certificate is of another CA',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate is of another CA',
  INVALID_PURPOSE: 'the certificate is not for clients',
};
const HANDSHAKE_ERRORS: Readonly<Record<string, string>> = {
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'TLS 1.3 is required',
  ERR_SSL_HTTP_REQUEST: 'it does not speak TLS',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'the TLS handshake took too long',
};

function whyUnauthorized(socket: TLSSocket): string {
  if (!socket.getPeerX509Certificate()) return 'no certificate was shown';
  // The types say Error; it is the code.
  const code = String(socket.authorizationError);
  return VERIFY_ERRORS[code] ?? `the certificate is not accepted (${code})`;
}
