import { spawn } from 'node:child_process';
import { LaunchError } from './error.mjs';
import { passSignals } from './signals.mjs';

/** Runs a program in our place: it has our terminal and gets our signals, and we end as it ends. */
export async function run(command, args, env) {
  const child = spawn(command, args, { stdio: 'inherit', env });
  const signals = passSignals(child);
  const { code, signal, error } = await new Promise((end) => {
    child.on('error', (error) => end({ error }));
    child.on('exit', (code, signal) => end({ code, signal }));
  });
  signals.stop();
  if (error) throw new LaunchError(`${command} could not be started: ${error.message}`);
  if (signal) process.kill(process.pid, signal);
  else process.exitCode = code;
}
