import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../base/logger.ts';
import { ACCESS, type Grant } from '../access.ts';
import { connectTo, type Remote } from '../client/index.ts';
import type { Service, ServiceDefinition } from '../contract.ts';
import { answered, createRpcServer, type RpcServer, type RpcServerOptions } from '../server/index.ts';
import type { Certificates } from '../tls/certificates.ts';
import { type TestCertificates, testCertificates } from './certificates.ts';
import { SILENT } from './log.ts';

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

  /** A certificate of our CA that names nobody, which no process of ours would start with. */
  async nameless(): Promise<Certificates> {
    const { folder } = this.certificates;
    const made = await this.of('nameless');
    await this.certificates.write('nameless', []);
    const [cert, key] = await Promise.all(
      ['pem', 'key'].map((kind) => readFile(join(folder, `nameless.${kind}`), 'utf8')),
    );
    Object.assign(made.current, { cert, key });
    return made;
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
      log: SILENT,
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
    { log = SILENT, forwardsPrincipals = as === 'gateway' }: { log?: Logger; forwardsPrincipals?: boolean } = {},
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
