import { styleText } from 'node:util';
import type { Served } from '../app/house.ts';
import type { Holdfast } from '../app/start.ts';
import type { Logger } from '../base/logger.ts';
import type { Config } from '../config.ts';

const ACCOUNT = '{"email":"you@example.com","password":"correct horse battery"}';

/** Says where the server listens and how to try it: to a person as lines to copy, otherwise as one line of the log. */
export function welcome(
  { url, grpc }: Pick<Holdfast, 'url' | 'grpc'>,
  services: readonly Served[],
  { signup, dataDir }: Config,
  log: Logger,
): void {
  const places = { url, ...(grpc !== undefined && { grpc }), data_dir: dataDir };
  if (services.length > 0 && !services.includes('gateway')) {
    log.info({ services, ...places }, `${services.join(', ')} listening on ${url}`);
    return;
  }
  const lines = tryLines(url);
  const shown = signup === 'open' ? lines : { upload: lines.upload };
  if (!process.stdout.isTTY) {
    log.info({ ...(services.length > 0 && { services }), ...places, try: shown }, `listening on ${url}`);
    return;
  }
  console.log(`
  ${styleText('bold', 'Holdfast')} listens on ${styleText('cyan', url)}   ${styleText('dim', `data in ${dataDir}`)}
  ${styleText('dim', `API: ${url}/docs${grpc === undefined ? '' : `   gRPC: ${grpc}`}`)}

  Try it:`);
  for (const [name, line] of Object.entries(shown)) console.log(`\n  ${styleText('dim', `# ${name}`)}\n  ${line}`);
  console.log();
}

/** Lines for a POSIX shell, each of which works when pasted. */
export function tryLines(url: string): { readonly 'sign up': string; readonly upload: string } {
  const post = `-H 'content-type: application/json' -d '${ACCOUNT}'`;
  const token = `$(curl -s ${url}/api/auth/login ${post} | sed 's/.*"access_token":"\\([^"]*\\).*/\\1/')`;
  return {
    'sign up': `curl ${url}/api/auth/signup ${post}`,
    upload: `echo Hello | curl ${url}/api/files -H "Authorization: Bearer ${token}" -F 'file=@-;filename=hello.txt'`,
  };
}
