import { type DataTypeNode, MysqlQueryCompiler, type SelectQueryNode } from 'kysely';
import { withIndexHint } from './along-index.ts';

/**
 * Texts are columns of bytes. They compare byte by byte and unpadded on both servers, whose collations have no such one
 * in common, and `n` bytes take `n` bytes of the 3,072 of an index key
 * (dev.mysql.com/doc/refman/8.4/en/binary-varbinary.html, mariadb.com/kb/en/varbinary).
 */
export class QueryCompiler extends MysqlQueryCompiler {
  protected override visitSelectQuery(node: SelectQueryNode): void {
    super.visitSelectQuery(withIndexHint(node));
  }

  protected override visitDataType(node: DataTypeNode): void {
    this.append(bytesFor(node.dataType));
  }
}

function bytesFor(type: string): string {
  const [, bytes] = /^varchar\((\d+)\)$/.exec(type) ?? [];
  if (bytes) return `varbinary(${bytes})`;
  return type === 'text' ? 'longblob' : type;
}
