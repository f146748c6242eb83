import { tryAddress } from '../../base/try-address.ts';
import type { Config } from '../../config.ts';
import { reasonOf } from '../start-error.ts';
import { type Finding, failed, ok } from './finding.ts';

/** Whether the server could listen where it is told to. */
export async function examinePort({ host, port }: Config): Promise<Finding> {
  const name = 'port';
  if (port === 0) return ok(name, `a free one on ${host}`);
  try {
    await tryAddress(host, port);
    return ok(name, `${port} on ${host} is free`);
  } catch (error) {
    return failed(
      name,
      `cannot listen on ${host}:${port}: ${reasonOf(error)}.`,
      'Stop what listens there, or set PORT and HOST to another.',
    );
  }
}
