import { isoMedia } from './iso-media.ts';
import { oneOf, type Recognized } from './recognized.ts';
import { zip } from './zip.ts';

const OLE_TYPES = [
  'application/msword',
  'application/vnd.ms-excel',
  'application/vnd.ms-outlook',
  'application/vnd.ms-powerpoint',
  'application/vnd.ms-project',
  'application/vnd.visio',
];

const RAW_TYPES = ['image/x-adobe-dng', 'image/x-canon-cr2', 'image/x-nikon-nef', 'image/x-sony-arw'];

/** The commonest types, by bytes that their files begin with. */
const BEGINNINGS: readonly (readonly [hex: string, type: string, narrower?: readonly string[]])[] = [
  ['ffd8ff', 'image/jpeg'],
  ['89504e470d0a1a0a', 'image/png', ['image/apng']],
  ['474946383761', 'image/gif'],
  ['474946383961', 'image/gif'],
  ['49492a00', 'image/tiff', RAW_TYPES],
  ['4d4d002a', 'image/tiff', RAW_TYPES],
  ['255044462d', 'application/pdf', ['application/illustrator']],
  ['1f8b08', 'application/gzip', ['application/x-gtar', 'application/x-tgz']],
  ['d0cf11e0a1b11ae1', 'application/x-cfb', OLE_TYPES],
  ['494433', 'audio/mpeg', ['audio/aac']],
  ['fffb', 'audio/mpeg'],
  ['fffa', 'audio/mpeg'],
  ['fff3', 'audio/mpeg'],
  ['fff2', 'audio/mpeg'],
  ['664c6143', 'audio/flac'],
];

interface Beginning extends Recognized {
  readonly bytes: Uint8Array;
}

const BY_FIRST_BYTE = new Map<number | undefined, Beginning[]>();
for (const [hex, type, narrower] of BEGINNINGS) {
  const bytes = Buffer.from(hex, 'hex');
  const others = BY_FIRST_BYTE.get(bytes[0]) ?? [];
  BY_FIRST_BYTE.set(bytes[0], [...others, { bytes, type, ...(narrower && { isNarrower: oneOf(...narrower) }) }]);
}

/** The type of a file whose first bytes can only be one of the commonest types. */
export function recognize(bytes: Buffer): Recognized | undefined {
  const beginning = BY_FIRST_BYTE.get(bytes[0])?.find((entry) => startsWith(bytes, entry.bytes));
  return beginning ?? riff(bytes) ?? bitmap(bytes) ?? isoMedia(bytes) ?? zip(bytes) ?? matroska(bytes) ?? ogg(bytes);
}

function startsWith(bytes: Buffer, wanted: Uint8Array): boolean {
  return bytes.length >= wanted.length && wanted.every((byte, at) => bytes[at] === byte);
}

const RIFF: Readonly<Record<string, string>> = { WEBP: 'image/webp', WAVE: 'audio/wav', 'AVI ': 'video/vnd.avi' };

function riff(bytes: Buffer): Recognized | undefined {
  if (bytes.toString('latin1', 0, 4) !== 'RIFF') return undefined;
  const type = RIFF[bytes.toString('latin1', 8, 12)];
  return type === undefined ? undefined : { type };
}

/** `BM` begins many a text; four bytes that must be zero follow the size of a bitmap. */
function bitmap(bytes: Buffer): Recognized | undefined {
  const isBitmap = bytes.toString('latin1', 0, 2) === 'BM' && bytes.length >= 26 && bytes.readUInt32LE(6) === 0;
  return isBitmap ? { type: 'image/bmp' } : undefined;
}

/** EBML (RFC 8794): the name of the format stands in its header. */
function matroska(bytes: Buffer): Recognized | undefined {
  if (bytes.toString('latin1', 0, 4) !== '\x1aE\xdf\xa3') return undefined;
  const header = bytes.toString('latin1', 0, 64);
  if (header.includes('webm')) return { type: 'video/webm', isNarrower: oneOf('audio/webm') };
  return header.includes('matroska') ? { type: 'video/matroska', isNarrower: oneOf('audio/matroska') } : undefined;
}

const OGG_AUDIO = ['OpusHead', '\x01vorbis', 'Speex   ', '\x7fFLAC'];

/** Ogg (RFC 3533): the first packet, after the header of its page, says what the stream is. */
function ogg(bytes: Buffer): Recognized | undefined {
  if (bytes.toString('latin1', 0, 4) !== 'OggS') return undefined;
  const packet = bytes.toString('latin1', 28, 36);
  if (OGG_AUDIO.some((codec) => packet.startsWith(codec))) return { type: 'audio/ogg' };
  return packet.startsWith('\x80theora')
    ? { type: 'video/ogg' }
    : { type: 'application/ogg', isNarrower: oneOf('video/ogg') };
}
