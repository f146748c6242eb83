/**
 * Passes signals on to a child and keeps us alive until it has ended.
 *
 * Ctrl-C is not passed on where there is a terminal: the terminal sends it to every process in the foreground, so the
 * child has it already, and a second one would read as "hurry".
 *
 * @returns {{ got: string | undefined, stop(): void }} `got`: the last signal that came
 */
export function passSignals(child) {
  const state = {
    got: undefined,
    stop() {
      for (const name of NAMES) process.off(name, pass);
    },
  };
  const pass = (name) => {
    state.got = name;
    if (name !== 'SIGINT' || !process.stdin.isTTY) child.kill(name);
  };
  for (const name of NAMES) process.on(name, pass);
  return state;
}

const NAMES = ['SIGINT', 'SIGTERM', 'SIGHUP'];
