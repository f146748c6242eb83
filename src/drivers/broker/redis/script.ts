import { createHash } from 'node:crypto';
import type { RedisClientType } from '@redis/client';

/** RESP 2 is what every server and proxy speaks. */
// biome-ignore lint/complexity/noBannedTypes: the library's word for "no modules, functions, scripts".
export type Client = RedisClientType<{}, {}, {}, 2, {}>;

/** What a script answers, as far as ours do. */
export type Reply = string | number | null | readonly Reply[];

/** Lua that the server runs as one command, known to it by its hash. */
export interface Script {
  readonly source: string;
  readonly sha: string;
}

export const script = (source: string): Script => ({
  source,
  sha: createHash('sha1').update(source).digest('hex'),
});

/** Runs a script, handing it to a server that does not have it yet. */
export async function runScript(
  client: Client,
  { source, sha }: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<Reply> {
  const rest = [String(keys.length), ...keys, ...args.map(String)];
  try {
    return await client.sendCommand<Reply>(['EVALSHA', sha, ...rest]);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    return client.sendCommand<Reply>(['EVAL', source, ...rest]);
  }
}
