import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import { chmod, mkdir, readdir, readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { writeFileAtomically } from '../../base/atomic-file.ts';
import { errnoOf } from '../../base/errors.ts';
import { entriesOf, isName, namesOf, SERVICES } from '../../rpc/tls/identity.ts';
import { reasonOf, StartError } from '../start-error.ts';
import { type Authority, type Issued, issueAuthority, issueCertificate, type Validity } from './certificate.ts';

/** A certificate of the folder. */
export interface Kept {
  /** Of the file, without `.pem`. */
  readonly file: string;
  readonly names: readonly string[];
  readonly hosts: readonly string[];
  readonly validTo: Date;
}

const DAY = 86_400_000;
const AUTHORITY_DAYS = 3_650;
/** Clocks differ. */
const EARLIER = 300_000;
const AUTHORITY = 'ca';
const LOCAL = ['localhost', '127.0.0.1', '::1'];

const validFor = (days: number): Validity => {
  const from = new Date(Date.now() - EARLIER);
  return { from, to: new Date(from.getTime() + EARLIER + days * DAY) };
};

const fileOf = (names: readonly string[]): string => names.join('+').replaceAll('/', '-');

/**
 * A CA and a certificate for each service in a folder of their own. Throws `StartError` where there are some already,
 * unless they are to be replaced.
 */
export async function initCertificates(
  folder: string,
  { hosts, days, force }: { readonly hosts: readonly string[]; readonly days: number; readonly force: boolean },
): Promise<Kept[]> {
  checkHosts(hosts);
  const present = await listed(folder);
  if (present.length > 0 && !force) {
    throw new StartError(
      `There are certificates in ${folder} already. Renew them with "certs renew", or replace all of them, ` +
        'the CA too, with --force: then every process needs its new one.',
    );
  }
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const authority = issueAuthority(`Holdfast CA ${randomBytes(4).toString('hex')}`, validFor(AUTHORITY_DAYS));
  await keep(folder, AUTHORITY, authority);
  for (const service of SERVICES) await issue(folder, { names: [service], hosts, days });
  return showCertificates(folder);
}

/** One certificate more, by the CA of the folder: for a process that runs several services, or for another back end. */
export async function addCertificate(
  folder: string,
  wanted: {
    readonly names: readonly string[];
    readonly hosts: readonly string[];
    readonly days: number;
    readonly force: boolean;
  },
): Promise<Kept> {
  checkHosts(wanted.hosts);
  for (const name of wanted.names) {
    const known = (SERVICES as readonly string[]).includes(name) || /^client\/[^/]+$/.test(name);
    if (!known || !isName(name)) {
      throw new StartError(
        `"${name}" is no name for a certificate. It can be ${SERVICES.join(', ')}, or client/ and the name of another ` +
          'back end in small letters, digits, ".", "_" and "-".',
      );
    }
  }
  const file = fileOf(wanted.names);
  if ((await listed(folder)).includes(file) && !wanted.force) {
    throw new StartError(`${join(folder, `${file}.pem`)} is there already. Replace it with --force.`);
  }
  await issue(folder, wanted);
  return described(folder, file);
}

/** New certificates, with new keys, in place of those that expire within so many days. Answers which. */
export async function renewCertificates(
  folder: string,
  { within, days }: { readonly within: number; readonly days: number },
): Promise<Kept[]> {
  const renewed: Kept[] = [];
  for (const { file, names, hosts, validTo } of await showCertificates(folder)) {
    if (names.length === 0 || validTo.getTime() - Date.now() > within * DAY) continue;
    await issue(folder, { names, hosts, days });
    renewed.push(await described(folder, file));
  }
  return renewed;
}

/** All certificates of the folder, the CA first. */
export async function showCertificates(folder: string): Promise<Kept[]> {
  const files = await listed(folder);
  if (files.length === 0) throw new StartError(`There are no certificates in ${folder}. Make some with "certs init".`);
  const first = files.includes(AUTHORITY) ? [AUTHORITY] : [];
  return Promise.all([...first, ...files.filter((file) => file !== AUTHORITY)].map((file) => described(folder, file)));
}

async function issue(
  folder: string,
  {
    names,
    hosts,
    days,
  }: { readonly names: readonly string[]; readonly hosts: readonly string[]; readonly days: number },
): Promise<void> {
  const own = names.filter((name) => !name.includes('/'));
  const reached = [...new Set([...LOCAL, ...own, ...hosts.map(canonical)])];
  const issued = issueCertificate(await authorityOf(folder), { names, hosts: reached, validity: validFor(days) });
  await keep(folder, fileOf(names), issued);
}

async function authorityOf(folder: string): Promise<Authority> {
  const [cert, key] = await Promise.all(['ca.pem', 'ca.key'].map((file) => readIn(folder, file)));
  const certificate = new X509Certificate(cert as string);
  return {
    name: certificate.subject.replace(/^CN=/, ''),
    key: createPrivateKey(key as string),
    publicKey: certificate.publicKey.export({ type: 'spki', format: 'der' }),
  };
}

/** The key first: whoever sees one without the other waits for the other. */
async function keep(folder: string, file: string, { cert, key }: Issued): Promise<void> {
  try {
    await writeFileAtomically(join(folder, `${file}.key`), key);
    await writeFileAtomically(join(folder, `${file}.pem`), cert);
    await chmod(join(folder, `${file}.pem`), 0o644);
  } catch (error) {
    throw new StartError(`Certificates cannot be written to ${folder}: ${reasonOf(error)}.`, error);
  }
}

async function listed(folder: string): Promise<string[]> {
  try {
    const names = await readdir(folder);
    return names
      .filter((name) => name.endsWith('.pem'))
      .map((name) => name.slice(0, -'.pem'.length))
      .sort();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw new StartError(`${folder} cannot be read: ${reasonOf(error)}.`, error);
  }
}

async function described(folder: string, file: string): Promise<Kept> {
  const pem = await readIn(folder, `${file}.pem`);
  try {
    const { subjectAltName, validToDate } = new X509Certificate(pem);
    const hosts = entriesOf(subjectAltName).filter(({ kind }) => kind === 'DNS' || kind === 'IP Address');
    return {
      file,
      names: namesOf(subjectAltName),
      hosts: hosts.map(({ value }) => canonical(value)),
      validTo: validToDate,
    };
  } catch (error) {
    throw new StartError(`${join(folder, `${file}.pem`)} is no certificate.`, error);
  }
}

async function readIn(folder: string, file: string): Promise<string> {
  return readFile(join(folder, file), 'utf8').catch((error) => {
    throw new StartError(`${join(folder, file)} cannot be read: ${reasonOf(error)}.`, error);
  });
}

/** An address is written in one way only. */
const canonical = (host: string): string =>
  isIPv6(host) ? new URL(`http://[${host}]`).hostname.slice(1, -1) : host.toLowerCase();

function checkHosts(hosts: readonly string[]): void {
  for (const host of hosts) {
    if (!/^(\*\.)?[\w-]+(\.[\w-]+)*$|^[\da-f:.]+$/i.test(host)) {
      throw new StartError(`"${host}" is no host: give names and IP addresses, without a port.`);
    }
  }
}
