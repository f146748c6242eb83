import { request } from 'node:http';
import { StartError } from '../start-error.ts';
import type { Commands } from './commands.ts';

/** The commands of a server that runs on this machine, by its socket. Throws `StartError` where it does not answer. */
export function controlClient(path: string): Commands {
  return {
    sweep: (body, signal) => call(path, 'sweep', body, signal) as ReturnType<Commands['sweep']>,
    admin: (body, signal) => call(path, 'admin', body, signal) as ReturnType<Commands['admin']>,
    status: (body, signal) => call(path, 'status', body, signal) as ReturnType<Commands['status']>,
  };
}

async function call(path: string, command: string, body: object, signal: AbortSignal): Promise<unknown> {
  const { status, text } = await new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    const sent = request(
      { socketPath: path, path: `/${command}`, method: 'POST', signal, agent: false },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => {
          text += chunk;
        });
        response.once('end', () => resolve({ status: response.statusCode, text }));
        response.once('error', reject);
      },
    );
    sent.once('error', reject);
    sent.end(JSON.stringify(body));
  }).catch((error) => {
    signal.throwIfAborted();
    throw new StartError('The running server does not answer on its control socket. See its log.', error);
  });
  const answer = JSON.parse(text);
  if (status !== 200) throw new StartError(answer.error);
  return answer;
}
