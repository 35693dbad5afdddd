/** The probability of backtest overfitting, by combinatorially symmetric cross-validation. */
import type { BlockDivision } from "./block_sums.ts";

/** How often the best configuration of one half of the time is below the median in the other half. */
export interface OverfittingProbability {
  /** PBO, from 0 to 1. */
  readonly probability: number;
  /** How many ways there are to take half of the blocks: in each the best was chosen once. */
  readonly folds: number;
}

/** A variance below this share of the mean square is only an error of rounding. */
const RESOLUTION = 1e-12;

/**
 * The probability of backtest overfitting of the configurations whose block sums are in `sums`, one after the other as
 * `writeBlockSums` writes them. Null for fewer than two configurations, and when all have the same returns.
 *
 * For each half of the blocks: n* is the configuration with the highest Sharpe ratio in that half, ω its rank in the
 * other half ÷ (N + 1), from 1 for the worst to N for the best, and λ = ln(ω ÷ (1 − ω)). PBO is the share of halves
 * with λ ≤ 0, that is with ω ≤ ½. D. H. Bailey, J. M. Borwein, M. López de Prado, Q. J. Zhu, The Probability of
 * Backtest Overfitting, Journal of Computational Finance 20(4), 2016 (SSRN 2326253).
 *
 * What the paper leaves open: Configurations equal in the other half share the mean of their ranks. Of those that are
 * equally the best, the one that did worst in the other half is chosen, so the order of configurations changes nothing.
 * Without variance in a half, which is what a configuration without a position has, the ratio is 0, or infinite if
 * there was a return.
 *
 * A sum over a half is the sum over its first blocks (in the lower half of the time) plus the sum over its last blocks,
 * each added up from the oldest block on. The time is in proportion to configurations × halves, whatever the number of
 * returns.
 */
export function overfittingProbability(
  sums: Float64Array,
  division: BlockDivision,
): OverfittingProbability | null {
  const width = 2 * division.blocks;
  const count = sums.length / width;
  if (count < 2 || isRepeated(sums, width)) return null;
  const halves = new Halves(division);
  const folds = halves.count;
  const scores = new Float64Array(folds);
  const best = new Float64Array(folds).fill(-Infinity);
  const outside = new Float64Array(folds).fill(Infinity);
  for (let at = 0; at < sums.length; at += width) {
    halves.score(sums, at, scores);
    for (let half = 0, other = folds - 1; half < folds; half++, other--) {
      const inside = scores[half]!;
      if (inside < best[half]!) continue;
      const beyond = scores[other]!;
      if (inside === best[half]! && beyond >= outside[half]!) continue;
      best[half] = inside;
      outside[half] = beyond;
    }
  }
  // Twice the rank, so that a mean of ranks is a whole number: one more for each below, one for each equal.
  const ranks = new Int32Array(folds);
  for (let at = 0; at < sums.length; at += width) {
    halves.score(sums, at, scores);
    for (let half = 0, other = folds - 1; half < folds; half++, other--) {
      const beyond = scores[other]!;
      const chosen = outside[half]!;
      if (beyond < chosen) ranks[half]! += 2;
      else if (beyond === chosen) ranks[half]! += 1;
    }
  }
  // A configuration counts as equal to itself, so twice its rank is one more than its count.
  let below = 0;
  for (const doubled of ranks) if (doubled + 1 <= count + 1) below++;
  return { probability: below / folds, folds };
}

/** Whether each configuration has the sums of the first. */
function isRepeated(sums: Float64Array, width: number): boolean {
  for (let at = width; at < sums.length; at++) if (sums[at] !== sums[at - width]) return false;
  return true;
}

/** All ways to take half of the blocks, each a number whose bits are its blocks, in ascending order. */
class Halves {
  readonly #blocks: number;
  /** Returns in a half. */
  readonly #rows: number;
  readonly #masks: Uint32Array;
  /** Sums and sums of squares over each set of the first, and of the last half of the blocks. */
  readonly #early: readonly [Float64Array, Float64Array];
  readonly #late: readonly [Float64Array, Float64Array];

  constructor({ blocks, rows }: BlockDivision) {
    this.#blocks = blocks;
    this.#rows = rows * blocks / 2;
    const sets = 2 ** (blocks / 2);
    this.#early = [new Float64Array(sets), new Float64Array(sets)];
    this.#late = [new Float64Array(sets), new Float64Array(sets)];
    const masks = [];
    for (let mask = 0; mask < 2 ** blocks; mask++) if (bitsIn(mask) === blocks / 2) masks.push(mask);
    this.#masks = Uint32Array.from(masks);
  }

  /** How many halves there are. The complement of a half is at the same place counted from the end. */
  get count(): number {
    return this.#masks.length;
  }

  /**
   * Writes a score for each half into `scores`: mean × |mean| ÷ variance (of the population), which rises with the
   * Sharpe ratio and needs no root.
   */
  score(sums: Float64Array, at: number, scores: Float64Array): void {
    const [earlySums, earlySquares] = this.#early;
    const [lateSums, lateSquares] = this.#late;
    const half = this.#blocks / 2;
    fillSets(sums, at, earlySums);
    fillSets(sums, at + half, lateSums);
    fillSets(sums, at + 2 * half, earlySquares);
    fillSets(sums, at + 3 * half, lateSquares);
    const masks = this.#masks;
    const rows = this.#rows;
    const low = 2 ** half - 1;
    for (let index = 0; index < masks.length; index++) {
      const mask = masks[index]!;
      const early = mask & low;
      const late = mask >>> half;
      const sum = earlySums[early]! + lateSums[late]!;
      const squares = rows * (earlySquares[early]! + lateSquares[late]!);
      const square = sum * sum;
      const variance = squares - square;
      scores[index] = variance > squares * RESOLUTION
        ? sum * Math.abs(sum) / variance
        : sum === 0
        ? 0
        : sum * Infinity;
    }
  }
}

/** Writes the sum over each set of the blocks whose sums start at `at`; `into` has 2ⁿ places for n blocks. */
function fillSets(sums: Float64Array, at: number, into: Float64Array): void {
  into[0] = 0;
  for (let size = 1, block = at; size < into.length; size *= 2, block++) {
    const added = sums[block]!;
    for (let set = 0; set < size; set++) into[size + set] = into[set]! + added;
  }
}

function bitsIn(mask: number): number {
  let bits = 0;
  for (let rest = mask; rest > 0; rest &= rest - 1) bits++;
  return bits;
}
