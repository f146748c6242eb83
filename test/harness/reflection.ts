import { createFileRegistry, type FileRegistry, fromBinary } from '@bufbuild/protobuf';
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { FileDescriptorProtoSchema, type FileDescriptorSet, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { Client } from '@grpc/grpc-js';

/* Field numbers of grpc/reflection/v1/reflection.proto. */
const FILE_BY_FILENAME = 3;
const FILE_CONTAINING_SYMBOL = 4;
const LIST_SERVICES = 7;
const FILE_DESCRIPTOR_RESPONSE = 4;
const LIST_SERVICES_RESPONSE = 6;

const asBytes = (bytes: Buffer): Buffer => bytes;

/** What a server says of itself to a tool that has no .proto files. */
export interface Reflected {
  readonly services: readonly string[];
  /** Of all that the services' messages need. */
  readonly registry: FileRegistry;
}

/** Asks as grpcurl does: for the services, for the file of each, and for what these files import. */
export async function reflect(client: Client): Promise<Reflected> {
  const path = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
  const stream = client.makeBidiStreamRequest(path, asBytes, asBytes);
  const answers = stream[Symbol.asyncIterator]();
  const ask = async (field: number, text: string): Promise<Buffer> => {
    stream.write(Buffer.from(new BinaryWriter().tag(field, WireType.LengthDelimited).string(text).finish()));
    return (await answers.next()).value;
  };
  const listed = fieldsOf(fieldsOf(await ask(LIST_SERVICES, '*'), LIST_SERVICES_RESPONSE)[0], 1);
  const services = listed.map((service) => Buffer.from(fieldsOf(service, 1)[0] ?? []).toString());
  const files = new Map<string, FileDescriptorSet['file'][number]>();
  const add = (answer: Buffer) => {
    for (const bytes of fieldsOf(fieldsOf(answer, FILE_DESCRIPTOR_RESPONSE)[0], 1)) {
      const file = fromBinary(FileDescriptorProtoSchema, bytes);
      files.set(file.name, file);
    }
  };
  for (const service of services) add(await ask(FILE_CONTAINING_SYMBOL, service));
  for (;;) {
    const missing = [...files.values()].flatMap(({ dependency }) => dependency).find((name) => !files.has(name));
    if (missing === undefined) break;
    add(await ask(FILE_BY_FILENAME, missing));
  }
  stream.end();
  const set = fromBinary(FileDescriptorSetSchema, new Uint8Array());
  set.file = inOrder(files);
  return { services, registry: createFileRegistry(set) };
}

/** What is imported comes first. */
function inOrder(files: ReadonlyMap<string, FileDescriptorSet['file'][number]>): FileDescriptorSet['file'] {
  const ordered = new Set<FileDescriptorSet['file'][number]>();
  const add = (name: string) => {
    const file = files.get(name);
    if (!file || ordered.has(file)) return;
    file.dependency.forEach(add);
    ordered.add(file);
  };
  for (const name of files.keys()) add(name);
  return [...ordered];
}

/** The values of a length-delimited field. */
function fieldsOf(bytes: Uint8Array | undefined, wanted: number): Uint8Array[] {
  const values: Uint8Array[] = [];
  const reader = new BinaryReader(bytes ?? new Uint8Array());
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    if (number === wanted) values.push(reader.bytes());
    else reader.skip(type, number);
  }
  return values;
}
