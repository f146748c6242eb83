import { parseAddresses } from '../base/address.ts';
import { type ClientGrant, parseClientGrant } from '../base/client-grant.ts';
import { integer, list, path, setting, text } from './setting.ts';

const ADDRESSES = 'addresses such as files-1:9001,files-2:9001';

function clientGrants(value: string): ClientGrant[] | undefined {
  const grants = list(value).map(parseClientGrant);
  const known = grants.filter((grant) => grant !== undefined);
  return known.length === grants.length && new Set(known.map(({ name }) => name)).size === known.length
    ? known
    : undefined;
}

/** Services and back ends that call each other over gRPC. */
export const SERVICES = {
  grpcHost: setting(
    'GRPC_HOST',
    undefined,
    'an address to listen on',
    text,
    'Address that the gRPC server listens on. Default: as `HOST`.',
  ),
  grpcPort: setting(
    'GRPC_PORT',
    '9001',
    'a number from 0 to 65535',
    integer(0, 65535),
    'Port of the gRPC server, which is there when `TLS_CERT` is set; 0 takes a free one.',
  ),
  tlsCa: setting(
    'TLS_CA',
    undefined,
    'a PEM file',
    path,
    'CAs whose certificates are trusted between services and back ends; `holdfast certs init` makes one.',
  ),
  tlsCert: setting('TLS_CERT', undefined, 'a PEM file', path, 'Certificate of this process, which names its services.'),
  tlsKey: setting('TLS_KEY', undefined, 'a PEM file', path, 'Key of `TLS_CERT`.'),
  grpcClients: setting(
    'GRPC_CLIENTS',
    '',
    'names such as billing,reports:read',
    clientGrants,
    'Back ends that may call over gRPC, by the name in their certificate; `:read` for what changes nothing, `:admin` for usage, quotas and jobs of all owners too.',
  ),
  authUrl: setting('AUTH_URL', undefined, ADDRESSES, parseAddresses, 'Where the auth service runs, if not here.'),
  filesUrl: setting('FILES_URL', undefined, ADDRESSES, parseAddresses, 'Where the files service runs, if not here.'),
  storageServiceUrl: setting(
    'STORAGE_SERVICE_URL',
    undefined,
    ADDRESSES,
    parseAddresses,
    'Where the storage service runs, if not here. (`STORAGE_URL` is the object store.)',
  ),
} as const;
