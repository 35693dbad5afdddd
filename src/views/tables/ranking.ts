/** The ranking of a sweep's rows: the best rows in full, and one figure of every other row. */
import type { ConfigurationEvent } from "../../domain/run/sweep_result.ts";
import { isBetter, type Rank, rankedFigure } from "../../domain/run/sweep_rank.ts";
import type { RankedRows } from "./ranked_rows.ts";

/** How many rows are shown. */
const SHOWN_ROWS = 20;

/** What the ranking needs to know of the grid. */
export interface RankedGrid {
  readonly axes: RankedRows["axes"];
  readonly size: number;
  /** The combination `step` values further on one axis; null where there is none. */
  neighbour(place: number, axis: number, step: number): number | null;
}

/** Ranks the rows of one sweep, which come in grid order. */
export class Ranking {
  readonly #grid: RankedGrid;
  readonly rank: Rank;
  /** The figure of each place as a double; NaN where there is none. */
  readonly values: Float64Array;
  readonly #best: { readonly place: number; readonly row: ConfigurationEvent }[] = [];

  constructor(grid: RankedGrid, rank: Rank) {
    this.#grid = grid;
    this.rank = rank;
    this.values = new Float64Array(grid.size).fill(NaN);
  }

  add(place: number, row: ConfigurationEvent): void {
    const figure = rankedFigure(row, this.rank);
    if (figure === null) return;
    this.values[place] = Number(figure);
    const best = this.#best;
    if (best.length === SHOWN_ROWS && !isBetter(row, best.at(-1)!.row, this.rank)) return;
    // If rows are equal, the first in the grid comes first.
    const behind = best.findIndex((other) => isBetter(row, other.row, this.rank));
    best.splice(behind < 0 ? best.length : behind, 0, { place, row });
    if (best.length > SHOWN_ROWS) best.pop();
  }

  /** The place of the best row; null if no row has the figure. If rows are equal, it is the first in the grid. */
  get best(): { readonly place: number; readonly row: ConfigurationEvent } | null {
    return this.#best[0] ?? null;
  }

  /** The places of the best rows, best first. */
  get places(): number[] {
    return this.#best.map(({ place }) => place);
  }

  /** What views show, once all rows have been added. */
  get shown(): RankedRows {
    return {
      axes: this.#grid.axes,
      values: this.values,
      isLessBetter: this.rank === "max-drawdown",
      rows: this.#best.map(({ place, row }) => ({
        row,
        figure: rankedFigure(row, this.rank),
        neighbours: this.#neighbours(place),
      })),
    };
  }

  #neighbours(place: number): number | null {
    const around = this.#grid.axes.flatMap((_, axis) =>
      [-1, 1].flatMap((step) => {
        const next = this.#grid.neighbour(place, axis, step);
        const value = next === null ? NaN : this.values[next]!;
        return Number.isNaN(value) ? [] : [value];
      })
    );
    return around.length === 0 ? null : around.reduce((sum, value) => sum + value, 0) / around.length;
  }
}
