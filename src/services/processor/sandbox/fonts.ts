import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inflate } from 'node:zlib';

const BUNDLED = '@fontsource/dejavu-sans/files/dejavu-sans-latin-700-normal.woff';

/** Where systems keep fonts, for scripts that the bundled one does not have. Folders that are not there do no harm. */
const SYSTEM_FOLDERS = ['/usr/share/fonts', '/usr/local/share/fonts', '/Library/Fonts', '/System/Library/Fonts'];

/**
 * Puts the bundled font and a configuration of fontconfig into a folder, so that text is drawn the same on a machine
 * that has no fonts or no fontconfig. Answers the path for `FONTCONFIG_FILE`.
 */
export async function prepareFonts(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const woff = await readFile(createRequire(import.meta.url).resolve(BUNDLED));
  await writeFile(join(folder, 'sans-bold.ttf'), await unpackWoff(woff));
  const configuration = join(folder, 'fonts.conf');
  const folders = [folder, ...SYSTEM_FOLDERS].map((path) => `<dir>${escapeXml(path)}</dir>`).join('');
  await writeFile(
    configuration,
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>${folders}<cachedir>${escapeXml(join(folder, 'cache'))}</cachedir></fontconfig>`,
  );
  return configuration;
}

const escapeXml = (text: string) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');

const WOFF_HEADER = 44;
const WOFF_ENTRY = 20;
const SFNT_HEADER = 12;
const SFNT_ENTRY = 16;

/**
 * The TrueType font inside a WOFF file (W3C, WOFF 1.0, sections 4 to 6): the same tables, each deflated where that
 * made it smaller. Fontconfig does not read WOFF.
 */
export async function unpackWoff(woff: Buffer): Promise<Buffer> {
  const tables = woff.readUInt16BE(12);
  const font = Buffer.alloc(woff.readUInt32BE(16));
  const powerOfTwo = 2 ** Math.floor(Math.log2(tables));
  font.writeUInt32BE(woff.readUInt32BE(4), 0);
  font.writeUInt16BE(tables, 4);
  font.writeUInt16BE(powerOfTwo * SFNT_ENTRY, 6);
  font.writeUInt16BE(Math.log2(powerOfTwo), 8);
  font.writeUInt16BE((tables - powerOfTwo) * SFNT_ENTRY, 10);

  let end = SFNT_HEADER + tables * SFNT_ENTRY;
  for (let index = 0; index < tables; index += 1) {
    const from = WOFF_HEADER + index * WOFF_ENTRY;
    const to = SFNT_HEADER + index * SFNT_ENTRY;
    const offset = woff.readUInt32BE(from + 4);
    const packed = woff.subarray(offset, offset + woff.readUInt32BE(from + 8));
    const length = woff.readUInt32BE(from + 12);
    woff.copy(font, to, from, from + 4);
    font.writeUInt32BE(woff.readUInt32BE(from + 16), to + 4);
    font.writeUInt32BE(end, to + 8);
    font.writeUInt32BE(length, to + 12);
    const table = packed.length < length ? await promisify(inflate)(packed) : packed;
    table.copy(font, end);
    end += Math.ceil(length / 4) * 4;
  }
  return font;
}
