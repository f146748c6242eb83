import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files of tests that take long, most of them short: who comes last keeps all others waiting. The slowest first. */
const SLOW = [
  /faults\/(mesh|outage|kill|copy)/,
  /scripts\/mesh\.test|engines\/engines\.test|sandbox\/pool\.test/,
  /objects\/s3\/(conformance|limits)/,
  /database\/(postgres|mysql)\/conformance/,
  /broker\/(rabbitmq|nats|redis)\/conformance/,
  /\/on-(postgres|mysql)\.test/,
  /commands\/(serve|cli|doctor)\.test|scripts\/test\.test|processor\/index\.test/,
  /\/over-grpc\.test/,
  /api\/large-file|once\/(openapi|isolation-everywhere)/,
];

const rank = ({ moduleId }: TestSpecification): number => {
  const found = SLOW.findIndex((pattern) => pattern.test(moduleId));
  return found < 0 ? SLOW.length : found;
};

/**
 * The order of Vitest, which knows only how large files are where it has not run them before, but for these. Projects
 * stay together, those with the slowest files before the others of their group: files of a project may share a stack.
 */
export default class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const byProject = Map.groupBy(await super.sort(files), ({ project }) => project);
    const projects = [...byProject.values()].map((specs) => specs.toSorted((one, other) => rank(one) - rank(other)));
    const slowest = ([first]: TestSpecification[]) => (first ? rank(first) : SLOW.length);
    return projects.toSorted((one, other) => slowest(one) - slowest(other)).flat();
  }
}
