import type { Logger } from '../../base/logger.ts';
import type { Config } from '../../config.ts';
import { reachElsewhere } from '../elsewhere.ts';
import { openCertificatesOf } from '../grpc.ts';
import { type Plan, URL_SETTINGS } from '../plan.ts';
import { askAll } from '../probes.ts';
import { type Finding, failed, ok, warning } from './finding.ts';

const DAY = 24 * 3_600_000;
const SOON = 30 * DAY;

/** The certificate of these services, and whether those that they call elsewhere answer to it. */
export async function* examineServices(
  config: Config,
  plan: Plan,
  { log, signal }: { readonly log: Logger; readonly signal: AbortSignal },
): AsyncGenerator<Finding> {
  const certificates = await openCertificatesOf(config, plan, log).catch((error: unknown) => error as Error);
  if (certificates === undefined) return;
  if (certificates instanceof Error) {
    yield failed('certificate', certificates.message);
    return;
  }
  const { names, validTo } = certificates.current;
  const elsewhere = await reachElsewhere(plan, certificates, log);
  try {
    const days = Math.floor((validTo.getTime() - Date.now()) / DAY);
    yield validTo.getTime() - Date.now() > SOON
      ? ok('certificate', `for ${names.join(', ')}, holds for ${days} days`)
      : warning('certificate', `for ${names.join(', ')}, holds for ${days} days only`, 'Run "holdfast certs renew".');
    for (const [name, problem] of Object.entries(await askAll(elsewhere.probes, signal))) {
      const { name: setting } = URL_SETTINGS[name as keyof typeof URL_SETTINGS];
      yield problem === null
        ? ok(`${name} service`, 'answers')
        : failed(`${name} service`, problem, `Check ${setting}, that it runs there, and that both have the same CA.`);
    }
  } finally {
    elsewhere.close();
    await certificates.stop();
  }
}
