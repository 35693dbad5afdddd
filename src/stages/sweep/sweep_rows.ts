/** What the figures about luck need from every row: a fixed number of values, however many trades there are. */
import { type BlockDivision, blockDivision } from "../../domain/overfitting/block_sums.ts";
import type { ReturnMoments } from "../../domain/overfitting/return_moments.ts";
import type { Sampling } from "../../domain/performance/equity_curve.ts";
import type { FoldResult } from "./fold_result.ts";

/** The rows so far as plain values. */
export interface RowsSnapshot
  extends Pick<SweepRows, "moments" | "sampling" | "span" | "testSpan" | "profits" | "testProfits"> {
  readonly sums: readonly (readonly number[])[];
}

/** The rows so far, in the order of the grid. */
export class SweepRows {
  readonly moments: ReturnMoments[] = [];
  sampling: Sampling | null = null;
  /** From the first to the last trade of the choice, and from the first to the last trade held out of it, µs. */
  span = 0;
  testSpan = 0;
  /** What each row earned in the choice, and on the trades held out of it, quote currency. */
  readonly profits: string[] = [];
  readonly testProfits: string[] = [];
  readonly #configurations: number;
  readonly #sums: Float64Array[] = [];

  /** `configurations` counts those of the whole sweep. */
  constructor(configurations: number) {
    this.#configurations = configurations;
  }

  add({ figures, from, to, sampling, moments, sums }: FoldResult, test: FoldResult | null): void {
    this.moments.push(moments!);
    this.sampling = sampling;
    this.span = to - from;
    this.profits.push(figures.netProfit);
    if (sums !== null) this.#sums.push(sums);
    if (test === null) return;
    this.testSpan = test.to - test.from;
    this.testProfits.push(test.figures.netProfit);
  }

  /** All rows as plain values, for `restore`. */
  snapshot(): RowsSnapshot {
    const { moments, sampling, span, testSpan, profits, testProfits } = this;
    return {
      moments,
      sampling,
      span,
      testSpan,
      profits,
      testProfits,
      sums: this.#sums.map((sums) => [...sums]),
    };
  }

  /** Adds the rows of a snapshot. */
  restore({ sums, moments, profits, testProfits, sampling, span, testSpan }: RowsSnapshot): void {
    // A call takes fewer arguments than a sweep may have rows.
    for (const one of moments) this.moments.push(one);
    for (const profit of profits) this.profits.push(profit);
    for (const profit of testProfits) this.testProfits.push(profit);
    for (const one of sums) this.#sums.push(Float64Array.from(one));
    Object.assign(this, { sampling, span, testSpan });
  }

  /** The sums of the returns of all rows in blocks of time; null unless every row has them. */
  get blocks(): { readonly sums: Float64Array; readonly division: BlockDivision } | null {
    const division = blockDivision(this.moments[0]?.count ?? 0, this.#configurations);
    const size = division === null ? 0 : 2 * division.blocks;
    const isWhole = this.#sums.length === this.moments.length &&
      this.#sums.every(({ length }) => length === size);
    if (division === null || !isWhole) return null;
    const sums = new Float64Array(size * this.#sums.length);
    for (const [row, one] of this.#sums.entries()) sums.set(one, row * size);
    return { sums, division };
  }
}
