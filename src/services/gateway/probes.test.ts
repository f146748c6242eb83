import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { HoldfastError } from '../../base/errors.ts';
import type { Probe } from '../../base/probe.ts';
import { createReadiness } from './probes.ts';

const log = pino({ level: 'silent' });
const ready = (probes: Record<string, Probe>, options = { deadline: 5_000, remember: 0 }) =>
  createReadiness(probes, log, options);

describe('createReadiness', () => {
  it('is ready when all are', async () => {
    const { status, checks } = await ready({ a: async () => {}, b: async () => {} })();
    expect(status).toBe('ready');
    expect(Object.keys(checks)).toEqual(['a', 'b']);
  });

  it('says which is not, and nothing of its inside', async () => {
    const answer = await ready({
      fine: async () => {},
      broken: async () => {
        throw new Error('ENOENT /var/lib');
      },
      busy: async () => {
        throw new HoldfastError('unavailable', 'The broker does not answer.');
      },
    })();
    expect(answer.status).toBe('not_ready');
    expect(answer.checks.fine).toMatchObject({ status: 'ok' });
    expect(answer.checks.broken?.status).toBe('failed');
    expect(answer.checks.busy).toMatchObject({ status: 'failed', detail: 'The broker does not answer.' });
    expect(JSON.stringify(answer)).not.toContain('/var/lib');
  });

  it('waits for no probe longer than it may take, also for one that does not heed its signal', async () => {
    let aborted = false;
    const deaf: Probe = (signal) => {
      signal.addEventListener('abort', () => {
        aborted = true;
      });
      return new Promise(() => {});
    };
    const { status, checks } = await ready({ deaf }, { deadline: 20, remember: 0 })();
    expect({ status, deaf: checks.deaf?.status, aborted }).toEqual({
      status: 'not_ready',
      deaf: 'failed',
      aborted: true,
    });
  });

  it('asks once for all who ask at the same time, and again later', async () => {
    let asked = 0;
    const readiness = ready({
      counted: async () => {
        asked += 1;
      },
    });
    await Promise.all([readiness(), readiness(), readiness()]);
    expect(asked).toBe(1);
    await readiness();
    expect(asked).toBe(2);
  });

  it('remembers an answer for a while', async () => {
    let asked = 0;
    const counted = async () => {
      asked += 1;
    };
    const readiness = ready({ counted }, { deadline: 1_000, remember: 60_000 });
    await readiness();
    await readiness();
    expect(asked).toBe(1);
  });
});
