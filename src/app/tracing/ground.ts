import { traced } from '../../base/tracing.ts';
import type { Database, DatabaseServer } from '../../drivers/database/port.ts';
import type { ObjectStore } from '../../drivers/objects/port.ts';
import type { Ground } from '../ground.ts';

type Method = (...args: unknown[]) => Promise<unknown>;

/** What of the object store waits for somebody. Signing does not. */
const STORE_CALLS = [
  'put',
  'get',
  'head',
  'move',
  'delete',
  'list',
  'createMultipart',
  'listParts',
  'completeMultipart',
  'abortMultipart',
  'listMultipart',
] as const satisfies readonly (keyof ObjectStore)[];

/** The same ground, on which each unit of work and each call of the object store is a span. */
export function tracedGround(ground: Ground): Ground {
  const drivers = new Map<string, object>();
  const once = <T extends object>(name: string, make: () => T): T => {
    const made = drivers.get(name) ?? make();
    drivers.set(name, made);
    return made as T;
  };
  // Its getters are left alone: a driver that is not there throws when it is asked for.
  return Object.create(ground, {
    database: { get: () => once('database', () => tracedServer(ground.database)) },
    objects: { get: () => once('objects', () => tracedMethods(ground.objects, 'objects', STORE_CALLS)) },
  });
}

const tracedServer = (server: DatabaseServer): DatabaseServer =>
  replacing(server, {
    view: <T>() => tracedMethods(server.view<T>(), 'database', ['unit'] satisfies (keyof Database<T>)[]),
  });

function tracedMethods<T extends object>(target: T, system: string, names: readonly (keyof T & string)[]): T {
  const methods = names.map((name): [string, Method] => {
    const method = (target[name] as Method).bind(target);
    return [name, (...args) => traced(`${system} ${name}`, { kind: 'client' }, () => method(...args))];
  });
  return replacing(target, Object.fromEntries(methods) as Partial<T>);
}

/** The same object with some methods in place of its own. A proxy, because classes keep what is private to themselves. */
function replacing<T extends object>(target: T, methods: Partial<T>): T {
  return new Proxy(target, {
    get(_, name) {
      const replaced = methods[name as keyof T];
      if (replaced !== undefined) return replaced;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
