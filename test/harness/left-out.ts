import { inject, it } from 'vitest';
import { stackKind } from './stack-kind.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Why the tests of a project cannot run; empty where they can. */
    leftOut: string;
  }
}

/** Stands for all tests of a project whose engines cannot be had. */
const reason = `left out: ${inject('leftOut')}`;
const name = `the API on ${Object.values(stackKind()).join(', ')}`;

if (process.env.CI) {
  it(name, () => {
    throw new Error(`With CI=true every engine must be there. ${reason}`);
  });
} else {
  it(name, { skip: true, meta: { skipReason: reason } }, () => {});
}
