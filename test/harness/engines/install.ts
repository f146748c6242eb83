import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { ENGINE_NAMES, type EngineName } from './engine.ts';
import { givenUrl, KINDS } from './index.ts';
import { PYTHON_GRPC_PACKAGES, whyNoPythonGrpc } from './python.ts';

const ATTEMPTS = 3;
/** Milliseconds for one run of apt-get. */
const DEADLINE = 10 * 60_000;

/** Refuses every start of a service (Debian policy, "invoke-rc.d"). */
const POLICY = '/usr/sbin/policy-rc.d';
const POLICY_TEXT = '#!/bin/sh\nexit 101\n';
/** Without this the package makes a database cluster for the whole machine. */
const CLUSTER_SETTINGS = '/etc/postgresql-common/createcluster.conf';
const CLUSTER_TEXT = 'create_main_cluster = false\n';

/** Debian packages of those engines that are neither given nor there; where it is all of them, also of other tools. */
export function packagesFor(names: readonly EngineName[] = ENGINE_NAMES): string[] {
  const engines = names.filter((name) => !givenUrl(name) && KINDS[name].missing());
  const tools = ENGINE_NAMES.every((name) => names.includes(name)) && whyNoPythonGrpc() ? PYTHON_GRPC_PACKAGES : [];
  return [...engines.flatMap((name) => KINDS[name].packages), ...tools];
}

/** Why we cannot install here; undefined where we can. */
export function whyNotInstallable(): string | undefined {
  if (!existsSync('/usr/bin/apt-get')) return 'packages are installed with apt-get, which is not here';
  if (process.getuid?.() !== 0) return 'only root may install packages';
  return undefined;
}

/** Installs Debian packages in one go; no service is started, now or at boot. Throws when it cannot. */
export async function install(packages: readonly string[], say: (line: string) => void): Promise<void> {
  if (packages.length === 0) return;
  const why = whyNotInstallable();
  if (why) throw new Error(`Cannot install ${packages.join(', ')}: ${why}.`);
  say(`Installing ${packages.join(', ')}`);
  const restore = await forbidServices();
  try {
    await retried(() => apt('update', '-q'));
    await retried(() => apt('install', '-q', '-y', '--no-install-recommends', ...packages));
  } finally {
    await restore();
  }
}

/** Lasts as long as we install; what was there before comes back. */
async function forbidServices(): Promise<() => Promise<void>> {
  if (!existsSync(CLUSTER_SETTINGS)) {
    await mkdir('/etc/postgresql-common', { recursive: true });
    await writeFile(CLUSTER_SETTINGS, CLUSTER_TEXT);
  }
  const before = await readFile(POLICY).catch(() => undefined);
  await rm(POLICY, { force: true });
  await writeFile(POLICY, POLICY_TEXT, { mode: 0o755 });
  return () => (before ? writeFile(POLICY, before, { mode: 0o755 }) : rm(POLICY, { force: true }));
}

async function retried(act: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await act();
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      await pause(attempt * 5_000);
    }
  }
}

function apt(command: string, ...args: string[]): Promise<void> {
  const env = {
    ...process.env,
    DEBIAN_FRONTEND: 'noninteractive',
    UCF_FORCE_CONFFOLD: '1',
  };
  const options = ['Acquire::Retries=3', 'DPkg::Lock::Timeout=300', 'Dpkg::Options::=--force-confold'];
  const all = [...options.flatMap((option) => ['-o', option]), command, ...args];
  return new Promise((resolve, reject) => {
    execFile('apt-get', all, { env, timeout: DEADLINE, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`apt-get ${command} failed:\n${`${stdout}\n${stderr}`.trim().slice(-3_000)}`));
      else resolve();
    });
  });
}
