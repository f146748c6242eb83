import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { buffer } from 'node:stream/consumers';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

/** A mail as it came over the wire, and as a mail program reads it. */
export interface ReceivedMail extends Email {
  readonly envelope: { readonly from: string; readonly to: readonly string[] };
  readonly raw: string;
}

/** What a server answers instead of taking a mail: a number of RFC 5321 and a text. */
export interface Refusal {
  readonly at: 'connect' | 'from' | 'to' | 'data';
  readonly code: number;
  readonly text: string;
}

export interface MailServer {
  readonly port: number;
  /** With the port alone: `smtp://127.0.0.1:port`. */
  readonly url: string;
  /** Those that it took, first to last. */
  readonly mails: readonly ReceivedMail[];
  /** How it answers from now on; undefined: it takes everything. Asked for each recipient. */
  refuse(how: ((to: string) => Refusal | undefined) | undefined): void;
  /** Takes so many mails more, and answers nothing to those that come then, until it is `let go`. */
  hold(after: number): void;
  letGo(): void;
  /** Cuts all connections, and is there no more. */
  stop(): Promise<void>;
}

/** A real mail server on loopback, that keeps what it gets. */
export async function startMailServer(options: SMTPServerOptions = {}, port = 0): Promise<MailServer> {
  const mails: ReceivedMail[] = [];
  let room = Number.POSITIVE_INFINITY;
  let released = Promise.withResolvers<void>();
  let refusal: ((to: string) => Refusal | undefined) | undefined;
  const answer = (at: Refusal['at'], to: string): Error | undefined => {
    const refused = refusal?.(to);
    if (refused?.at !== at) return undefined;
    return Object.assign(new Error(refused.text), { responseCode: refused.code });
  };
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    authOptional: true,
    closeTimeout: 100,
    onConnect: (_session, done) => done(answer('connect', '')),
    onMailFrom: ({ address }, _session, done) => done(answer('from', address)),
    onRcptTo: ({ address }, _session, done) => done(answer('to', address)),
    onData(stream, { envelope }, done) {
      const to = envelope.rcptTo.map(({ address }) => address);
      const from = envelope.mailFrom ? envelope.mailFrom.address : '';
      buffer(stream)
        .then(async (bytes) => {
          if (room-- <= 0) await released.promise;
          const refused = answer('data', to[0] ?? '');
          if (!refused)
            mails.push({ ...(await PostalMime.parse(bytes)), raw: bytes.toString(), envelope: { from, to } });
          done(refused);
        })
        .catch(done);
    },
    ...options,
  });
  // A connection that breaks off is what tests do to it.
  server.on('error', () => {});
  const listening = server.listen(port, '127.0.0.1');
  await once(listening, 'listening');
  const bound = (listening.address() as AddressInfo).port;
  return {
    port: bound,
    url: `smtp://127.0.0.1:${bound}`,
    mails,
    refuse(how) {
      refusal = how;
    },
    hold(after) {
      room = after;
      released = Promise.withResolvers();
    },
    letGo() {
      room = Number.POSITIVE_INFINITY;
      released.resolve();
    },
    stop: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

/** A server that is there and says nothing. */
export async function startSilentServer(): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const sockets = new Set<import('node:net').Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
