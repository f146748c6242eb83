import { errnoOf } from '../../../base/errors.ts';
import { statusOf } from './errors.ts';
import { NotEncrypted } from './probe.ts';
import type { S3Location } from './url.ts';

/** What is wrong with a store that cannot be opened: one line for the operator, without credentials. */
export function explain(error: unknown, location: S3Location, permission: string): Error {
  return new Error(`STORAGE_URL: ${reasonOf(error as Error, location, permission)}`, { cause: error });
}

function reasonOf(error: Error, location: S3Location, permission: string): string {
  const { bucket, encryption } = location;
  const server = location.endpoint ?? 'AWS';
  if (error instanceof NotEncrypted || (encryption && isAboutEncryption(error))) {
    return `${server} does not encrypt as sse=${encryption?.mode} asks for. Set up its keys (KMS), or take sse out of the URL.`;
  }
  switch (error.name) {
    case 'CredentialsProviderError':
      return 'no credentials for the S3 store. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give this machine a role.';
    case 'InvalidAccessKeyId':
    case 'InvalidClientTokenId':
    case 'InvalidToken':
      return `${server} does not know the access key. Check AWS_ACCESS_KEY_ID (or MINIO_ACCESS_KEY).`;
    case 'SignatureDoesNotMatch':
      return `${server} does not accept the secret key. Check AWS_SECRET_ACCESS_KEY (or MINIO_SECRET_KEY), and that no proxy before the store changes the Host header.`;
    case 'ExpiredToken':
    case 'TokenRefreshRequired':
      return 'the credentials for the S3 store have expired. Get new ones.';
    case 'RequestTimeTooSkewed':
      return `the clock of this machine is not that of ${server}. Set it right.`;
    case 'NoSuchBucket':
      return `there is no bucket "${bucket}" at ${server}. Make it, or correct its name.`;
    case 'AccessDenied':
    case 'AllAccessDisabled':
      return `these credentials may not ${permission} in bucket "${bucket}". Grant it; docs/storage.md has a policy.`;
    case 'PermanentRedirect':
    case 'AuthorizationHeaderMalformed':
    case 'IllegalLocationConstraintException':
    case 'InvalidRegionName':
      return `the bucket "${bucket}" is in ${regionOf(error) ?? 'another region'}. Set region= in the URL to that.`;
  }
  if (/Region is missing/i.test(error.message)) {
    return 'the region of the bucket is not known. Add region=… to the URL, or set AWS_REGION.';
  }
  return unreachable(error, server) ?? `${server} fails: ${describe(error)}. Check that it is an S3 server.`;
}

function unreachable(error: Error, server: string): string | undefined {
  const errno = errnoOf(error) ?? '';
  if (['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ECONNRESET', 'EPIPE'].includes(errno)) {
    return `nothing answers at ${server} (${errno}). Start the store, or correct the endpoint.`;
  }
  if (errno === 'ENOTFOUND' || errno === 'EAI_AGAIN') {
    return `the host of ${server} is not known (${errno}). Correct the endpoint; forcePathStyle=true keeps the bucket out of the host.`;
  }
  if (/CERT|SELF_SIGNED|ISSUER|ALTNAME/.test(errno)) {
    return `the certificate of ${server} is not trusted (${errno}). Give its authority as ca=/path.pem, or correct the endpoint.`;
  }
  if (errno === 'EPROTO' || errno.startsWith('ERR_SSL') || errno.startsWith('HPE_')) {
    return `${server} does not speak the protocol of its URL. Use http:// in place of https://, or the other way round.`;
  }
  if (['TimeoutError', 'AbortError'].includes(error.name)) {
    return `${server} did not answer in time. Check the endpoint, and that nothing on the way blocks it.`;
  }
  return undefined;
}

/** What a server says of a key or a method that it does not have. */
const isAboutEncryption = (error: Error): boolean =>
  /^KMS|Encryption/i.test(error.name) || /\bkms\b|encryption/i.test(error.message);

function regionOf(error: Error): string | undefined {
  const { Region, $response } = error as {
    Region?: string;
    $response?: { headers?: Record<string, string | undefined> };
  };
  return Region ?? $response?.headers?.['x-amz-bucket-region'];
}

function describe(error: Error): string {
  const status = statusOf(error);
  const words = status === undefined ? error.message : `${status} ${error.name}`;
  return words.replaceAll(/\s+/g, ' ').slice(0, 200).replace(/\.$/, '');
}
