import type { handleUnaryCall } from '@grpc/grpc-js';
import { type CallContext, isBackEnd } from '../../base/context.ts';
import { HoldfastError, toHoldfastError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { MethodDefinition } from '../contract.ts';
import { checkSize } from '../limits.ts';
import { callMeter } from '../metrics.ts';
import { CALL_ERRORS, toStatus } from '../status/status.ts';
import { principalIn } from '../wire-context.ts';
import { contextOf, type ServedContext } from './call-context.ts';
import type { Gate } from './gate.ts';
import type { Peers } from './peers.ts';
import { checkOwner, type Permission, principalOf } from './permission.ts';
import type { Refusals } from './refusals.ts';
import { unreadableFields } from './unreadable.ts';

export interface HandlerDeps {
  readonly peers: Peers;
  readonly permission: Permission;
  readonly gate: Gate;
  readonly refusals: Refusals;
  readonly log: Logger;
}

export interface Served {
  readonly path: string;
  readonly method: MethodDefinition;
  readonly implementation: (request: unknown, context: CallContext) => Promise<unknown>;
}

/** Answers the calls of one method. Who may not call it is refused before a byte of the request is parsed. */
export function handlerOf(deps: HandlerDeps, served: Served): handleUnaryCall<Buffer, Buffer> {
  const { path, method, implementation } = served;
  const measure = callMeter('server', path);

  return (call, callback) => {
    const started = performance.now();
    let context: ServedContext | undefined;
    let request: unknown;
    let ended = false;
    /** False where the call has ended before. */
    const end = (code: string): boolean => {
      if (ended) return false;
      ended = true;
      measure(started, code);
      if (context) tellOfBackEnd(context, { method: path, request, code, started });
      return true;
    };
    const fail = (error: HoldfastError, domain?: string) => {
      if (end(error.code)) callback(toStatus(error, domain));
    };

    const giveUp = (error: HoldfastError) => {
      fail(error, CALL_ERRORS);
      context?.abort();
    };
    try {
      const caller = deps.permission(deps.peers.at(call.getPeer()), path);
      deps.gate.enter(giveUp);
      const principal = principalOf(caller, principalIn(call.metadata));
      request = parse(path, method, call.request);
      checkOwner(caller, request);
      context = contextOf(call, principal, deps.log);
    } catch (error) {
      const refused = toHoldfastError(error);
      deps.refusals.tell(refused, { ...deps.peers.describe(call.getPeer()), method: path });
      deps.gate.leave(giveUp);
      fail(refused, CALL_ERRORS);
      return;
    }
    const admitted = context;
    // It comes after an answer too, when it means nothing.
    call.on('cancelled', () => {
      if (end('cancelled')) admitted.abort();
    });
    const onThrown = (thrown: unknown) => {
      const error = toHoldfastError(thrown);
      if (error.code === 'internal') {
        admitted.log.error({ err: error.cause ?? error, method: path }, 'a call failed for a reason of our own');
      }
      fail(error);
    };
    Promise.try(implementation, request, admitted).then(
      (response) => {
        // Work that goes on after its caller left is work still: here it has ended.
        deps.gate.leave(giveUp);
        try {
          const bytes = serialize(method, response);
          if (end('ok')) callback(null, bytes);
        } catch (error) {
          onThrown(error);
        }
      },
      (thrown) => {
        deps.gate.leave(giveUp);
        onThrown(thrown);
      },
    );
  };
}

/** What other back ends do is in the log, as requests of users are in the gateway's. */
function tellOfBackEnd(
  { principal, log }: Pick<CallContext, 'principal' | 'log'>,
  { method, request, code, started }: { method: string; request: unknown; code: string; started: number },
): void {
  if (!isBackEnd(principal)) return;
  const { ownerId } = request as { readonly ownerId?: string };
  const duration = Math.round((performance.now() - started) * 10) / 10;
  log.info({ method, owner_id: ownerId?.slice(0, 255), code, duration }, 'call');
}

function parse(path: string, { requestType }: MethodDefinition, bytes: Buffer): unknown {
  try {
    return requestType.decode(bytes);
  } catch (cause) {
    const fields = unreadableFields(path, bytes);
    const [first] = fields;
    const detail = first ? `${first.path}: ${first.message}` : 'The request is no message of this method.';
    throw new HoldfastError('invalid_request', detail, { fields, cause });
  }
}

function serialize({ responseType }: MethodDefinition, response: unknown): Buffer {
  const bytes = responseType.encode(response).finish();
  checkSize(bytes.length, 'answer');
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
