import type { Expression, Node } from 'oxc-parser';
import { parseSync, Visitor } from 'oxc-parser';

/** Something in a source file that leads out of it. */
export interface Reference {
  /** 1-based. */
  readonly line: number;
  /** What is imported, as written; undefined where it is computed and so cannot be known. */
  readonly target: string | undefined;
}

export interface SourceReferences {
  /** Imports and exports of values and types, `import()`, `require()`, and files (not folders) named by `import.meta.url`. */
  readonly imports: readonly Reference[];
  /** Lines that touch the environment of the process. */
  readonly environment: readonly number[];
  /** Why the file could not be read, if so. */
  readonly error?: string;
}

const PROCESS = /^(node:)?process$/;
const ENVIRONMENT = new Set(['env', 'loadEnvFile']);

/** Reads one TypeScript file. */
export function referencesOf(file: string, source: string): SourceReferences {
  const { program, errors } = parseSync(file, source, { lang: 'ts', sourceType: 'module' });
  if (errors[0]) return { imports: [], environment: [], error: errors[0].message };

  const imports: Reference[] = [];
  const environment: number[] = [];
  /** Names that mean `process` in this file. */
  const processes = new Set(['process']);
  const lineOf = (node: { start: number }) => source.slice(0, node.start).split('\n').length;
  const add = (node: Node, target: string | undefined) => {
    imports.push({ line: lineOf(node), target });
  };
  const isProcess = (node: Node) =>
    node.type === 'Identifier' ? processes.has(node.name) : propertyOf(node) === 'process';

  new Visitor({
    ImportDeclaration(node) {
      add(node, node.source.value);
      if (!PROCESS.test(node.source.value)) return;
      for (const specifier of node.specifiers) {
        if (specifier.type !== 'ImportSpecifier') processes.add(specifier.local.name);
        else if (ENVIRONMENT.has(nameOf(specifier.imported) ?? '')) environment.push(lineOf(specifier));
      }
    },
    ExportNamedDeclaration(node) {
      if (node.source) add(node, node.source.value);
    },
    ExportAllDeclaration: (node) => add(node, node.source.value),
    ImportExpression: (node) => add(node, textOf(node.source)),
    TSImportType: (node) => add(node, node.source.value),
    TSExternalModuleReference: (node) => add(node, node.expression.value),
    CallExpression(node) {
      const [first] = node.arguments;
      const called = node.callee.type === 'Identifier' ? node.callee.name : propertyOf(node.callee);
      const onImportMeta = node.callee.type === 'MemberExpression' && node.callee.object.type === 'MetaProperty';
      if (called === 'require' || (called === 'resolve' && onImportMeta)) add(node, textOf(first));
    },
    NewExpression(node) {
      const [path, base] = node.arguments;
      if (node.callee.type !== 'Identifier' || node.callee.name !== 'URL') return;
      const besideUs = base?.type === 'MemberExpression' && base.object.type === 'MetaProperty';
      const target = textOf(path);
      if (besideUs && !target?.endsWith('/')) add(node, target);
    },
  }).visit(program);

  new Visitor({
    MemberExpression(node) {
      if (isProcess(node.object) && ENVIRONMENT.has(propertyOf(node) ?? 'env')) environment.push(lineOf(node));
    },
    VariableDeclarator(node) {
      if (node.id.type !== 'ObjectPattern' || !node.init || !isProcess(node.init)) return;
      const taken = node.id.properties.map((property) => (property.type === 'Property' ? nameOf(property.key) : 'env'));
      if (taken.some((name) => ENVIRONMENT.has(name ?? 'env'))) environment.push(lineOf(node));
    },
  }).visit(program);

  return { imports, environment };
}

/** The property that a member expression asks for, where it is written out. */
function propertyOf(node: Node): string | undefined {
  if (node.type !== 'MemberExpression') return undefined;
  return node.computed ? textOf(node.property) : nameOf(node.property);
}

function nameOf(node: Node): string | undefined {
  return node.type === 'Identifier' ? node.name : textOf(node);
}

/** The text of a string, or of a template as far as it is written out, where that much says where it leads. */
function textOf(node: Expression | Node | undefined): string | undefined {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value;
  if (node?.type !== 'TemplateLiteral') return undefined;
  const written = node.quasis[0]?.value.cooked ?? '';
  return node.expressions.length === 0 || /^(\.{0,2}\/|@?[a-z])/.test(written) ? written : undefined;
}
