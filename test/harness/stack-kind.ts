import { inject } from 'vitest';

/** What a stack stands on. */
export interface StackKind {
  readonly database: 'sqlite' | 'postgres' | 'mysql';
  readonly objects: 'disk' | 's3';
  readonly broker: 'local' | 'redis' | 'nats' | 'rabbitmq';
  /** Each service in processes of its own, in place of whole servers. */
  readonly apart?: 'mesh';
}

declare module 'vitest' {
  export interface ProvidedContext {
    /** What the stacks of a project stand on where a test does not say it. */
    stack: StackKind;
  }
}

export const EMBEDDED: StackKind = { database: 'sqlite', objects: 'disk', broker: 'local' };

/** What the stacks of this project stand on. */
export const stackKind = (): StackKind => inject('stack') ?? EMBEDDED;
