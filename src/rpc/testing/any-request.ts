import {
  create,
  createFileRegistry,
  type DescField,
  type DescMessage,
  fromBinary,
  ScalarType,
  toBinary,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import { DESCRIPTORS } from '../../contract/descriptors.ts';
import type { MethodDefinition, ServiceDefinition } from '../contract.ts';

/** What a test knows of what is there, so that requests are about it now and then. */
interface Known {
  /** Ids, names, tokens. */
  readonly texts: readonly string[];
  /** What stands in fields of these names most of the time. */
  readonly mostly?: Readonly<Record<string, string>>;
}

const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, DESCRIPTORS));

/** Whatever somebody may send that is a request of the method. */
export function anyRequest(
  { fullName }: ServiceDefinition,
  { name, requestType }: MethodDefinition,
  known: Known,
): fc.Arbitrary<object> {
  const input = registry.getService(fullName)?.methods.find((method) => method.name === name)?.input;
  if (!input) throw new Error(`${fullName} has no method ${name}.`);
  return messages(input, known).map((init) => requestType.decode(toBinary(input, create(input, init as never))));
}

type Init = Readonly<Record<string, unknown>>;

function messages(type: DescMessage, known: Known): fc.Arbitrary<Init> {
  const fields = type.fields.map((field): [string, fc.Arbitrary<unknown>] => [field.localName, valuesOf(field, known)]);
  return fc.record(Object.fromEntries(fields), { requiredKeys: [] });
}

function valuesOf(field: DescField, known: Known): fc.Arbitrary<unknown> {
  const mostly = known.mostly?.[field.name];
  if (mostly !== undefined) return fc.oneof({ weight: 9, arbitrary: fc.constant(mostly) }, texts);
  if (field.fieldKind === 'list') return fc.array(oneOf(field, known), { maxLength: 3 });
  if (field.fieldKind === 'map') return fc.dictionary(texts, texts, { maxKeys: 3 });
  return oneOf(field, known);
}

function oneOf(field: DescField, known: Known): fc.Arbitrary<unknown> {
  if (field.message?.typeName === 'google.protobuf.Struct') return fc.dictionary(texts, fc.jsonValue(), { maxKeys: 3 });
  if (field.message?.typeName === 'google.protobuf.Timestamp') {
    return fc.record({ seconds: fc.bigInt({ min: -LAST_SECOND, max: LAST_SECOND }), nanos: fc.nat(999_999_999) });
  }
  if (field.message) return messages(field.message, known);
  if (field.enum) return fc.constantFrom(...field.enum.values.map(({ number }) => number));
  switch (field.scalar) {
    case ScalarType.STRING:
      return fc.oneof(fc.constantFrom(...known.texts), texts);
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.INT32:
      return fc.oneof(fc.integer({ min: -1, max: 3 }), fc.integer());
    case ScalarType.INT64:
      return fc.oneof(fc.bigInt({ min: -1n, max: 200n * BigInt(MIB) }), fc.bigInt({ min: -MOST, max: MOST }));
    default:
      throw new Error(`Nothing is known of the type of ${field.name}.`);
  }
}

const MIB = 1024 ** 2;
const MOST = BigInt(Number.MAX_SAFE_INTEGER);
/** Of the times that a Date can be. */
const LAST_SECOND = 8_639_999_999_999n;

const texts = fc.oneof(
  fc.constantFrom('', 'a', 'a/b', '..', '\0', '"', "'", '%', '-size', 'image/*', 'x'.repeat(5_000), '👩'.repeat(300)),
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }).map((text) => text.toWellFormed()),
);
