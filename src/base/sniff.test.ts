import { gzipSync } from 'node:zlib';
import { assert, asyncProperty, constantFrom, string, uint8Array } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { extensionFor, SNIFF_BYTES, sniff } from './sniff.ts';

const ascii = (text: string) => Buffer.from(text, 'latin1');
const hex = (text: string, rest = '') => Buffer.concat([Buffer.from(text.replaceAll(' ', ''), 'hex'), ascii(rest)]);

const OCTETS = 'application/octet-stream';
const OFFICE = 'application/vnd.openxmlformats-officedocument';

/** The header of an entry of a ZIP archive, and its content. */
function entry(name: string, content = 'content'): Buffer {
  const header = Buffer.alloc(30);
  header.write('PK\x03\x04', 'latin1');
  header.writeUInt16LE(name.length, 26);
  return Buffer.concat([header, ascii(name + content)]);
}

const archive = (...names: string[]) => Buffer.concat(names.map((name) => entry(name)));

const ftyp = (major: string, ...compatible: string[]) => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(16 + 4 * compatible.length);
  return Buffer.concat([length, ascii(`ftyp${major}\0\0\0\0${compatible.join('')}moovdata`)]);
};

const ogg = (packet: string) => ascii(`OggS${'\0'.repeat(24)}${packet}`);

const KNOWN: [type: string, bytes: Buffer][] = [
  ['image/jpeg', hex('ff d8 ff e0', 'JFIF')],
  ['image/png', hex('89 50 4e 47 0d 0a 1a 0a', 'IHDR')],
  ['image/gif', ascii('GIF89a\x01\0')],
  ['image/gif', ascii('GIF87a\x01\0')],
  ['image/webp', ascii('RIFF\x24\0\0\0WEBPVP8 ')],
  ['image/tiff', hex('49 49 2a 00 08 00 00 00')],
  ['image/tiff', hex('4d 4d 00 2a 00 00 00 08')],
  ['image/bmp', Buffer.concat([ascii('BM'), hex('36 00 00 00 00 00 00 00 36 00 00 00'), Buffer.alloc(20)])],
  ['image/avif', ftyp('avif', 'mif1')],
  ['image/avif', ftyp('mif1', 'miaf', 'avif')],
  ['image/heic', ftyp('heic', 'mif1')],
  ['image/heic', ftyp('mif1', 'heic')],
  ['image/heif', ftyp('mif1', 'xxxx')],
  ['video/mp4', ftyp('isom', 'avc1')],
  ['video/mp4', ftyp('mp42')],
  ['video/quicktime', ftyp('qt  ')],
  ['video/3gpp', ftyp('3gp4')],
  ['audio/mp4', ftyp('M4A ')],
  ['video/webm', hex('1a 45 df a3 9f 42 86 81 01', 'B\x82\x84webm')],
  ['video/matroska', hex('1a 45 df a3 a3 42 86 81 01', 'B\x82\x88matroska')],
  ['audio/mpeg', ascii('ID3\x04\0')],
  ['audio/mpeg', hex('ff fb 90 64 00 00')],
  ['audio/wav', ascii('RIFF\x24\0\0\0WAVEfmt ')],
  ['audio/flac', ascii('fLaC\0\0\0\x22')],
  ['audio/ogg', ogg('OpusHead')],
  ['audio/ogg', ogg('\x01vorbis')],
  ['video/ogg', ogg('\x80theora')],
  ['application/pdf', ascii('%PDF-1.7\n%\xe2\xe3\xcf\xd3')],
  ['application/gzip', gzipSync('text')],
  ['application/zip', archive('a.txt')],
  ['application/zip', ascii(`PK\x05\x06${'\0'.repeat(18)}`)],
  ['application/x-cfb', hex('d0 cf 11 e0 a1 b1 1a e1 00 00')],
  [`${OFFICE}.wordprocessingml.document`, archive('[Content_Types].xml', '_rels/.rels', 'word/document.xml')],
  [`${OFFICE}.spreadsheetml.sheet`, archive('[Content_Types].xml', 'xl/workbook.xml')],
  [`${OFFICE}.presentationml.presentation`, archive('[Content_Types].xml', 'ppt/presentation.xml')],
  ['application/epub+zip', Buffer.concat([entry('mimetype', 'application/epub+zip'), entry('META-INF/container.xml')])],
  [
    'application/vnd.oasis.opendocument.text',
    Buffer.concat([entry('mimetype', 'application/vnd.oasis.opendocument.text'), entry('content.xml')]),
  ],
  // By file-type.
  ['application/x-7z-compressed', hex('37 7a bc af 27 1c 00 04')],
  ['application/x-elf', hex('7f 45 4c 46 02 01 01 00 00 00')],
  ['application/wasm', hex('00 61 73 6d 01 00 00 00')],
];

test.each(KNOWN)('%s is found whatever it was called', async (type, bytes) => {
  for (const declared of ['', 'text/plain', 'image/x-other', 'application/x-unknown', 'nonsense', 'video/mp2t']) {
    expect(await sniff(bytes, declared)).toBe(type);
  }
});

