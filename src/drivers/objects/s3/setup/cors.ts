import { type CORSRule, DeleteBucketCorsCommand, GetBucketCorsCommand, PutBucketCorsCommand } from '@aws-sdk/client-s3';
import type { StoreRules } from '../../port.ts';
import type { Bucket } from '../bucket.ts';
import { allowsPreflight } from './preflight.ts';
import { type Examined, readRules } from './rules.ts';

/** What browsers send to signed URLs. */
const METHODS = ['GET', 'HEAD', 'PUT'];
/** What a page reads of the answers; without the ETags of its parts an upload cannot be confirmed by them. */
const EXPOSED = ['ETag', 'Content-Range', 'Content-Length', 'Accept-Ranges', 'Content-Disposition'];
/** Seconds for which a browser need not ask again. */
const MAX_AGE = 3600;

const REMEDY =
  'Allow these origins GET, HEAD and PUT with all headers, and expose ETag and Content-Range, ' +
  'where this store is told such things; docs/storage.md says where.';

/** Signed URLs are used by web pages too, and a browser lets them only where the store names their origin. */
export async function examineCors(bucket: Bucket, { origins }: StoreRules): Promise<Examined> {
  const { quick } = bucket.clients;
  const read = await readRules('CORS', 'NoSuchCORSConfiguration', async () => {
    return (await quick.send(new GetBucketCorsCommand({ Bucket: bucket.name }))).CORSRules ?? [];
  });
  if (!read.rules) {
    const left = await originsLeftOut(bucket, [], origins);
    return { findings: left.length > 0 ? [{ ...read.finding, remedy: REMEDY }] : [] };
  }

  const ours = ruleFor(bucket, origins);
  const others = read.rules.filter((rule) => !isOurs(rule, ours));
  const stale = read.rules.filter((rule) => isOurs(rule, ours)).flatMap(({ AllowedOrigins = [] }) => AllowedOrigins);
  const missing = await originsLeftOut(bucket, read.rules, origins);
  const surplus = stale.filter((origin) => !origins.includes(origin));
  if (missing.length === 0 && surplus.length === 0) return { findings: [] };

  // Of several that fit, a store takes the first.
  const rules = origins.length > 0 ? [ours, ...others] : others;
  const problem =
    missing.length > 0
      ? `Pages of ${missing.join(', ')} may not use signed URLs.`
      : `Pages of ${surplus.join(', ')} may still use signed URLs.`;
  return {
    findings: [
      {
        rules: 'CORS',
        problem,
        change:
          origins.length > 0
            ? `write the rule "${ours.ID}", for ${origins.join(', ')}`
            : `remove the rule "${ours.ID}"`,
        remedy: REMEDY,
      },
    ],
    async write() {
      if (rules.length === 0) await quick.send(new DeleteBucketCorsCommand({ Bucket: bucket.name }));
      else await quick.send(new PutBucketCorsCommand({ Bucket: bucket.name, CORSConfiguration: { CORSRules: rules } }));
    },
  };
}

const ruleFor = ({ root }: Bucket, origins: readonly string[]): CORSRule => ({
  ID: root === '' ? 'holdfast' : `holdfast ${root}`,
  AllowedOrigins: [...origins],
  AllowedMethods: METHODS,
  AllowedHeaders: ['*'],
  ExposeHeaders: EXPOSED,
  MaxAgeSeconds: MAX_AGE,
});

/** Some stores keep no names; there, ours is what looks like it. */
const isOurs = (rule: CORSRule, ours: CORSRule): boolean =>
  rule.ID === undefined ? same(rule.AllowedMethods, METHODS) && same(rule.ExposeHeaders, EXPOSED) : rule.ID === ours.ID;

const same = (one: readonly string[] = [], other: readonly string[] = []): boolean =>
  [...one].sort().join() === [...other].sort().join();

/** Those that neither a rule lets in nor, as some stores have it, a setting for all buckets. */
async function originsLeftOut(bucket: Bucket, rules: readonly CORSRule[], origins: readonly string[]) {
  const left: string[] = [];
  for (const origin of origins) {
    if (METHODS.every((method) => allows(rules, origin, method))) continue;
    const asked = origin === '*' ? 'https://any.example' : origin;
    const allowed = await Promise.all(['PUT', 'GET'].map((method) => allowsPreflight(bucket, asked, method)));
    if (rules.length > 0 || !allowed.every(Boolean)) left.push(origin);
  }
  return left;
}

/** What the store would say: the first rule that fits origin and method counts. */
function allows(rules: readonly CORSRule[], origin: string, method: string): boolean {
  const rule = rules.find(
    ({ AllowedOrigins = [], AllowedMethods = [] }) =>
      AllowedMethods.includes(method) && AllowedOrigins.some((pattern) => fits(pattern, origin)),
  );
  if (!rule) return false;
  const exposed = new Set(rule.ExposeHeaders?.map((name) => name.toLowerCase()));
  return (rule.AllowedHeaders?.includes('*') ?? false) && exposed.has('etag') && exposed.has('content-range');
}

/** A pattern has at most one `*`. */
function fits(pattern: string, origin: string): boolean {
  const [before = '', after] = pattern.split('*');
  if (after === undefined) return pattern === origin;
  return origin.length >= pattern.length - 1 && origin.startsWith(before) && origin.endsWith(after);
}
