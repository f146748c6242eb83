import { describe } from 'vitest';
import { EMBEDDED } from '../harness/stack-kind.ts';
import { keepsEveryPromise, roundsOf, SEED } from './kills/rounds.ts';

const ROUNDS = roundsOf(12);

describe(`killed at ${ROUNDS} random moments under load (HOLDFAST_SEED=${SEED} replays them)`, () => {
  keepsEveryPromise(EMBEDDED, ROUNDS);
});
