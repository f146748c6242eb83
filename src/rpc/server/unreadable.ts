import {
  createFileRegistry,
  type DescField,
  type DescMessage,
  type FileRegistry,
  fromBinary,
  type Message,
  ScalarType,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { FieldError } from '../../base/errors.ts';
import { DESCRIPTORS } from '../../contract/descriptors.ts';

let registry: FileRegistry | undefined;

/**
 * The fields for which bytes cannot be read though they are a message of the method: a value of an enum that is not
 * known here, or a number that is too large to be held exactly. Looked for only once reading has failed.
 */
export function unreadableFields(path: string, bytes: Uint8Array): FieldError[] {
  registry ??= createFileRegistry(fromBinary(FileDescriptorSetSchema, DESCRIPTORS));
  const [, service = '', name] = path.split('/');
  const input = registry.getService(service)?.methods.find((method) => method.name === name)?.input;
  if (!input) return [];
  try {
    const found: FieldError[] = [];
    inspect(input, fromBinary(input, bytes) as Values, '', found);
    return found;
  } catch {
    return [];
  }
}

/** A message by the names that its fields have in JSON. */
type Values = Message & Readonly<Record<string, unknown>>;

const MOST = 20;

function inspect(type: DescMessage, values: Values, path: string, found: FieldError[]): void {
  for (const field of type.fields) {
    const value = field.oneof ? (values[field.oneof.localName] as Chosen) : values[field.localName];
    if (field.oneof) {
      if ((value as Chosen).case === field.localName) inspectOne(field, (value as Chosen).value, path, found);
    } else if (field.fieldKind === 'list') {
      for (const [index, item] of (value as unknown[]).entries()) {
        inspectOne(field, item, path, found, `[${index}]`);
      }
    } else if (field.fieldKind === 'map') {
      for (const [key, item] of Object.entries(value as object)) inspectOne(field, item, path, found, `.${key}`);
    } else if (value !== undefined) inspectOne(field, value, path, found);
    if (found.length >= MOST) return;
  }
}

interface Chosen {
  readonly case?: string;
  readonly value?: unknown;
}

function inspectOne(field: DescField, value: unknown, parent: string, found: FieldError[], place = ''): void {
  const path = `${parent}${parent && '.'}${field.name}${place}`;
  // It is plain JSON here, and holds nothing that could not be read.
  if (field.message?.typeName === 'google.protobuf.Struct') return;
  if (field.message) inspect(field.message, value as Values, path, found);
  else if (field.enum) {
    if (!field.enum.value[value as number]) {
      found.push({ path, message: `${value} is no value of ${field.enum.typeName}.` });
    }
  } else if (field.scalar === ScalarType.INT64 && BigInt.asIntN(54, value as bigint) !== value) {
    found.push({ path, message: `${value} is out of range: it takes at most 53 bits.` });
  }
}
