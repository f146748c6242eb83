import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { type Authority, issueAuthority, issueCertificate } from '../app/certs/certificate.ts';
import type { Logger } from '../base/logger.ts';
import { ACCESS, type Grant } from './access.ts';
import { connectTo, type Remote } from './client/index.ts';
import type { Service, ServiceDefinition } from './contract.ts';
import { answered, createRpcServer, type RpcServer, type RpcServerOptions } from './server/index.ts';
import { type Certificates, openCertificates } from './tls/certificates.ts';

const HOUR = 3_600_000;
const YEAR = 8_766 * HOUR;

/** A CA, and certificates of it in a folder. */
export interface TestCertificates {
  /** A certificate for these names; of another CA, or valid at another time, where that is said. */
  write(
    file: string,
    names: readonly string[],
    options?: { ca?: Authority; from?: number; to?: number },
  ): Promise<void>;
  /** Takes another CA for what is written from now on, and for `ca.pem`; beside the former, where that is to stay. */
  renewAuthority(options?: { trusting?: string }): Promise<void>;
  open(file: string, log?: Logger): Promise<Certificates>;
  readonly folder: string;
  close(): Promise<void>;
}

const authority = (name: string): { readonly authority: Authority; readonly pem: string } => {
  const issued = issueAuthority(name, { from: new Date(Date.now() - HOUR), to: new Date(Date.now() + YEAR) });
  const publicKey = new X509Certificate(issued.cert).publicKey.export({ type: 'spki', format: 'der' });
  return { authority: { name, key: createPrivateKey(issued.key), publicKey }, pem: issued.cert };
};

/** Another CA, which may have the name of ours. */
export const otherAuthority = (name = 'other'): Authority => authority(name).authority;

export async function testCertificates(): Promise<TestCertificates> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-certs-'));
  let ca = authority('test');
  await writeFile(join(folder, 'ca.pem'), ca.pem);
  return {
    folder,
    async write(file, names, { ca: by = ca.authority, from = -HOUR, to = YEAR } = {}) {
      const validity = { from: new Date(Date.now() + from), to: new Date(Date.now() + to) };
      const { cert, key } = issueCertificate(by, { names, hosts: ['localhost', '127.0.0.1'], validity });
      await writeFile(join(folder, `${file}.key`), key);
      await writeFile(join(folder, `${file}.pem`), cert);
    },
    async renewAuthority({ trusting = '' } = {}) {
      ca = authority('test again');
      await writeFile(join(folder, 'ca.pem'), ca.pem + trusting);
    },
    open: (file, log = silent) =>
      openCertificates(
        { ca: join(folder, 'ca.pem'), cert: join(folder, `${file}.pem`), key: join(folder, `${file}.key`) },
        { log, every: HOUR },
      ),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

const silent = pino({ level: 'silent' });

/** A logger and what it has said. */
export function listeningLog(): { readonly log: Logger; readonly lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  return { log: pino({ level: 'debug', base: undefined }, stream), lines };
}

/** Things that a test opened, closed in the reverse order. */
export class Opened {
  readonly #closers: (() => unknown)[] = [];

  add<T>(thing: T, close: (thing: T) => unknown): T {
    this.#closers.push(() => close(thing));
    return thing;
  }

  async close(): Promise<void> {
    for (let close = this.#closers.pop(); close; close = this.#closers.pop()) await close();
  }
}

export interface TestServer {
  readonly server: RpcServer;
  readonly port: number;
}

/** Servers and clients with mutual TLS on the loopback address. */
export class TestMesh {
  readonly certificates: TestCertificates;
  readonly #opened = new Opened();
  readonly #known = new Map<string, Promise<Certificates>>();

  private constructor(certificates: TestCertificates) {
    this.certificates = certificates;
    this.#opened.add(certificates, (all) => all.close());
  }

  static async open(): Promise<TestMesh> {
    return new TestMesh(await testCertificates());
  }

  /** The certificate of a service, made when it is first asked for. */
  of(name: string): Promise<Certificates> {
    const known = this.#known.get(name);
    if (known) return known;
    const file = name.replaceAll('/', '-');
    const made = this.certificates
      .write(file, [name])
      .then(() => this.certificates.open(file))
      .then((certificates) => this.#opened.add(certificates, (each) => each.stop()));
    this.#known.set(name, made);
    return made;
  }

  add(name: string, certificates: Certificates): Certificates {
    this.#known.set(name, Promise.resolve(certificates));
    return this.#opened.add(certificates, (each) => each.stop());
  }

  async serve<D extends ServiceDefinition>(
    as: string,
    definition: D,
    service: Service<D>,
    options: Partial<RpcServerOptions> & { port?: number } = {},
  ): Promise<TestServer> {
    const { port = 0, ...rest } = options;
    const server = createRpcServer({
      contracts: [answered(definition, service)],
      certificates: await this.of(as),
      access: ACCESS,
      log: silent,
      ...rest,
    });
    this.#opened.add(server, (each) => each.stop(100));
    return { server, port: await server.listen('127.0.0.1', port) };
  }

  /** A service as another sees it. */
  async connect(
    as: string,
    service: string,
    ports: readonly number[],
    { log = silent, forwardsPrincipals = as === 'gateway' }: { log?: Logger; forwardsPrincipals?: boolean } = {},
  ): Promise<Remote> {
    const remote = connectTo({
      service,
      addresses: ports.map((port) => ({ host: '127.0.0.1', port })),
      certificates: await this.of(as),
      log,
      forwardsPrincipals,
    });
    return this.#opened.add(remote, (each) => each.close());
  }

  close(): Promise<void> {
    return this.#opened.close();
  }
}

/** A table in which these may call all methods of a contract. */
export const everybody = (definition: ServiceDefinition, grants: Readonly<Record<string, Omit<Grant, 'calls'>>>) =>
  Object.fromEntries(
    Object.entries(grants).map(([name, grant]) => [
      name,
      { ...grant, calls: Object.values(definition.methods).map((method) => `/${definition.fullName}/${method.name}`) },
    ]),
  );
