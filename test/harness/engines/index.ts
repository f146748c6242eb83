/**
 * The real servers that Holdfast runs on, started for tests and for people. Tests use `describeWithEngines` and `place`
 * of use.ts, which share one server of a kind; what kills or restarts its server starts one of its own here.
 */

import { ENGINE_NAMES, type Engine, type EngineKind, type EngineName, type StartOptions } from './engine.ts';
import { mysql } from './mysql.ts';
import { nats } from './nats.ts';
import { postgres } from './postgres.ts';
import { rabbitmq } from './rabbitmq.ts';
import { redis } from './redis.ts';
import { s3 } from './s3.ts';
import { startKind } from './start.ts';

export { ENGINE_NAMES, type Engine, type EngineName, type Place } from './engine.ts';

export const KINDS: Readonly<Record<EngineName, EngineKind>> = { postgres, mysql, s3, redis, nats, rabbitmq };

/** Starts a server that nobody shares; whoever starts it stops it. It ends with this process at the latest. */
export const startEngine = (name: EngineName, options?: StartOptions): Promise<Engine> =>
  startKind(KINDS[name], options);

/** The URL of a server that the environment names. */
export const givenUrl = (name: EngineName): string | undefined => process.env[KINDS[name].variable] || undefined;

/** Why an engine cannot be had, and what to do about it; undefined where it can. `own`: one that may be killed. */
export function whyAbsent(name: EngineName, { own = false } = {}): string | undefined {
  if (!own && givenUrl(name)) return undefined;
  const missing = KINDS[name].missing();
  if (!missing) return undefined;
  const given = own ? '' : `set ${KINDS[name].variable} or `;
  return `${name} (${missing}; ${given}run npm run engines -- --install)`;
}

/** Those of the engines that cannot be had. */
export const absent = (names: readonly EngineName[] = ENGINE_NAMES, options?: { own?: boolean }): string[] =>
  names.map((name) => whyAbsent(name, options)).filter((reason) => reason !== undefined);
