/** The returns of one configuration, added up in even blocks of time: all that the probability of overfitting needs. */

/** Blocks of time that the returns are divided into, unless there are few returns or very many configurations. */
const BLOCKS = 16;
/** The same for more than MANY configurations: 70 halves instead of 12,870. */
const FEWER_BLOCKS = 8;
/** With more configurations, there are fewer blocks, so that the work stays a matter of seconds. */
export const MANY = 20_000;
/** A block of a single return has no deviation of its own. */
const FEWEST_ROWS = 2;

/** How returns are divided into blocks. */
export interface BlockDivision {
  /** How many blocks there are, an even number. */
  readonly blocks: number;
  /** How many returns each has. */
  readonly rows: number;
}

/**
 * How `periods` returns of each of so many configurations are divided: into 16 blocks, into fewer where that leaves less
 * than two returns in each, or into 8 for more than 20,000 configurations. Null for fewer than 16 returns. All blocks
 * have the same length; the oldest returns that are left over, fewer than there are blocks, are in none.
 */
export function blockDivision(periods: number, configurations: number): BlockDivision | null {
  const most = configurations > MANY ? FEWER_BLOCKS : BLOCKS;
  // An even number, since half of them are taken.
  const blocks = Math.min(most, 2 * Math.floor(periods / (2 * FEWEST_ROWS)));
  return blocks < FEWER_BLOCKS ? null : { blocks, rows: Math.floor(periods / blocks) };
}

/**
 * Writes the sums of the returns in each block, in order of time, and then the sums of their squares, into `sums` from
 * index `at` on: 2 × `blocks` numbers. Each sum starts with its oldest return.
 */
export function writeBlockSums(
  returns: ArrayLike<number>,
  { blocks, rows }: BlockDivision,
  sums: Float64Array,
  at = 0,
): void {
  let row = returns.length - blocks * rows;
  for (let block = 0; block < blocks; block++) {
    let sum = 0, squares = 0;
    for (const end = row + rows; row < end; row++) {
      const value = returns[row]!;
      sum += value;
      squares += value * value;
    }
    sums[at + block] = sum;
    sums[at + blocks + block] = squares;
  }
}
