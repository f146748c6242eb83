import {
  type BinaryOperationNode,
  type ColumnDefinitionNode,
  type DataTypeNode,
  OperatorNode,
  PostgresQueryCompiler,
  PrimitiveValueListNode,
} from 'kysely';

const isText = (type: unknown) => typeof type === 'string' && (type === 'text' || type.startsWith('varchar'));

export class QueryCompiler extends PostgresQueryCompiler {
  /** Text is compared by bytes, whatever the database's own collation. */
  protected override visitDataType(node: DataTypeNode): void {
    super.visitDataType(node);
    const isColumn = (this.parentNode as ColumnDefinitionNode | undefined)?.kind === 'ColumnDefinitionNode';
    if (isColumn && isText(node.dataType)) this.append(' collate "C"');
  }

  /** A list as one parameter, so that a statement has one text, and one plan, whatever the length of its list. */
  protected override visitBinaryOperation(node: BinaryOperationNode): void {
    const { leftOperand, operator, rightOperand } = node;
    const word = OperatorNode.is(operator) && PrimitiveValueListNode.is(rightOperand) && operator.operator;
    if (word !== 'in' && word !== 'not in') {
      super.visitBinaryOperation(node);
      return;
    }
    this.visitNode(leftOperand);
    this.append(word === 'in' ? ' = any(' : ' <> all(');
    this.appendValue((rightOperand as PrimitiveValueListNode).values);
    this.append(')');
  }
}
