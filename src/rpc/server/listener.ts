import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import type { Certificates } from '../tls/certificates.ts';
import { secureOptions } from '../tls/credentials.ts';
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
  /** Takes no more connections; those that are there stay. */
  refuse(): void;
  /** Ends whatever is left. */
  close(): void;
}

/** Milliseconds for a TLS handshake. */
const HANDSHAKE = 10_000;
const MOST_CONNECTIONS = 2_000;

/**
 * TLS 1.3 on both sides, with certificates of our CA. gRPC is given connections that are made: the identity of the peer
 * is known before the first call, refusals can be logged with their reason, and certificates are replaced in place.
 */
export function createListener({ certificates, peers, refusals, serve }: ListenerDeps): Listener {
  const open = new Set<Socket>();
  const server = createServer({
    ...secureOptions(certificates.current),
    requestCert: true,
    rejectUnauthorized: true,
    ALPNProtocols: ['h2'],
    handshakeTimeout: HANDSHAKE,
    noDelay: true,
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  server.on('secureConnection', (socket) => {
    socket.on('error', () => {});
    if (peers.add(socket)) serve(socket);
    else socket.destroy();
  });
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
    const reason = reasonOf(error, socket);
    if (reason === undefined) return;
    refusals.tell(reason, { caller: undefined, address: addressOf(socket), method: undefined });
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
      server.close();
    },
    close() {
      for (const socket of open) socket.destroy();
    },
  };
}

const addressOf = ({ remoteAddress, remotePort }: TLSSocket): string =>
  remoteAddress === undefined ? 'unknown' : `${remoteAddress}:${remotePort}`;

/** What OpenSSL says of a certificate, for people (openssl-verification-options(1)). */
const VERIFY_ERRORS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'the certificate has expired',
  CERT_NOT_YET_VALID: 'the certificate is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is of another CA (self-signed)',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate is of another CA',
  UNABLE_TO_GET_ISSUER_CERT: 'the certificate is of another CA',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the certificate is of another CA',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate is of another CA',
  CERT_SIGNATURE_FAILURE: 'the certificate is of another CA of the same name',
  INVALID_PURPOSE: 'the certificate is not for clients',
};
const HANDSHAKE_ERRORS: Readonly<Record<string, string>> = {
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'no certificate was shown',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'TLS 1.3 is required',
  ERR_SSL_HTTP_REQUEST: 'it does not speak TLS',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'the TLS handshake took too long',
};

/** Why a connection was not made; undefined for one that only went away, as probes of ports do. */
function reasonOf(error: NodeJS.ErrnoException, { authorizationError }: TLSSocket): string | undefined {
  const verify = authorizationError as unknown as string | Error | null;
  if (verify) {
    const code = verify instanceof Error ? ((verify as NodeJS.ErrnoException).code ?? verify.message) : verify;
    return VERIFY_ERRORS[code] ?? `the certificate is not accepted (${code})`;
  }
  if (error.code === 'ECONNRESET') return undefined;
  return HANDSHAKE_ERRORS[error.code ?? ''] ?? `the TLS handshake failed (${error.code ?? error.message})`;
}
