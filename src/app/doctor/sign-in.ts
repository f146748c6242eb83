import type { Config } from '../../config.ts';
import { countIssuerKeys, createProvider } from '../../services/auth/index.ts';
import { issuersOf, providersOf } from '../sign-in.ts';
import { type Finding, failed, ok, warning } from './finding.ts';

/** Milliseconds for all that one of them is asked. */
const DEADLINE = 15_000;

/** Whether others who say who people are can be asked: their metadata and keys. */
export async function* examineSignIn(config: Config, signal: AbortSignal): AsyncGenerator<Finding> {
  for (const settings of issuersOf(config)) {
    const { issuer } = settings;
    yield await examine('issuer', issuer, 'AUTH_ISSUER and AUTH_JWKS_URL', async () => {
      const keys = await countIssuerKeys(settings);
      return `${keys} ${keys === 1 ? 'key' : 'keys'}`;
    });
  }
  const providers = providersOf(config);
  for (const settings of providers) {
    const { name, issuer, probe } = createProvider(settings);
    const setting = settings.kind === 'github' ? 'GITHUB_URL' : 'OIDC_ISSUER';
    yield await examine(`sign-in with ${name}`, issuer, setting, async () => {
      await probe(AbortSignal.any([signal, AbortSignal.timeout(DEADLINE)]));
      return 'answers';
    });
  }
  if (providers.length > 0 && config.publicUrl === undefined) {
    const remedy = 'Set PUBLIC_URL to where browsers reach the server, and register its callback with the provider.';
    yield warning('sign-in', 'PUBLIC_URL is not set: providers send browsers back to this machine', remedy);
  }
}

async function examine(name: string, whom: string, setting: string, ask: () => Promise<string>): Promise<Finding> {
  try {
    return ok(name, `${whom}: ${await ask()}`);
  } catch (error) {
    const remedy = `Check ${setting}, and that this machine may reach it.`;
    return failed(name, `${whom} cannot be used: ${(error as Error).message}.`, remedy);
  }
}
