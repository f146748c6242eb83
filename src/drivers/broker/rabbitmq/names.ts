import { newId } from '../../../base/ids.ts';

/**
 * What stands where on the server. All names begin with the prefix and go on with a slash, which is in no prefix, topic
 * or group: no two things share a name, and one rule of permissions covers all of them.
 */
export class Names {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** Where all messages go first. */
  get exchange(): string {
    return this.#prefix;
  }

  /** Queue of a group. */
  group(topic: string, group: string): string {
    return `${this.#prefix}/${topic}/${group}`;
  }

  /** Queue in which messages of a group wait so many milliseconds for another try. */
  retries(queue: string, pause: number): string {
    return `${queue}/${pause}`;
  }

  /** Queue of one listener on one connection; each call another. */
  listener(topic: string): string {
    return `${this.#prefix}/${topic}//${newId()}`;
  }
}
