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
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DESCRIPTORS } from '../../../contract/descriptors.ts';
import { FileServiceDefinition, Visibility } from '../../../contract/holdfast/v1/file.ts';
import { type MethodDefinition, methodsOf } from '../../../rpc/contract.ts';
import type { OpenFiles, TestFiles } from '../testing.ts';

const OWNER = 'theirs';
const MIB = 1024 ** 2;

/** Whatever a back end sends that is a message of the method, what comes of it is no fault of ours. */
export function anyRequestLaws(open: OpenFiles): void {
  let bed: TestFiles;
  beforeAll(async () => {
    bed = await open({ maxFileSize: 1_000 * MIB });
  });
  afterAll(() => bed.close());

  /** Of a file that is whole, of its job, and of two whose bytes have not come, one of them in parts. */
  async function someIds(): Promise<string[]> {
    const file = { name: 'a.jpg', folder: '', contentType: 'image/jpeg', metadata: {}, visibility: Visibility.PRIVATE };
    const files = [5, 5, 100 * MIB].map((size) => ({ ...file, size }));
    const { results } = await bed.files.generateUploadURLs({ ownerId: OWNER, files }, bed.asService);
    const fileIds = results.map((result) => result.file?.id as string);
    await bed.objects.put(`in/${fileIds[0]}`, Buffer.from('hello'));
    const whose = { ownerId: OWNER, fileId: fileIds[0] as string };
    await bed.files.confirmUpload({ ...whose, parts: [] }, bed.asService);
    const { job } = await bed.files.requestVariant({ ...whose, processor: 'a' }, bed.asService);
    return [...fileIds, job?.id as string];
  }

  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, DESCRIPTORS));
  const described = registry.getService(FileServiceDefinition.fullName);

  it.each(methodsOf(FileServiceDefinition))('%s', async (key, { name, requestType }: MethodDefinition) => {
    const input = described?.methods.find((method) => method.name === name)?.input as DescMessage;
    const method = bed.files[key as 'getFile'];
    await fc.assert(
      fc.asyncProperty(messages(input, await someIds()), async (init) => {
        const request = requestType.decode(toBinary(input, create(input, init as never)));
        const code = await method(request, bed.asService).then(
          () => 'ok',
          (error) => error.code,
        );
        expect(code).not.toBe('internal');
      }),
      { numRuns: 50 },
    );
  });
}

type Init = Readonly<Record<string, unknown>>;

/** Messages of a type, whose texts are ids that are there, or anything. */
function messages(type: DescMessage, ids: readonly string[]): fc.Arbitrary<Init> {
  const fields = type.fields.map((field): [string, fc.Arbitrary<unknown>] => [field.localName, valuesOf(field, ids)]);
  return fc.record(Object.fromEntries(fields), { requiredKeys: [] });
}

function valuesOf(field: DescField, ids: readonly string[]): fc.Arbitrary<unknown> {
  if (field.name === 'owner_id') return fc.oneof({ weight: 9, arbitrary: fc.constant(OWNER) }, texts);
  if (field.fieldKind === 'list') return fc.array(oneOf(field, ids), { maxLength: 3 });
  if (field.fieldKind === 'map') return fc.dictionary(texts, texts, { maxKeys: 3 });
  return oneOf(field, ids);
}

function oneOf(field: DescField, ids: readonly string[]): fc.Arbitrary<unknown> {
  if (field.message?.typeName === 'google.protobuf.Struct') return fc.dictionary(texts, fc.jsonValue(), { maxKeys: 3 });
  if (field.message?.typeName === 'google.protobuf.Timestamp') {
    return fc.record({ seconds: fc.bigInt({ min: -LAST_SECOND, max: LAST_SECOND }), nanos: fc.nat(999_999_999) });
  }
  if (field.message) return messages(field.message, ids);
  if (field.enum) return fc.constantFrom(...field.enum.values.map(({ number }) => number));
  switch (field.scalar) {
    case ScalarType.STRING:
      return fc.oneof(fc.constantFrom(...ids), texts);
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

const MOST = BigInt(Number.MAX_SAFE_INTEGER);
/** Of the times that a Date can be. */
const LAST_SECOND = 8_639_999_999_999n;

const texts = fc.oneof(
  fc.constantFrom('', 'a', 'a/b', '..', '\0', '"', "'", '%', '-size', 'image/*', 'x'.repeat(5_000), '👩'.repeat(300)),
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }).map((text) => text.toWellFormed()),
);
