import type { ByteRange } from '../../../drivers/objects/port.ts';

const INT_RANGE = /^(\d+)-(\d*)$/;
const SUFFIX_RANGE = /^-(\d+)$/;

/**
 * What a Range header (RFC 9110, 14.2) asks of `size` bytes. `whole` where it is to be ignored: a unit other than
 * bytes, what is no valid range, and more than one range, which a server may answer with everything. `none` where the
 * range is valid and lies outside.
 */
export function parseRange(header: string, size: number): ByteRange | 'whole' | 'none' {
  const [unit, set, ...rest] = header.split('=');
  if (unit?.trim().toLowerCase() !== 'bytes' || set === undefined || rest.length > 0) return 'whole';
  const ranges = set
    .split(',')
    .map((range) => range.trim())
    .filter((range) => range !== '');
  const [range] = ranges;
  if (range === undefined || ranges.length > 1) return 'whole';

  const suffix = SUFFIX_RANGE.exec(range);
  if (suffix) {
    const length = Math.min(Number(suffix[1]), size);
    if (Number(suffix[1]) === 0) return 'none';
    // The last bytes of nothing are nothing, which no Content-Range can say.
    return size === 0 ? 'whole' : { first: size - length, last: size - 1 };
  }
  const int = INT_RANGE.exec(range);
  if (!int) return 'whole';
  const first = Number(int[1]);
  const last = int[2] === '' ? Number.POSITIVE_INFINITY : Number(int[2]);
  if (last < first) return 'whole';
  return first >= size ? 'none' : { first, last: Math.min(last, size - 1) };
}
