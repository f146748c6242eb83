/**
 * The contract's enum values are `FILE_STATUS_PENDING`; rows, routes and logs say `pending`. The word is the key of
 * the generated constant in lower case, so that there is no second list to keep.
 */
type Enum = Readonly<Record<string, string>>;
type Known<E extends Enum> = Exclude<keyof E & string, 'UNSPECIFIED'>;

export type WordOf<E extends Enum> = Lowercase<Known<E>>;

export function toWord<E extends Enum>(type: E, value: E[keyof E]): WordOf<E> {
  for (const [key, candidate] of Object.entries(type)) {
    if (candidate === value && key !== 'UNSPECIFIED') return key.toLowerCase() as WordOf<E>;
  }
  throw new TypeError(`${value} is not set`);
}

export function fromWord<E extends Enum>(type: E, word: WordOf<E>): E[Known<E>] {
  return type[word.toUpperCase() as Known<E>];
}

/** All words of an enum, for schemas. */
export const wordsOf = <E extends Enum>(type: E): WordOf<E>[] =>
  Object.keys(type)
    .filter((key) => key !== 'UNSPECIFIED')
    .map((key) => key.toLowerCase() as WordOf<E>);
