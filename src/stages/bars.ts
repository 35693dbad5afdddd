/** Builds bars from trades, and notes in each block which of them close in it. */
import { QUANTITY_PARTS } from "../domain/market/bar.ts";
import type { BarSize } from "../domain/market/bar_size.ts";
import type { BarredBlock, Block } from "../domain/market/block.ts";
import { type BarSnapshot, BuiltBar } from "../domain/market/built_bar.ts";
import { ClosedBars } from "../domain/market/closed_bars.ts";
import { powerOfTen } from "../domain/numbers/price.ts";

const PARTS = Number(QUANTITY_PARTS);
/** Sums of doubles over a block are off by far less than this share. */
const SUSPECT = 1e-9;

/** The state of the stage, for `restore`. */
export interface BarsSnapshot {
  /** Bars closed so far, including flat ones. */
  readonly closed: number;
  /** The bar that is open; null between two bars. */
  readonly open: BarSnapshot | null;
}

/** The stage between parse and average, for one symbol whose bars are not single trades. */
export class BarStage {
  readonly #size: BarSize;
  /** The bar that is open, if it has a trade. */
  readonly #open = new BuiltBar();
  readonly #closedHere = new ClosedBars();
  #closed = 0;

  constructor(size: BarSize) {
    this.#size = size;
  }

  /**
   * Yields the same blocks, with the bars that close in them. A gap before a block empties the open bar, because a part
   * of it is missing.
   */
  *over(blocks: Iterable<Block>): Generator<BarredBlock> {
    const pulled = blocks[Symbol.iterator]();
    for (let result = pulled.next(); result.done !== true; result = pulled.next()) {
      const block = result.value as BarredBlock;
      if (block.missing !== 0) this.#open.clear();
      this.#closedHere.clear();
      this.#open.rescale(block.decimals);
      if (this.#size.by === "time") this.#byTime(block, this.#size.length);
      else this.#byAmount(block);
      block.bars = this.#closedHere;
      yield block;
    }
  }

  /** The size of its bars. */
  get size(): BarSize {
    return this.#size;
  }

  /** Bars closed so far, including flat ones. */
  get closed(): number {
    return this.#closed;
  }

  /** The open bar, which the caller must read at once; null if it has no trade. */
  get open(): BuiltBar | null {
    return this.#open.trades === 0 ? null : this.#open;
  }

  snapshot(): BarsSnapshot {
    return { closed: this.#closed, open: this.open?.snapshot() ?? null };
  }

  /** Restores a snapshot, with the unit of prices as `decimals`. Throws a TypeError for one that no run can have. */
  restore(snapshot: BarsSnapshot | undefined, decimals: number): void {
    if (snapshot === undefined) throw new TypeError("it has no bars");
    const { closed, open } = snapshot;
    this.#closed = closed;
    this.#open.clear();
    if (open === null) return;
    this.#open.restore(open);
    const { by } = this.#size;
    const isInPlace = by !== "time" ||
      open.openTime % this.#size.length === 0 && open.closeTime === open.openTime + this.#size.length;
    if (!isInPlace || open.decimals > decimals) throw new TypeError("its open bar is not one of this run");
  }

  /** A bar of an interval closes at the first trade of a later one, which opens the next bar. */
  #byTime(block: Block, length: number): void {
    const open = this.#open;
    const { size, time } = block;
    if (open.trades === 0) this.#openAt(time[0]!, length);
    for (let from = 0;;) {
      const end = open.closeTime;
      let to = from;
      while (to < size && time[to]! < end) to++;
      open.add(block, from, to);
      if (to === size) return;
      this.#openAt(time[to]!, length, to);
      from = to;
    }
  }

  /** Opens the bar of the interval with `time`; the bar before it closes at the trade in `row`, if that is given. */
  #openAt(time: number, length: number, row = -1): void {
    const open = this.#open;
    const start = Math.floor(time / length) * length;
    if (row >= 0) this.#close(row, (start - open.closeTime) / length);
    open.openTime = start;
    open.closeTime = start + length;
  }

  /**
   * Any other bar closes with the trade that completes it; any excess of that trade does not count for the next bar.
   */
  #byAmount(block: Block): void {
    const open = this.#open;
    const { size, time } = block;
    for (let from = 0; from < size;) {
      if (open.trades === 0) open.openTime = time[from]!;
      const to = this.#fill(block, from);
      open.closeTime = time[to - 1]!;
      if (this.#isFull(block.decimals)) this.#close(to - 1, 0);
      from = to;
    }
  }

  /** Adds trades from row `from` on until the bar is full or the block ends; returns the row after the last. */
  #fill(block: Block, from: number): number {
    const open = this.#open;
    const { size, price, quantityWhole, quantityFraction, decimals } = block;
    if (this.#size.by === "count") {
      const to = Math.min(size, from + this.#size.trades - open.trades);
      open.add(block, from, to);
      return to;
    }
    const isValue = this.#size.by === "value";
    const missing = this.#amountOf(decimals) - (isValue ? open.value : open.volume);
    const near = Number(missing) * (1 - SUSPECT);
    let to = from;
    for (let sum = 0; to < size; to++) {
      const quantity = quantityWhole[to]! * PARTS + quantityFraction[to]!;
      sum += isValue ? price[to]! * quantity : quantity;
      if (sum >= near) break;
    }
    open.add(block, from, to);
    while (to < size) {
      open.add(block, to, ++to);
      if (this.#isFull(decimals)) break;
    }
    return to;
  }

  #isFull(decimals: number): boolean {
    const open = this.#open;
    switch (this.#size.by) {
      case "count":
        return open.trades >= this.#size.trades;
      case "volume":
        return open.volume >= this.#amountOf(decimals);
      default:
        return open.value >= this.#amountOf(decimals);
    }
  }

  /** The volume or the value of a bar, in the unit of `BuiltBar`. */
  #amountOf(decimals: number): bigint {
    const size = this.#size;
    if (size.by === "volume") return size.volume;
    return size.by === "value" ? size.value * BigInt(powerOfTen(decimals)) : 0n;
  }

  #close(row: number, flats: number): void {
    this.#closedHere.add(this.#open, row, flats);
    this.#closed += 1 + flats;
    this.#open.clear();
  }
}

/** The stage for bars of this size; null if every trade is a bar, as it is without a size. */
export function barStageOf(size?: BarSize): BarStage | null {
  return size === undefined || size.by === "trade" ? null : new BarStage(size);
}
