import { isLoopback } from '../../base/network.ts';
import type { Config } from '../../config.ts';
import { type Finding, ok, warning } from './finding.ts';

/** Settings that are fine on one's own machine, and perhaps not on an address that others reach. */
export function examineExposure({ host, publicUrl, signup }: Config): Finding[] {
  if (isLoopback(host)) return [ok('address', `${host}: reached from this machine alone`)];
  const findings: Finding[] = [];
  if (signup === 'open') {
    findings.push(
      warning('sign-up', `open to anybody who reaches ${host}`, 'Set SIGNUP=closed if that is not what you want.'),
    );
  }
  if (publicUrl === undefined) {
    findings.push(
      warning(
        'PUBLIC_URL',
        'not set: signed URLs point to this machine',
        'Set PUBLIC_URL to where clients reach the server, such as https://files.example.com.',
      ),
    );
  } else if (publicUrl.startsWith('http:')) {
    findings.push(
      warning('PUBLIC_URL', 'is not encrypted (http)', 'Put a proxy that speaks https before the server, and name it.'),
    );
  }
  return findings;
}
