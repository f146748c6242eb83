import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Report } from './protocol.ts';
import { ReportReader } from './read-report.ts';

const MADE = { contentType: 'image/jpeg', size: 10, width: 3, height: 2, sha256: 'a'.repeat(64) } as const;
const FAILED = { code: 'corrupt_input', reason: 'It is damaged.', permanent: true } as const;

const started = (job: number): Report => ({ report: 'started', job });
const made = (job: number, changes: object = {}) => ({ report: 'made', job, made: { ...MADE, ...changes } }) as Report;
const failed = (job: number, changes: object = {}) =>
  ({ report: 'failed', job, failed: { ...FAILED, ...changes } }) as Report;

const read = (reports: readonly Report[], jobs = 3) => {
  const reader = new ReportReader(jobs);
  for (const report of reports) reader.check(report);
  return reader.current;
};

describe('what a child says', () => {
  test('is followed from job to job', () => {
    expect(read([started(2), made(2), started(0), failed(0), started(1)])).toBe(1);
    expect(read([started(2), made(2)])).toBeUndefined();
  });

  test.each<[string, Report[]]>([
    ['of a job that was not started', [made(0)]],
    ['of another job than it is at', [started(0), made(1)]],
    ['twice of one job', [started(0), made(0), made(0)]],
    ['that a job is made again', [started(0), made(0), started(0)]],
    ['of two jobs at a time', [started(0), started(1)]],
    ['of a job that there is not', [started(3)]],
    ['of a job by no number', [started('0' as never)]],
    ['of a test that nobody ordered', [{ report: 'tested', result: { works: [], broken: [] } }]],
    ['a word that there is not', [{ report: 'obey' } as never]],
    ['of a type that we do not write', [started(0), made(0, { contentType: 'text/html' })]],
    ['of no bytes', [started(0), made(0, { size: 0 })]],
    ['of half a pixel', [started(0), made(0, { width: 0.5 })]],
    ['of no hash', [started(0), made(0, { sha256: '../../etc/passwd' })]],
    ['nothing of what was made', [started(0), { report: 'made', job: 0 } as never]],
    ['a code that there is not', [started(0), failed(0, { code: 'constructor' })]],
    ['a reason without end', [started(0), failed(0, { reason: 'x'.repeat(1001) })]],
  ])('%s is refused', (_, reports) => {
    expect(() => read(reports)).toThrow('broke the protocol');
  });

  test('never lets a job end twice, or without a start', () => {
    const report = fc.oneof(
      fc.nat(3).map(started),
      fc.nat(3).map((job) => made(job)),
      fc.nat(3).map((job) => failed(job)),
    );
    fc.assert(
      fc.property(fc.array(report, { maxLength: 20 }), (reports) => {
        const reader = new ReportReader(3);
        const passed: Report[] = [];
        for (const each of reports) {
          try {
            reader.check(each);
            passed.push(each);
          } catch {
            break;
          }
        }
        const ended = passed.flatMap((each) => (each.report === 'made' || each.report === 'failed' ? each.job : []));
        const begun = passed.flatMap((each) => (each.report === 'started' ? each.job : []));
        expect(new Set(ended).size).toBe(ended.length);
        expect(begun.slice(0, ended.length)).toEqual(ended);
        expect(begun.length - ended.length).toBeLessThanOrEqual(1);
      }),
    );
  });
});
