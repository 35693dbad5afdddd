/**
 * What a chart of a run needs, collected while its trades pass: price, equity and drawdown as reduced lines, the fills
 * and the round trips. These are doubles, for display only: the books and the figures of a run are exact, and are
 * computed elsewhere.
 */
import type { Block } from "../market/block.ts";
import type { Outcome } from "../market/tick.ts";
import type { Fill } from "../orders/fill.ts";
import { estimate, type Money } from "../numbers/money.ts";
import { powerOfTen } from "../numbers/price.ts";
import { type FillMark, FillMarks } from "./fill_marks.ts";
import { M4Columns, type Point } from "./m4_columns.ts";
import { TripLog, type Trips } from "./trip_log.ts";

/** The collected lines and records. Times are µs since 1970, amounts quote currency. */
export interface ChartData {
  readonly price: readonly Point[];
  readonly equity: readonly Point[];
  /** How far equity is below its peak, a fraction of the peak. */
  readonly drawdown: readonly Point[];
  readonly fills: readonly FillMark[];
  /** Whether every fill has a mark of its own. */
  readonly hasAllFills: boolean;
  readonly trips: Trips;
}

/** The lines, in the order of their values at a trade. */
const PRICE = 0,
  EQUITY = 1,
  DRAWDOWN = 2,
  LINES = 3;

/** Collects the chart of one account in one symbol. */
export class ChartSeries {
  readonly #columns = new M4Columns(LINES);
  /** The values of the lines at the trade that is added. */
  readonly #point = new Float64Array(LINES);
  readonly #fills = new FillMarks();
  readonly #trips = new TripLog();
  readonly #found = new Extremes();
  /** Trades of the current block that are not in the lines yet. */
  #waiting: { readonly block: Block; readonly from: number; to: number } | null = null;
  #cash: number;
  #position = 0;
  /** What the position cost. */
  #cost = 0;
  #peak: number;

  /** The account starts with `cash`, quote currency, and no position. */
  constructor(cash: Money) {
    this.#cash = this.#peak = estimate(cash);
  }

  /**
   * Notes the trades of a block from row `from` up to, but not including, row `to`. They have been through all stages;
   * `outcomes` are those of the orders at the last of them.
   */
  note(block: Block, from: number, to: number, outcomes: readonly Outcome[]): void {
    if (this.#waiting === null) this.#waiting = { block, from, to };
    else this.#waiting.to = to;
    // Between fills nothing but the price changes, however often something else is due.
    const hasFill = outcomes.some(isFill);
    if (to < block.size && !hasFill) return;
    this.#settle();
    if (!hasFill) return;
    const { time, price, decimals } = block;
    for (const outcome of outcomes) {
      if (outcome.kind === "fill") this.fill(outcome, time[to - 1]!, price[to - 1]! / powerOfTen(decimals));
    }
  }

  /** Adds the waiting trades to the lines. */
  #settle(): void {
    if (this.#waiting === null) return;
    const { block, from, to } = this.#waiting;
    this.#waiting = null;
    const { time, price, decimals } = block;
    const unit = powerOfTen(decimals);
    for (let row = from; row < to;) {
      const { end } = this.#columns;
      if (time[row]! >= end) {
        this.trade(time[row]!, price[row]! / unit);
        row++;
        continue;
      }
      const next = this.#found.within(block, row, to, end);
      this.#segment(block, row, next, this.#found.earlier, this.#found.later);
      row = next;
    }
  }

  /** Notes a trade. */
  trade(time: number, price: number): void {
    this.#point[PRICE] = price;
    this.#mark(time, price);
  }

  /** Notes a fill at a trade with this time and price. */
  fill(fill: Fill, time: number, price: number): void {
    const { side, quantity, fee } = fill;
    const before = this.#position;
    this.#fills.add(time, side, estimate(fill.price));
    this.#trips.add(fill, time);
    this.#cash = estimate(fill.cash);
    this.#position = estimate(fill.position);
    if (side === "buy") this.#cost += estimate(fill.price) * estimate(quantity) + estimate(fee);
    else this.#cost *= this.#position / before;
    this.#mark(time, price);
  }

  /** The data so far. */
  data(): ChartData {
    this.#settle();
    return {
      price: this.#columns.points(PRICE),
      equity: this.#columns.points(EQUITY),
      drawdown: this.#columns.points(DRAWDOWN),
      fills: this.#fills.marks(),
      hasAllFills: this.#fills.isWhole,
      trips: this.#trips.trips(),
    };
  }

  /** Trades within one column, from row `from` to before `to`, with the rows of the two extremes in order. */
  #segment(block: Block, from: number, to: number, earlier: number, later: number): void {
    const { time, price, decimals } = block;
    const unit = powerOfTen(decimals);
    // At a new peak the deepest fall need not be at the lowest price.
    const highest = Math.max(price[earlier]!, price[later]!) / unit;
    if (this.#cash + this.#position * highest > this.#peak) this.#fall(block, from, to, unit);
    if (earlier !== later) this.trade(time[earlier]!, price[earlier]! / unit);
    if (later !== to - 1) this.trade(time[later]!, price[later]! / unit);
    this.trade(time[to - 1]!, price[to - 1]! / unit);
  }

  #mark(time: number, price: number): void {
    const equity = this.#cash + this.#position * price;
    if (equity > this.#peak) this.#peak = equity;
    this.#point[EQUITY] = equity;
    this.#point[DRAWDOWN] = (this.#peak - equity) / this.#peak;
    this.#columns.add(time, this.#point);
    if (this.#position === 0) return;
    const profit = this.#position * price - this.#cost + this.#trips.partProfit;
    this.#trips.mark(profit, profit);
  }

  /** Adds the first and the deepest point of the drawdown among these trades, which reach a new peak. */
  #fall({ time, price }: Block, from: number, to: number, unit: number): void {
    let peak = this.#peak;
    let peakAt = -1;
    let deepest = 0;
    let at = from;
    for (let row = from; row < to; row++) {
      // As #mark computes them, so that equal falls are equal to the last bit.
      const equity = this.#cash + this.#position * (price[row]! / unit);
      if (equity >= peak) {
        peak = equity;
        if (peakAt < 0) peakAt = row;
        continue;
      }
      const drawdown = (peak - equity) / peak;
      if (drawdown > deepest) {
        deepest = drawdown;
        at = row;
      }
    }
    this.#columns.addBetween(DRAWDOWN, time[peakAt]!, 0);
    if (deepest > 0) this.#columns.addBetween(DRAWDOWN, time[at]!, deepest);
  }
}

function isFill({ kind }: Outcome): boolean {
  return kind === "fill";
}

/**
 * Finds the lowest and the highest price of rows. It returns them in its fields, because it is called once per column.
 */
class Extremes {
  /** The rows of the two, in order. */
  earlier = 0;
  later = 0;

  /**
   * Looks at the rows of a block from `from` on that are before row `to` and before the time `end`; returns the next
   * row.
   */
  within({ time, price }: Block, from: number, to: number, end: number): number {
    let low = from;
    let high = from;
    let lowest = price[from]!;
    let highest = lowest;
    let row = from + 1;
    for (; row < to && time[row]! < end; row++) {
      const now = price[row]!;
      if (now < lowest) {
        lowest = now;
        low = row;
      } else if (now > highest) {
        highest = now;
        high = row;
      }
    }
    this.earlier = Math.min(low, high);
    this.later = Math.max(low, high);
    return row;
  }
}
