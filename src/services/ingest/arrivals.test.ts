import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import { HoldfastError } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import { ArrivalOutcome } from '../../contract/holdfast/internal/v1/upload.ts';
import { Arrivals, type ArrivalsDeps } from './arrivals.ts';

type Confirm = ArrivalsDeps['uploads']['confirmArrival'];

/** Long ago, as an id says it. */
const OLD = '0190163d-8694-739b-aea5-966c26f8ad91';
const LONG = 60_000;

let arrivals: Arrivals | undefined;
afterEach(() => arrivals?.stop());

function open(confirmArrival: Confirm) {
  const lines: { readonly level: number; readonly msg: string }[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const made = new Arrivals({ uploads: { confirmArrival }, log });
  arrivals = made;
  return { arrivals: made, lines };
}

/** Answers these in turn, and the last of them from then on. */
function inTurn(...answers: (ArrivalOutcome | Error)[]) {
  const calls: string[] = [];
  const confirm: Confirm = async ({ key }) => {
    const answer = answers[Math.min(calls.push(key), answers.length) - 1];
    if (answer instanceof Error) throw answer;
    return { outcome: answer as ArrivalOutcome };
  };
  return { calls, confirm };
}

const { CONFIRMED, UNKNOWN, IGNORED, REFUSED } = ArrivalOutcome;
const unavailable = () => new HoldfastError('unavailable', 'Away.');

it('an upload whose row is not there yet is asked for again', async () => {
  const { calls, confirm } = inTurn(UNKNOWN, UNKNOWN, CONFIRMED);
  const { arrivals, lines } = open(confirm);
  await arrivals.settle(`in/${newId()}`, LONG);
  expect([calls.length, lines, arrivals.pending]).toEqual([3, [], 0]);
});

it('an upload that has long been gone is not waited for', async () => {
  const { calls, confirm } = inTurn(UNKNOWN, CONFIRMED);
  await open(confirm).arrivals.settle(`in/${OLD}`, LONG);
  expect(calls).toHaveLength(1);
});

it.each([CONFIRMED, IGNORED, REFUSED])('%s is the end of it', async (outcome) => {
  const { calls, confirm } = inTurn(outcome, unavailable());
  await open(confirm).arrivals.settle(`in/${newId()}`, LONG);
  expect(calls).toHaveLength(1);
});

it('what fails for a passing reason is tried again, and the log says once that it fails and once that it works', async () => {
  const busy = new HoldfastError('upload_busy', 'Busy.');
  const { calls, confirm } = inTurn(busy, unavailable(), unavailable(), CONFIRMED);
  const { arrivals, lines } = open(confirm);
  await arrivals.settle(`in/${newId()}`, LONG);
  expect(calls).toHaveLength(4);
  expect(lines.map(({ level }) => level)).toEqual([40, 30]);
});

it('what fails for longer than one waits is told again', async () => {
  const { arrivals } = open(inTurn(unavailable()).confirm);
  const key = `in/${newId()}`;
  await expect(arrivals.settle(key, 300)).rejects.toMatchObject({ code: 'unavailable' });
  expect(arrivals.pending).toBe(0);
});

it('what cannot work is tried a few times, and left to the janitor with a line in the log', async () => {
  const { calls, confirm } = inTurn(new TypeError('A fault.'));
  const { arrivals, lines } = open(confirm);
  await arrivals.settle(`in/${newId()}`, LONG);
  expect(calls).toHaveLength(5);
  expect(lines.filter(({ level }) => level === 50)).toMatchObject([
    { msg: 'an upload could not be confirmed; the janitor will try', err: { message: 'A fault.' } },
  ]);
});

it('one key is settled once at a time, and again later', async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const calls: string[] = [];
  const { arrivals } = open(async ({ key }) => {
    calls.push(key);
    await released;
    return { outcome: CONFIRMED };
  });
  const [one, other] = [`in/${newId()}`, `in/${newId()}`];
  const settling = [one, other, one, one].map((key) => arrivals.settle(key, LONG));
  expect(arrivals.pending).toBe(2);
  release();
  await Promise.all(settling);
  expect(calls).toEqual([one, other]);
  await arrivals.settle(one, LONG);
  expect(calls).toHaveLength(3);
});

it('a stop gives back what is not settled, and takes nothing any more', async () => {
  const signals: AbortSignal[] = [];
  const { arrivals, lines } = open((_, { signal }) => {
    signals.push(signal);
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  });
  const settling = Array.from({ length: 20 }, () => arrivals.settle(`in/${newId()}`, LONG));
  arrivals.stop();
  const settled = await Promise.allSettled([...settling, arrivals.settle(`in/${newId()}`, LONG)]);
  expect(new Set(settled.map(({ status }) => status))).toEqual(new Set(['rejected']));
  expect([signals.length, arrivals.pending, lines]).toEqual([8, 0, []]);
});
