export type Markup = 'html' | 'xhtml' | 'svg' | 'xml';

/** Elements by whose name a browser takes a document for HTML (WHATWG, MIME Sniffing, 7.1). */
const HTML_ELEMENTS = new Set([
  'html',
  'head',
  'body',
  'script',
  'iframe',
  'h1',
  'div',
  'font',
  'table',
  'a',
  'style',
  'title',
  'b',
  'br',
  'p',
]);

/** What may stand before the first element: white space, declarations and comments, whole or cut off. */
const BEFORE = /^(?:\ufeff|\s+|<\?[^>]*(?:>|$)|<!--[\s\S]*?(?:-->|$)|<!DOCTYPE\s[^[>]*(?:\[[\s\S]*?(?:\]\s*>|$)|>|$))/i;

/** The first start tag. */
const ELEMENT = /^<(?:[a-z][\w.-]*:)?([a-z][\w.-]*)(?=[\s/>]|$)/i;

/**
 * What a text is by its first element, or by what stands before it; undefined for a text that does not begin as
 * markup does. Browsers would run scripts in all of these but the last.
 */
export function markupOf(text: string): Markup | undefined {
  let rest = text;
  let isXml = false;
  let doctype: string | undefined;
  let hasComment = false;
  for (let before = BEFORE.exec(rest)?.[0]; before; before = BEFORE.exec(rest)?.[0]) {
    isXml ||= /^<\?xml\s/i.test(before);
    doctype ??= /^<!DOCTYPE\s+([\w.:-]+)/i.exec(before)?.[1]?.toLowerCase();
    hasComment ||= before.startsWith('<!--');
    rest = rest.slice(before.length);
  }
  const element = ELEMENT.exec(rest)?.[1]?.toLowerCase();
  if (element === 'svg' || doctype === 'svg') return 'svg';
  if (element === 'html' || doctype === 'html') return isXml ? 'xhtml' : 'html';
  if (isXml || doctype !== undefined) return 'xml';
  return hasComment || (element !== undefined && HTML_ELEMENTS.has(element)) ? 'html' : undefined;
}
