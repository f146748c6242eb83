/** Ways to open something by the scheme of its URL. Code is loaded when its scheme is the one chosen. */
export type ByScheme<Open> = Readonly<Record<string, () => Promise<Open>>>;

/** The way that a URL asks for. Throws where nothing knows its scheme; `variable` is the setting that holds the URL. */
export async function bySchemeOf<Open>(ways: ByScheme<Open>, url: string, variable: string): Promise<Open> {
  const scheme = /^([a-z][a-z0-9+.-]*):/.exec(url)?.[1] ?? '';
  const load = Object.hasOwn(ways, scheme) ? ways[scheme] : undefined;
  if (load) return load();
  const known = Object.keys(ways).map((name) => `${name}:`);
  throw new Error(`${variable}: there is no driver for "${scheme}:"; known are ${known.join(', ')}.`);
}
