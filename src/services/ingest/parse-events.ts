/** An object that a store says has come. */
export interface Arrival {
  readonly bucket: string;
  /** As the event has it: URL-encoded by some stores, raw by others. */
  readonly name: string;
}

/**
 * The objects that came, by the body of a message: events in the shape of S3 (`Records`, of AWS, MinIO, Ceph and others) or
 * one of EventBridge. Events of other kinds, such as removals and tests, name none. Undefined for what is no such message.
 */
export function parseEvents(body: Uint8Array): Arrival[] | undefined {
  let message: unknown;
  try {
    message = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString());
  } catch {
    return undefined;
  }
  if (!isObject(message)) return undefined;
  if (Array.isArray(message.Records)) return message.Records.flatMap(arrivalIn);
  if (isObject(message.detail)) return message['detail-type'] === 'Object Created' ? arrivalOf(message.detail) : [];
  return typeof message.Event === 'string' ? [] : undefined;
}

/** With the prefix on AWS and MinIO, without it on Ceph; after the colon is the kind of request that made it. */
const CREATED = /^(s3:)?ObjectCreated:/;

function arrivalIn(record: unknown): Arrival[] {
  if (!isObject(record) || typeof record.eventName !== 'string' || !CREATED.test(record.eventName)) return [];
  return arrivalOf(record.s3);
}

function arrivalOf(told: unknown): Arrival[] {
  if (!isObject(told) || !isObject(told.bucket) || !isObject(told.object)) return [];
  const { name: bucket } = told.bucket;
  const { key: name } = told.object;
  return typeof bucket === 'string' && typeof name === 'string' ? [{ bucket, name }] : [];
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
