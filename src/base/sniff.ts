import { recognize } from './sniffing/magic.ts';
import { type Markup, markupOf } from './sniffing/markup.ts';
import { formatMediaType, isTextLike, type MediaType, parseMediaType } from './sniffing/media-type.ts';
import { asText, type Text } from './sniffing/text.ts';

export { extensionFor } from './sniffing/extensions.ts';

/** How many of a file's first bytes `sniff` looks at. */
export const SNIFF_BYTES = 4_100;

const UNKNOWN = 'application/octet-stream';
const PLAIN_TEXT = 'text/plain';

/**
 * The content type of a file by its first bytes, which are all of its bytes where it has no more than `SNIFF_BYTES`.
 * What the client declared counts only where bytes do not tell: among kinds of text, and for formats that we cannot
 * recognize. What browsers would run as a page (HTML, SVG, XML) is found whatever it was called, but for what was
 * declared to be text of another kind, which no browser takes for a page under `nosniff`.
 */
export async function sniff(firstBytes: Uint8Array, declared: string): Promise<string> {
  const claim = parseMediaType(declared);
  if (firstBytes.length === 0) return claim && isTextLike(claim.type) ? formatMediaType(claim) : UNKNOWN;
  const isCut = firstBytes.length >= SNIFF_BYTES;
  const bytes = Buffer.from(firstBytes.buffer, firstBytes.byteOffset, Math.min(firstBytes.length, SNIFF_BYTES));

  const known = recognize(bytes);
  if (known) return claim && known.isNarrower?.(claim.type) ? claim.type : known.type;

  const text = asText(bytes, isCut);
  const characters = text?.characters ?? bytes.toString('latin1');
  const markup = markupOf(characters);
  if (markup) return typeOfMarkup(markup, text, claim);
  // Readers of PDF look for its header in the first 1,024 bytes (ISO 32000, annex H).
  if (claim?.type === 'application/pdf' && characters.slice(0, 1_024).includes('%PDF-')) return claim.type;
  return text ? typeOfText(text, claim) : typeOfBinary(bytes, claim);
}

const MARKUP_TYPES: Readonly<Record<Markup, string>> = {
  html: 'text/html',
  xhtml: 'application/xhtml+xml',
  svg: 'image/svg+xml',
  xml: 'application/xml',
};

/** Types that say that a text is markup; they count for what the text itself leaves open. */
const isMarkupType = (type: string): boolean => type === 'text/html' || /[+/]xml$/.test(type);

function typeOfMarkup(markup: Markup, text: Text | undefined, claim: MediaType | undefined): string {
  if (!claim || !text || !isTextLike(claim.type)) return MARKUP_TYPES[markup];
  if (!isMarkupType(claim.type)) return formatMediaType(claim);
  const isRefined =
    (markup === 'xml' && !['text/html', MARKUP_TYPES.svg, MARKUP_TYPES.xhtml].includes(claim.type)) ||
    (markup === 'xhtml' && claim.type === 'text/html');
  return formatMediaType(isRefined ? claim : { ...claim, type: MARKUP_TYPES[markup] });
}

async function typeOfText({ encoding }: Text, claim: MediaType | undefined): Promise<string> {
  // Without an element at its root it is neither.
  const isBelieved = claim && isTextLike(claim.type) && ![MARKUP_TYPES.svg, MARKUP_TYPES.xhtml].includes(claim.type);
  if (isBelieved) return formatMediaType(claim);
  if (claim && (await isUnrecognizable(claim.type))) return claim.type;
  return encoding === 'utf' ? PLAIN_TEXT : UNKNOWN;
}

let loaded: Promise<typeof import('file-type')> | undefined;

/** Loaded when it is first needed: what most people upload is found without it. */
function fileType() {
  loaded ??= import('file-type');
  return loaded;
}

async function typeOfBinary(bytes: Buffer, claim: MediaType | undefined): Promise<string> {
  const { fileTypeFromBuffer } = await fileType();
  const found = await fileTypeFromBuffer(bytes).catch(() => undefined);
  const type = found && parseMediaType(found.mime)?.type;
  if (type !== undefined && !isTextLike(type)) return type;
  return claim && (await isUnrecognizable(claim.type)) ? claim.type : UNKNOWN;
}

/** Whether bytes neither prove nor disprove a type. Images, sound and video always show what they are. */
async function isUnrecognizable(type: string): Promise<boolean> {
  const { supportedMimeTypes } = await fileType();
  return (
    /^(application|model)\//.test(type) &&
    type !== UNKNOWN &&
    !isTextLike(type) &&
    !supportedMimeTypes.has(type as never)
  );
}
