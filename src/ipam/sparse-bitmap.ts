/** A set of numbers from 0 up that always knows its lowest gap. */
export interface SparseBitmap {
  /** How many numbers are in the set. */
  readonly size: number;
  has(value: number): boolean;
  /** Adding what is there changes nothing. */
  add(value: number): void;
  /** Deleting what is not there changes nothing. */
  delete(value: number): void;
  /** The lowest number below `limit` that is not in the set. */
  lowestGap(): number | undefined;
}

const WORD_BITS = 32;
const FULL = 0xffffffff;

/**
 * Words of 32 bits in levels: a bit on level 0 is a number of the set, a bit above says that the whole word below it is full. Every operation
 * touches one word a level (4 levels for the 2^20 addresses of a /12, 11 for 2^53), and words that are zero take no memory.
 */
export function sparseBitmap(limit: number): SparseBitmap {
  const levels: Map<number, number>[] = [];
  for (let words = limit; levels.length === 0 || words > 1; ) {
    words = Math.ceil(words / WORD_BITS);
    levels.push(new Map());
  }
  let size = 0;

  return {
    get size() {
      return size;
    },
    has: (value) => bitOf(levels[0], value),

    add(value) {
      if (bitOf(levels[0], value)) return;
      size++;
      let index = value;
      for (const level of levels) {
        const at = Math.floor(index / WORD_BITS);
        const word = ((level.get(at) ?? 0) | (1 << (index % WORD_BITS))) >>> 0;
        level.set(at, word);
        if (word !== FULL) return;
        index = at;
      }
    },

    delete(value) {
      if (!bitOf(levels[0], value)) return;
      size--;
      let index = value;
      for (const level of levels) {
        const at = Math.floor(index / WORD_BITS);
        const before = level.get(at) ?? 0;
        const word = (before & ~(1 << (index % WORD_BITS))) >>> 0;
        if (word === 0) level.delete(at);
        else level.set(at, word);
        if (before !== FULL) return;
        index = at;
      }
    },

    lowestGap() {
      let index = 0;
      for (const level of levels.toReversed()) {
        const word = level.get(index) ?? 0;
        if (word === FULL) return undefined;
        index = index * WORD_BITS + lowestZero(word);
      }
      return index < limit ? index : undefined;
    },
  };
}

function bitOf(level: Map<number, number> | undefined, index: number): boolean {
  const word = level?.get(Math.floor(index / WORD_BITS)) ?? 0;
  return (word & (1 << (index % WORD_BITS))) !== 0;
}

function lowestZero(word: number): number {
  const zeros = ~word;
  return 31 - Math.clz32(zeros & -zeros);
}
