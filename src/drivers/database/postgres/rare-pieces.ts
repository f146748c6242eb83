/** A run of three characters that more of the texts hold than this is common: its list in the index is long. */
const COMMON = 0.2;
/** Pieces that are looked up at most: more hardly narrow it further. */
const MAX_PIECES = 4;
const GRAM = /^[\p{L}\p{N}]{3}$/u;

/**
 * The pieces of `part` to look up in an index of runs of three characters, so that none of them is common by a sample of
 * the texts: the index reads the lists of all runs, and long ones take the time, though they narrow nothing. Empty where
 * all are common. `part` itself is to be looked for in what is found.
 */
export function rarePieces(part: string, sample: readonly string[]): string[] {
  const characters = [...part];
  const isRare = (start: number) => {
    const gram = characters.slice(start, start + 3).join('');
    return GRAM.test(gram) && sample.filter((text) => text.includes(gram)).length <= COMMON * sample.length;
  };
  const pieces: string[] = [];
  for (let start = 0; start + 3 <= characters.length; start++) {
    if (!isRare(start)) continue;
    const from = start;
    while (start + 3 < characters.length && isRare(start + 1)) start++;
    pieces.push(characters.slice(from, start + 3).join(''));
  }
  return pieces.sort((one, other) => other.length - one.length).slice(0, MAX_PIECES);
}
