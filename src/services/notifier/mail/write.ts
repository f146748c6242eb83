/** What a mail says, however it is shown. */
export interface Letter {
  readonly subject: string;
  readonly paragraphs: readonly string[];
  readonly link?: { readonly url: string; readonly label: string };
  readonly list?: { readonly items: readonly string[]; readonly more: number };
  readonly after: readonly string[];
}

/** The letter as plain text and as HTML that loads nothing. */
export function write(letter: Letter): { readonly text: string; readonly html: string } {
  return { text: asText(letter), html: asHtml(letter) };
}

function asText({ paragraphs, link, list, after }: Letter): string {
  const items = list && [
    ...list.items.map((item) => `- ${visible(item)}`),
    ...(list.more > 0 ? [`- and ${list.more} more`] : []),
  ];
  const parts = [...paragraphs, ...(link ? [link.url] : []), ...(items?.length ? [items.join('\n')] : []), ...after];
  return `${parts.join('\n\n')}\n`;
}

function asHtml({ subject, paragraphs, link, list, after }: Letter): string {
  const paragraph = (text: string) => `<p>${escaped(text)}</p>`;
  const items = list && [...list.items, ...(list.more > 0 ? [`and ${list.more} more`] : [])];
  return [
    '<!doctype html>',
    `<html lang="en"><head><meta charset="utf-8"><title>${escaped(subject)}</title></head>`,
    '<body style="font-family:sans-serif;line-height:1.5">',
    ...paragraphs.map(paragraph),
    // The address can be read, too: some programs show no links, and some people trust none that they cannot read.
    ...(link
      ? [`<p><a href="${escaped(link.url)}">${escaped(link.label)}</a></p>`, `<p>${escaped(link.url)}</p>`]
      : []),
    ...(items?.length ? [`<ul>${items.map((item) => `<li>${escaped(visible(item))}</li>`).join('')}</ul>`] : []),
    ...after.map(paragraph),
    '</body></html>',
    '',
  ].join('\n');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);

/** A name of a file on one line, as it is read: nothing in it turns the text around or breaks out of its line. */
const visible = (name: string): string => name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, '�');
