import type { TestProject } from 'vitest/node';
import { type EngineHost, openEngineHost } from './host.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where the host of the engines of this run listens. */
    engineHost: string;
  }
}

/** Vitest sets each project up by itself; all of a run share one host. */
const run = globalThis as { holdfastEngines?: { host: Promise<EngineHost>; users: number } };

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  run.holdfastEngines ??= { host: openEngineHost(), users: 0 };
  const shared = run.holdfastEngines;
  shared.users += 1;
  const host = await shared.host;
  project.provide('engineHost', host.path);
  return async () => {
    shared.users -= 1;
    if (shared.users > 0) return;
    run.holdfastEngines = undefined;
    await host.stop();
  };
}
