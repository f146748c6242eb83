import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Kept } from './kept.ts';
import { Outage } from './outage.ts';

describe('a connection that is kept', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Connections are numbered objects; the server is there or away. */
  const keep = () => {
    const said: string[] = [];
    const log = pino({}, { write: (line: string) => said.push(JSON.parse(line).msg) });
    const server = { there: true, tries: 0, ended: [] as number[], lose: (_: Error) => {} };
    const kept = new Kept<{ readonly n: number }>({
      async make(lost) {
        server.tries += 1;
        if (!server.there) throw new Error('away');
        server.lose = lost;
        return { n: server.tries };
      },
      end: ({ n }) => void server.ended.push(n),
      outage: new Outage({ server: 'it', log, explain: () => undefined }),
      pauses: { base: 100, max: 3_000 },
    });
    return { kept, server, said };
  };

  test('is made anew for as long as it takes, and says only when it went and when it is back', async () => {
    const { kept, server, said } = keep();
    const first = await kept.open();
    server.there = false;
    server.lose(new Error('cut'));
    expect(kept.presence.current).toBeUndefined();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(server.tries).toBeGreaterThan(30);
    server.there = true;
    await vi.advanceTimersByTimeAsync(3_000);
    expect(kept.presence.current?.n).toBe(server.tries);
    expect(server.ended).toEqual([first.n]);
    expect(said).toEqual(['the connection to it was lost; trying to get it back', 'the connection to it is back']);
    await kept.close();
    expect(server.ended).toEqual([first.n, server.tries]);
  });

  test('is tried more and more seldom where each is lost as soon as it is made', async () => {
    const { kept, server } = keep();
    await kept.open();
    const until = Date.now() + 60_000;
    while (Date.now() < until) {
      if (kept.presence.current) server.lose(new Error('at once'));
      await vi.advanceTimersByTimeAsync(50);
    }
    expect(server.tries).toBeLessThan(60);
    await kept.close();
  });

  test('is not tried again where the first could not be had, or it was closed', async () => {
    const { kept, server } = keep();
    server.there = false;
    await expect(kept.open()).rejects.toThrow('away');
    const another = keep();
    await another.kept.open();
    another.server.lose(new Error('cut'));
    await another.kept.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect([server.tries, another.server.tries]).toEqual([1, 1]);
  });

  test('is waited for a little, where it was lost just now', async () => {
    const { kept, server } = keep();
    await kept.open();
    server.there = false;
    server.lose(new Error('cut'));
    const waits = kept.presence.soon();
    server.there = true;
    await vi.advanceTimersByTimeAsync(200);
    await expect(waits).resolves.toEqual({ n: 2 });
    server.there = false;
    server.lose(new Error('cut'));
    const inVain = expect(kept.presence.soon()).rejects.toMatchObject({ code: 'unavailable' });
    await vi.advanceTimersByTimeAsync(2_100);
    await inVain;
    // Later ones do not wait for it.
    await expect(kept.presence.soon()).rejects.toMatchObject({ code: 'unavailable' });
    const closing = expect(kept.presence.until(new AbortController().signal)).resolves.toBeUndefined();
    await kept.close();
    await closing;
    await expect(kept.presence.soon()).rejects.toMatchObject({ code: 'unavailable', retryAfter: 1 });
  });
});
