import type { BrokerMessage } from './port.ts';

/** Undefined where it is not what we publish: somebody else wrote it. */
export function parseMessage(data: Uint8Array | string): BrokerMessage | undefined {
  try {
    const message: unknown = JSON.parse(typeof data === 'string' ? data : Buffer.from(data).toString());
    return typeof message === 'object' && message !== null ? (message as BrokerMessage) : undefined;
  } catch {
    return undefined;
  }
}
