import { SingleBar } from 'cli-progress';
import type { Progress } from '../app/copy/index.ts';
import { formatSize } from '../base/units.ts';

/** Milliseconds between two lines where there is no terminal. */
const BETWEEN_LINES = 5_000;
const BAR = '{part} [{bar}] {percentage}% | {done} of {all} | {eta_formatted} left';

/** A bar on a terminal; elsewhere a line now and then. */
export function copyProgress(stream: NodeJS.WriteStream): Progress & { end(): void } {
  return stream.isTTY ? onTerminal(stream) : inLines(stream);
}

const shown = (count: number, unit: 'rows' | 'bytes') => (unit === 'bytes' ? formatSize(count) : `${count} rows`);

function onTerminal(stream: NodeJS.WriteStream): Progress & { end(): void } {
  let bar: SingleBar | undefined;
  let part = { unit: 'rows' as 'rows' | 'bytes', total: 0, done: 0 };
  const end = () => {
    bar?.stop();
    bar = undefined;
  };
  return {
    part(name, total, unit) {
      end();
      part = { unit, total, done: 0 };
      bar = new SingleBar({ stream, format: BAR, hideCursor: true, etaBuffer: 200 });
      bar.start(Math.max(total, 1), 0, { part: name, done: shown(0, unit), all: shown(total, unit) });
    },
    advance(by) {
      part.done += by;
      // There may be more than there was when it was counted.
      if (part.done > part.total) bar?.setTotal(part.done);
      bar?.update(Math.max(0, part.done), { done: shown(part.done, part.unit) });
    },
    say(line) {
      end();
      stream.write(`${line}\n`);
    },
    end,
  };
}

function inLines(stream: NodeJS.WriteStream): Progress & { end(): void } {
  let part = { name: '', unit: 'rows' as 'rows' | 'bytes', total: 0, done: 0 };
  let told = 0;
  const tell = () => {
    told = performance.now();
    stream.write(`${part.name}: ${shown(part.done, part.unit)} of ${shown(part.total, part.unit)}\n`);
  };
  const end = () => {
    if (part.name) tell();
    part = { ...part, name: '' };
  };
  return {
    part(name, total, unit) {
      end();
      part = { name, total, unit, done: 0 };
      told = performance.now();
    },
    advance(by) {
      part.done += by;
      if (performance.now() - told > BETWEEN_LINES) tell();
    },
    say(line) {
      end();
      stream.write(`${line}\n`);
    },
    end,
  };
}
