import { oneOf, type Recognized } from './recognized.ts';

const MP4: Recognized = { type: 'video/mp4', isNarrower: oneOf('audio/mp4', 'audio/x-m4a', 'video/x-m4v') };

/** By major brand (ISO/IEC 14496-12, `ftyp`). */
const BRANDS: Readonly<Record<string, Recognized>> = {
  avif: { type: 'image/avif' },
  avis: { type: 'image/avif' },
  heic: { type: 'image/heic' },
  heix: { type: 'image/heic' },
  heim: { type: 'image/heic' },
  heis: { type: 'image/heic' },
  hevc: { type: 'image/heic-sequence', isNarrower: oneOf('image/heic') },
  hevx: { type: 'image/heic-sequence', isNarrower: oneOf('image/heic') },
  'qt  ': { type: 'video/quicktime' },
  'M4A ': { type: 'audio/mp4', isNarrower: oneOf('audio/x-m4a') },
  'M4B ': { type: 'audio/mp4', isNarrower: oneOf('audio/x-m4a') },
  'M4V ': { type: 'video/mp4', isNarrower: oneOf('video/x-m4v') },
  'crx ': { type: 'image/x-canon-cr3' },
};

/** Brands so general that the compatible ones tell more. */
const GENERAL = ['mif1', 'msf1', 'miaf'];

export function isoMedia(bytes: Buffer): Recognized | undefined {
  if (bytes.length < 16 || bytes.toString('latin1', 4, 8) !== 'ftyp') return undefined;
  const major = bytes.toString('latin1', 8, 12);
  if (GENERAL.includes(major)) return general(bytes);
  const brand = BRANDS[major];
  if (brand) return brand;
  if (/^3g[2p]/.test(major)) return { type: major.startsWith('3g2') ? 'video/3gpp2' : 'video/3gpp' };
  return /^(iso[2-9m]|mp4[12v]|mp71|avc1|dash|MSNV|NDS|F4[VP]|cmf)/.test(major) ? MP4 : undefined;
}

function general(bytes: Buffer): Recognized {
  const end = Math.min(bytes.readUInt32BE(0), bytes.length, 128);
  for (let at = 16; at + 4 <= end; at += 4) {
    const brand = BRANDS[bytes.toString('latin1', at, at + 4)];
    if (brand?.type.startsWith('image/')) return brand;
  }
  return { type: 'image/heif' };
}
