import { type Expression, FromNode, IdentifierNode, type OperationNode, RawNode, type SelectQueryNode } from 'kysely';

/** The index by which the rows of a condition are to be found. */
const INDEXES = new WeakMap<OperationNode, string>();
const BY_KEY = 'PRIMARY';

/** The condition, saying that the query goes along this index. */
export const alongIndex = <T>(condition: Expression<T>, index: string): Expression<T> => marked(condition, index);

/** The condition, saying that it names its rows by their primary key, so that no other index is gone along. */
export const namingRows = <T>(condition: Expression<T>): Expression<T> => marked(condition, BY_KEY);

function marked<T>(condition: Expression<T>, index: string): Expression<T> {
  const node = condition.toOperationNode();
  INDEXES.set(node, index);
  return {
    get expressionType(): T | undefined {
      return undefined;
    },
    toOperationNode: () => node,
  };
}

/**
 * The query with the index that its conditions ask for (dev.mysql.com/doc/refman/8.4/en/index-hints.html). Left alone,
 * servers weigh the whole rest of a list against the whole table, although a page is soon full, and begin at the list's
 * head; or they go along a list until they have met the few rows that are named.
 */
export function withIndexHint(node: SelectQueryNode): SelectQueryNode {
  const indexes = node.where ? indexesIn(node.where.where) : [];
  const index = indexes.includes(BY_KEY) ? BY_KEY : indexes[0];
  const [table] = node.from?.froms ?? [];
  if (index === undefined || !table) return node;
  const hinted = RawNode.create(['', ' force index (', ')'], [table, IdentifierNode.create(index)]);
  return { ...node, from: FromNode.create([hinted]) };
}

/** Of the conditions that each row has to meet. */
function indexesIn(node: OperationNode): string[] {
  const index = INDEXES.get(node);
  if (index !== undefined) return [index];
  const { left, right, node: inner } = node as { left?: OperationNode; right?: OperationNode; node?: OperationNode };
  if (node.kind === 'AndNode' && left && right) return [...indexesIn(left), ...indexesIn(right)];
  return node.kind === 'ParensNode' && inner ? indexesIn(inner) : [];
}
