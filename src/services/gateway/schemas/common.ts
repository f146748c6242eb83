import { type Static, type TSchema, Type } from 'typebox';

export const EXAMPLE_ID = '0198c5f1-6b7e-7cc3-98c4-dc0c0c07398f';
export const EXAMPLE_TIME = '2026-03-01T12:00:00.000Z';

/** The schema, or null: one schema with two types, as OpenAPI 3.1 writes it and clients' generators like it. */
export const nullable = <S extends TSchema>(schema: S) =>
  Type.Unsafe<Static<S> | null>({ ...schema, type: [(schema as { type?: string }).type, 'null'] });

/** Stands for a schema that has a name (`$id`): a component of the API's description. */
export const refTo = <S extends TSchema>(schema: S) =>
  Type.Unsafe<Static<S>>({ $ref: `${(schema as { $id?: string }).$id}#` });

/** One of the words. */
export const words = <const W extends string>(values: readonly W[], options: object = {}) =>
  Type.Unsafe<W>({ type: 'string', enum: values, ...options });

export const Id = (description: string) => Type.String({ description, examples: [EXAMPLE_ID] });

/** RFC 3339, UTC, with milliseconds. */
export const Time = (description: string, options: object = {}) =>
  Type.String({ format: 'date-time', description, examples: [EXAMPLE_TIME], ...options });

export const FileParams = Type.Object({ id: Id('The id of the file.') });
export const JobParams = Type.Object({ id: Id('The id of the job.') });

/** The parameters that every list takes. */
export const PAGE_QUERY = {
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'How many to answer at most.', examples: [50] }),
  ),
  cursor: Type.Optional(
    Type.String({
      maxLength: 2048,
      description: '`nextCursor` of the page before. It belongs to the sort and the filters that it came from.',
    }),
  ),
};

/** A page of a list. */
export const pageOf = <S extends TSchema>(item: S, description: string) =>
  Type.Object(
    {
      items: Type.Array(item),
      nextCursor: nullable(Type.String({ description: 'Asks for the next page; null on the last.' })),
    },
    { description, additionalProperties: false },
  );

/** A query without parameters. */
export const NoQuery = Type.Object({}, { additionalProperties: false });
