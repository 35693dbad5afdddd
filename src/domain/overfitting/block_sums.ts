/**
 * The returns of one configuration, summed in equal blocks of time: the probability of overfitting needs nothing else.
 */

/** How many blocks of time the returns are divided into, unless there are few returns or very many configurations. */
const BLOCKS = 16;
/** How many blocks for more than MANY configurations: 70 ways to choose half of them instead of 12,870. */
const FEWER_BLOCKS = 8;
/** With more configurations there are fewer blocks, so that the work takes only seconds. */
export const MANY = 20_000;
/** The fewest returns of a block: a single return has no deviation. */
const FEWEST_ROWS = 2;

/** How returns are divided into blocks. */
export interface BlockDivision {
  /** How many blocks there are, an even number. */
  readonly blocks: number;
  /** How many returns each block has. */
  readonly rows: number;
}

/**
 * Divides `periods` returns of each configuration into 16 blocks; into fewer if a block would have fewer than two
 * returns; or into 8 for more than 20,000 configurations. Null for fewer than 16 returns. All blocks have the same
 * length. The oldest returns that are left over, fewer than there are blocks, belong to no block.
 */
export function blockDivision(periods: number, configurations: number): BlockDivision | null {
  const most = configurations > MANY ? FEWER_BLOCKS : BLOCKS;
  // An even number, because every split takes half of them.
  const blocks = Math.min(most, 2 * Math.floor(periods / (2 * FEWEST_ROWS)));
  return blocks < FEWER_BLOCKS ? null : { blocks, rows: Math.floor(periods / blocks) };
}

/**
 * Writes the sums of the returns in each block, in order of time, and then the sums of their squares, into `sums` from
 * index `at`: 2 × `blocks` numbers. Each sum starts with its oldest return.
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
