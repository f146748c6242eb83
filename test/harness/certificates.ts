import { type Environment, runCli } from './process.ts';

/** Certificates of a CA in a folder, as `holdfast certs` makes them. */
export class Certificates {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes the CA, one certificate for each service, and one for each of these back ends. */
  async make(backEnds: readonly string[]): Promise<void> {
    await this.#certs('init');
    for (const name of backEnds) await this.#certs('issue', `client/${name}`);
  }

  async #certs(...args: string[]): Promise<void> {
    const { code, stderr } = await runCli(['certs', ...args, '--dir', this.#folder], {});
    if (code !== 0) throw new Error(`holdfast certs ${args.join(' ')} failed: ${stderr}`);
  }

  /** The settings of a process with the certificate of this name: `files`, `client/billing`. */
  of(name: string): Environment & Readonly<Record<'TLS_CA' | 'TLS_CERT' | 'TLS_KEY', string>> {
    const file = `${this.#folder}/${name.replaceAll('/', '-')}`;
    return { TLS_CA: `${this.#folder}/ca.pem`, TLS_CERT: `${file}.pem`, TLS_KEY: `${file}.key` };
  }
}
