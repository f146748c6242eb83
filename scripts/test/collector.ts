import type { SerializedError } from 'vitest';
import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node';
import type {} from '../../test/harness/engines/use.ts';
import type { Retried, Skipped, Summary } from './summary.ts';

/** A Vitest reporter that prints nothing: it hands the summary of the run to the process that started Vitest, if any. */
export default class Collector implements Reporter {
  async onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): Promise<void> {
    const summary = summarize(modules, unhandledErrors.length);
    await new Promise<void>((sent) => {
      if (process.send) process.send(summary, undefined, undefined, () => sent());
      else sent();
    });
  }
}

/** Whatever should have run and did not, or broke around the tests, counts as failed: never as skipped. */
function summarize(modules: readonly TestModule[], unhandledErrors: number): Summary {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const broken = modules.flatMap(brokenGroups);
  const skipped: Skipped[] = [];
  const retried: Retried[] = [];
  let passed = 0;
  let failed = broken.length + unhandledErrors;
  for (const test of tests) {
    const { state } = test.result();
    if (state === 'passed') {
      passed += 1;
      if (test.diagnostic()?.flaky) retried.push({ name: nameOf(test), why: firstErrorOf(test) });
    } else if (state === 'skipped' && !isPrevented(test)) skipped.push({ name: nameOf(test), reason: reasonOf(test) });
    else failed += 1;
  }
  return { passed, failed, skipped, retried };
}

/** Files that could not be loaded and groups whose hooks failed. */
function brokenGroups(module: TestModule): (TestModule | TestSuite)[] {
  const suites = [...module.children.allSuites()].filter((suite) => suite.errors().length > 0);
  return module.errors().length > 0 ? [module, ...suites] : suites;
}

/** Meant to run, and did not: a hook before it failed, or the run was stopped. */
const isPrevented = (test: TestCase) => test.options.mode === 'run' && reasonGiven(test) === undefined;

function reasonGiven(test: TestCase): string | undefined {
  const result = test.result();
  return result.state === 'skipped' ? result.note : undefined;
}

const reasonOf = (test: TestCase): string =>
  reasonGiven(test) ??
  test.meta().skipReason ??
  (test.options.mode === 'todo' ? 'not written yet' : 'not selected, or skipped without a reason');

/** What broke the first try of a test that passed in the end. */
const firstErrorOf = (test: TestCase): string => {
  const [error] = test.result().errors ?? [];
  return error?.stack ?? error?.message ?? 'no error was given';
};

/** With its project, where the run has several. */
const nameOf = ({ project, module, fullName }: TestCase): string =>
  `${project.name ? `${project.name}: ` : ''}${module.relativeModuleId} > ${fullName}`;
