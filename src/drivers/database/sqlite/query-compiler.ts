import { type SelectModifierNode, SqliteQueryCompiler } from 'kysely';

/** Leaves out what locks rows (`FOR UPDATE`, `SKIP LOCKED`, …): SQLite has no word for it, and units run one at a time. */
export class QueryCompiler extends SqliteQueryCompiler {
  protected override visitSelectModifier(node: SelectModifierNode): void {
    if (node.rawModifier || node.modifier === 'Distinct') super.visitSelectModifier(node);
  }
}
