import { type EngineName, whyAbsent } from '../../test/harness/engines/index.ts';
import { install, packagesFor } from '../../test/harness/engines/install.ts';

/** Whether these engines can be started here, installed first where that is asked for. Says on stderr which cannot. */
export async function provideEngines(
  names: readonly EngineName[],
  options: { readonly install?: boolean | undefined },
): Promise<boolean> {
  if (options.install) {
    try {
      await install(packagesFor(names), console.error);
    } catch (error) {
      console.error((error as Error).message);
      return false;
    }
  }
  const missing = names.map((name) => whyAbsent(name, { own: true })).filter((reason) => reason !== undefined);
  for (const reason of missing) console.error(`Not here: ${reason}`);
  return missing.length === 0;
}