test('a narrower type that the bytes allow is believed, another is not', async () => {
  for (const [bytes, narrower, wide] of [
    [archive('[Content_Types].xml'), `${OFFICE}.wordprocessingml.document`, 'application/zip'],
    [archive('META-INF/MANIFEST.MF'), 'application/java-archive', 'application/zip'],
    [hex('d0 cf 11 e0 a1 b1 1a e1'), 'application/msword', 'application/x-cfb'],
    [ftyp('isom'), 'audio/mp4', 'video/mp4'],
    [hex('1a 45 df a3 42 86 81 01', 'webm'), 'audio/webm', 'video/webm'],
    [hex('49 49 2a 00'), 'image/x-adobe-dng', 'image/tiff'],
  ] as const) {
    expect(await sniff(bytes, narrower)).toBe(narrower);
    expect(await sniff(bytes, narrower.toUpperCase())).toBe(narrower);
    expect(await sniff(bytes, 'image/jpeg')).toBe(wide);
  }
});

describe('markup', () => {
  const PAGES: [type: string, text: string][] = [
    ['text/html', '<!DOCTYPE html><html></html>'],
    ['text/html', '\n\t <HTML lang="en">'],
    ['text/html', '<!-- a comment --><html>'],
    ['text/html', '<script>alert(1)</script>'],
    ['text/html', '<body onload=alert(1)>'],
    ['text/html', '\xef\xbb\xbf<!doctype HTML>'],
    ['text/html', `<!--${'x'.repeat(5_000)}`],
    ['image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg"/>'],
    ['image/svg+xml', '<?xml version="1.0"?>\n<!-- Made by hand -->\n<svg>'],
    ['image/svg+xml', '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://x" [ <!ENTITY a "b>"> ]>\n<svg>'],
    ['image/svg+xml', `<!DOCTYPE svg [ <!ENTITY a "${'x'.repeat(5_000)}`],
    ['image/svg+xml', '<svg:svg xmlns:svg="http://www.w3.org/2000/svg">'],
    ['application/xhtml+xml', '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">'],
    ['application/xml', '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0">'],
  ];

  test.each(PAGES)('%s is found, even if called an image (%#)', async (type, text) => {
    for (const declared of ['image/jpeg', 'video/mp4', 'application/pdf', OCTETS, '']) {
      expect(await sniff(ascii(text).subarray(0, SNIFF_BYTES), declared)).toBe(type);
    }
  });

  test('is found in UTF-16, and in a text with a byte that no text has', async () => {
    const text = '<html><script>';
    for (const bytes of [
      Buffer.from(`\ufeff${text}`, 'utf16le'),
      Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
      ascii(`${text}\0`),
    ]) {
      expect(await sniff(bytes, 'image/png')).toBe('text/html');
    }
  });

  test('keeps the name that was given to it where that is as good', async () => {
    const xml = ascii('<?xml version="1.0"?><rss>');
    expect(await sniff(xml, 'application/rss+xml')).toBe('application/rss+xml');
    expect(await sniff(xml, 'text/xml; charset=UTF-8')).toBe('text/xml; charset=utf-8');
    expect(await sniff(xml, 'image/svg+xml')).toBe('application/xml');
    expect(await sniff(ascii('<svg>'), 'application/xml')).toBe('image/svg+xml');
    expect(await sniff(ascii('<html>'), 'text/xml')).toBe('text/html');
    // No browser takes these for pages, and a Markdown file may begin with an element.
    expect(await sniff(ascii('<h1 align="center">Title</h1>'), 'text/markdown')).toBe('text/markdown');
    expect(await sniff(ascii('<html>'), 'text/plain')).toBe('text/plain');
  });

  test('is not what merely looks like it', async () => {
    for (const text of ['<a@example.org> wrote:', '<3', '< html', 'see <html>', '<abbr>', '<header>']) {
      expect(await sniff(ascii(text), 'image/png')).toBe('text/plain');
    }
  });
});

