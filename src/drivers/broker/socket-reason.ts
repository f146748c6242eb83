import { errnoOf } from '../../base/errors.ts';

interface ServerOfUrl {
  /** What the server is called. */
  readonly name: string;
  /** `host:port` each. */
  readonly addresses: readonly string[];
  /** Schemes of URLs for it, without and with TLS. */
  readonly plain: string;
  readonly secure: string;
}

/** Why a socket could not be used, and what to do about it; undefined for what is not of sockets. */
export function socketReason(error: unknown, { name, addresses, plain, secure }: ServerOfUrl): string | undefined {
  const errno = errnoOf(error) ?? '';
  const list = addresses.join(', ');
  const at = `${name} at ${list}`;
  switch (errno) {
    case 'ECONNREFUSED':
      return `there is no server at ${list}; start ${name}, or correct host and port`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${addresses.length > 1 ? 'a host' : 'the host'} of ${list} is not known; check its name`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `there is no way to ${list}; check the address and the network`;
    case 'ECONNRESET':
      return `${at} reset the connection; check the port, and whether it wants TLS (${secure})`;
    case 'ETIMEDOUT':
      return `${at} does not answer; check host and port`;
  }
  if (errno.startsWith('ERR_SSL')) return `${at} does not speak TLS there; write ${plain}, or its TLS port`;
  if (/CERT|SELF_SIGNED|VERIFY|ALTNAME/.test(errno)) {
    return `the certificate of ${at} is not trusted (${errno}); give its authority as ?ca=FILE`;
  }
  return undefined;
}
