import { Struct } from '../../contract/google/protobuf/struct.ts';
import type { Service } from '../contract.ts';

type Json = { [key: string]: unknown };

/** Any JSON. */
const Message = {
  encode: (message: Json) => Struct.encode(Struct.wrap(message)),
  decode: (bytes: Uint8Array): Json => Struct.unwrap(Struct.decode(bytes)),
};

const method = <L extends 'IDEMPOTENT' | 'NO_SIDE_EFFECTS'>(name: string, idempotencyLevel?: L) => ({
  name,
  requestType: Message,
  responseType: Message,
  options: idempotencyLevel === undefined ? {} : { idempotencyLevel },
});

/** A contract for the laws of calls: what its methods do is up to each test. */
export const EchoDefinition = {
  name: 'EchoService',
  fullName: 'holdfast.test.EchoService',
  methods: {
    /** Changes nothing. */
    ask: method('Ask', 'NO_SIDE_EFFECTS'),
    /** May not be repeated. */
    change: method('Change'),
  },
} as const;

export type EchoService = Service<typeof EchoDefinition>;
type Method = EchoService['ask'];

export const echo = (ask: Method, change: Method = ask): EchoService => ({ ask, change });