describe('text', () => {
  test('is of the declared kind, with its charset', async () => {
    const text = Buffer.from('Grüße, 世界\r\n\tand\x1b[0m more\f');
    for (const [declared, type] of [
      ['text/csv', 'text/csv'],
      ['Text/CSV; header=present; Charset="UTF-8"', 'text/csv; charset=utf-8'],
      ['application/json', 'application/json'],
      ['application/ld+json;charset=utf-8', 'application/ld+json; charset=utf-8'],
      ['text/html', 'text/html'],
      ['application/x-sh', 'application/x-sh'],
      ['application/x-unheard-of; charset=utf-8', 'application/x-unheard-of'],
    ] as const) {
      expect(await sniff(text, declared)).toBe(type);
    }
  });

  test('is plain where something else was declared, or nothing', async () => {
    for (const declared of [
      '',
      OCTETS,
      'image/jpeg',
      'video/mp4',
      'audio/mpeg',
      'application/pdf',
      'image/svg+xml',
      '*/*',
    ]) {
      expect(await sniff(ascii('plain text'), declared)).toBe('text/plain');
    }
  });

  test('may be cut within a character, and within that alone', async () => {
    for (const character of ['é', '世', '🌍']) {
      for (let cut = 0; cut < 4; cut++) {
        const bytes = Buffer.from('a'.repeat(cut) + character.repeat(SNIFF_BYTES)).subarray(0, SNIFF_BYTES);
        expect(await sniff(bytes, '')).toBe('text/plain');
      }
    }
    expect(await sniff(Buffer.from('世').subarray(0, 2), '')).toBe(OCTETS);
    expect(await sniff(Buffer.concat([Buffer.from('世').subarray(0, 2), Buffer.alloc(SNIFF_BYTES, 'a')]), '')).toBe(
      OCTETS,
    );
  });

  test('in an old encoding is text where it was declared to be, and only there', async () => {
    const latin1 = ascii('M\xfcnchen;Gr\xf6\xdfe');
    expect(await sniff(latin1, 'text/csv; charset=iso-8859-1')).toBe('text/csv; charset=iso-8859-1');
    expect(await sniff(latin1, 'text/csv')).toBe('text/csv');
    expect(await sniff(latin1, 'image/png')).toBe(OCTETS);
  });

  test('has no NUL', async () => {
    for (const declared of ['text/plain', 'application/json', 'text/html', 'image/svg+xml', 'image/png', '']) {
      expect(await sniff(ascii('text\0text'), declared)).toBe(OCTETS);
    }
  });

  test('of UTF-16 is text', async () => {
    expect(await sniff(Buffer.from('\ufeffGrüße', 'utf16le'), 'text/plain; charset=utf-16')).toBe(
      'text/plain; charset=utf-16',
    );
    expect(await sniff(Buffer.from('\ufeffa\0b', 'utf16le'), 'text/plain')).toBe(OCTETS);
  });
});

test('an empty file is text where it was declared to be', async () => {
  expect(await sniff(new Uint8Array(), 'text/csv; charset=utf-8')).toBe('text/csv; charset=utf-8');
  for (const declared of ['', 'image/png', 'application/pdf', 'text', 'text/']) {
    expect(await sniff(new Uint8Array(), declared)).toBe(OCTETS);
  }
});

test('a PDF that begins with something else is found where it was declared', async () => {
  const bytes = ascii(`\0\x01junk${'x'.repeat(500)}%PDF-1.4`);
  expect(await sniff(bytes, 'application/pdf')).toBe('application/pdf');
  expect(await sniff(bytes, 'image/png')).toBe(OCTETS);
  expect(await sniff(ascii('<html>%PDF-1.4'), 'application/pdf')).toBe('text/html');
});

test('bytes that tell nothing have a declared type only if it could not be told from bytes', async () => {
  const bytes = hex('00 01 02 03 fe fd fc 80 81');
  expect(await sniff(bytes, 'application/vnd.example.thing')).toBe('application/vnd.example.thing');
  for (const declared of [
    'image/png',
    'image/x-unheard-of',
    'video/mp4',
    'audio/x-unheard-of',
    'application/pdf',
    'application/zip',
    'font/woff',
    'text/plain',
    'multipart/mixed',
  ]) {
    expect(await sniff(bytes, declared)).toBe(OCTETS);
  }
});

test('whatever comes, there is a type, and never an image, a film or a page that the bytes are not', async () => {
  const declared = constantFrom('image/png', 'image/svg+xml', 'video/mp4', 'application/pdf', 'application/xhtml+xml');
  const bytes = uint8Array({ maxLength: 300 }).filter(
    (some) => !/[<%]/.test(Buffer.from(some).toString('latin1')) && (some[0] ?? 0) > 0 && (some[0] ?? 0) < 0x20,
  );
  await assert(
    asyncProperty(bytes, declared, async (some, type) => {
      expect(await sniff(some, type)).not.toBe(type);
    }),
  );
  const form = /^[a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*(; charset=[a-z0-9!#$&^_.+:-]+)?$/;
  await assert(
    asyncProperty(uint8Array({ maxLength: 100 }), string({ unit: 'binary' }), async (some, type) => {
      expect(await sniff(some, type)).toMatch(form);
      expect(await sniff(Buffer.from('text'), `text/${type}`)).toMatch(form);
    }),
  );
});

test('a type has an ending of its own where we know one', () => {
  for (const [type, extension] of [
    ['image/jpeg', 'jpg'],
    ['IMAGE/PNG', 'png'],
    ['text/plain; charset=utf-8', 'txt'],
    ['application/pdf', 'pdf'],
    [OCTETS, 'bin'],
    ['application/x-unheard-of', 'bin'],
    ['constructor', 'bin'],
    ['', 'bin'],
  ] as const) {
    expect(extensionFor(type)).toBe(extension);
  }
});
