import { describeWithEngines } from '../harness/engines/use.ts';
import type { StackKind } from '../harness/stack-kind.ts';
import { keepsEveryPromise, roundsOf, SEED } from './kills/rounds.ts';

const ROUNDS = roundsOf(4);
const SHARED: StackKind = { database: 'postgres', objects: 's3', broker: 'redis' };

describeWithEngines(
  ['postgres', 's3', 'redis'],
  `one of two instances, or both, killed at ${ROUNDS} random moments under load (HOLDFAST_SEED=${SEED})`,
  () => keepsEveryPromise(SHARED, ROUNDS),
);
