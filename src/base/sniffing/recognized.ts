/** What the first bytes say a file is. */
export interface Recognized {
  readonly type: string;
  /** Whether a type says more and the bytes do not contradict it: where it was declared, it is believed. */
  readonly isNarrower?: (type: string) => boolean;
}

export const oneOf =
  (...types: readonly string[]) =>
  (type: string): boolean =>
    types.includes(type);
