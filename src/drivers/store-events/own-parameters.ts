/** What a URL says to us, and the rest of it, which names the server as the URL of a broker does. */
export function splitParameters(url: string, own: readonly string[]): { own: Map<string, string>; rest: string } {
  const [before = '', query = ''] = url.split(/\?(.*)/s, 2);
  const parameters = new URLSearchParams(query);
  const found = new Map(own.flatMap((name) => (parameters.has(name) ? [[name, parameters.get(name) ?? '']] : [])));
  for (const name of own) parameters.delete(name);
  return { own: found, rest: parameters.size > 0 ? `${before}?${parameters}` : before };
}

/** What is said of the URL of a broker, said of ours. */
export function ofIngestUrl(error: unknown, form: string): Error {
  const said = error instanceof Error ? error.message : String(error);
  const problem = said.replace(/^BROKER_URL: /, '').replace(/; expected .*$/s, '');
  return new Error(
    said.includes('; expected ') ? `INGEST_URL: ${problem}; expected ${form}.` : `INGEST_URL: ${problem}`,
    {
      cause: error,
    },
  );
}
