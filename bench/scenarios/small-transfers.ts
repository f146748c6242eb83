import { formatSize } from '../../src/base/units.ts';
import { inTurn, median, peakMemory } from '../measure.ts';
import type { Finding, Scenario } from '../scenario.ts';
import { CONCURRENCY, COUNT, downloads, ours, type Round, raw, SIZE, uploads } from '../small-files.ts';

function compare(
  what: string,
  target: number,
  rounds: readonly { ours: Round; raw: Round }[],
  memory: string,
): Finding {
  const of = (side: 'ours' | 'raw', figure: keyof Round) => median(rounds.map((round) => round[side][figure]));
  const ratio = median(rounds.map((round) => round.ours.rate / round.raw.rate));
  return {
    what,
    ours: `${Math.round(of('ours', 'rate'))}/s`,
    limit: `${Math.round(of('raw', 'rate'))}/s`,
    ratio: ratio.toFixed(2),
    target: `>= ${target}`,
    met: ratio >= target,
    cost: `CPU ${of('ours', 'cpu').toFixed(2)} ms (raw ${of('raw', 'cpu').toFixed(2)}), ${memory}`,
  };
}

export const smallTransfers: Scenario = {
  name: 'small',
  about: `${formatSize(SIZE)} files at concurrency ${CONCURRENCY}, ${COUNT} a round, beside raw Node with fsync`,
  async run(rounds) {
    const sides = { ours: await ours(), raw: await raw() };
    try {
      const up: { ours: Round; raw: Round }[] = [];
      const down: { ours: Round; raw: Round }[] = [];
      // The first round warms both up and is not counted.
      for (let round = 0; round <= rounds; round++) {
        const uploaded = await inTurn(
          round,
          () => uploads(sides.raw, 201),
          () => uploads(sides.ours, 202),
        );
        const downloaded = await inTurn(
          round,
          () => downloads(sides.raw, uploaded.raw.ids),
          () => downloads(sides.ours, uploaded.ours.ids),
        );
        if (round === 0) continue;
        up.push(uploaded);
        down.push(downloaded);
      }
      const memory = `peak ${formatSize(peakMemory(sides.ours.server.pid))} (raw ${formatSize(peakMemory(sides.raw.server.pid))})`;
      return [
        compare('10 KB uploads, fully durable', 0.5, up, memory),
        compare('10 KB downloads, authenticated', 0.7, down, memory),
      ];
    } finally {
      await Promise.all([sides.ours.server.stop(), sides.raw.server.stop()]);
    }
  },
};
