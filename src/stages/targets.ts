/** Shows bars to a strategy, and notes in their block the rows after which the stance may change. */
import { type Bar, TradeBar } from "../domain/market/bar.ts";
import type { AveragedBlock } from "../domain/market/block.ts";
import type { ClosedBar, ClosedBars } from "../domain/market/closed_bars.ts";
import type { Values } from "../domain/market/signal.ts";
import type { BlockStrategy, Strategy } from "./strategies/strategy.ts";
import type { ValueTrace } from "./value_trace.ts";

/** Fewer trades than this are faster one by one. */
const FEWEST = 8;
/** How many flat bars are shown before checking whether they still change anything. */
const FLATS = 4096;

/** The targets of one strategy. */
export class Targets {
  readonly #strategy: Strategy;
  /** The same strategy, if it takes many closes at once. */
  readonly #inBlocks: BlockStrategy | null;
  readonly #keepsValues: boolean;
  readonly #trace: ValueTrace | null;
  readonly #bar = new TradeBar();
  /** The last target after a live trade that was not 0; 0 if there may have been none. */
  #last = 0;

  /**
   * With `keepsValues` the strategy's values are noted as well; computing them takes as long as dozens of trades. The
   * `trace`, if there is one, gets them over time.
   */
  constructor(strategy: Strategy, keepsValues: boolean, trace: ValueTrace | null = null) {
    this.#strategy = strategy;
    this.#inBlocks = "addAll" in strategy ? strategy as BlockStrategy : null;
    this.#keepsValues = keepsValues;
    this.#trace = trace;
  }

  /** Forgets the last target, so that the next one is noted even if it is the same. */
  restart(): void {
    this.#last = 0;
  }

  /** Shows every trade of a block as a bar. */
  ofTrades(block: AveragedBlock): void {
    this.#enter(block);
    const { size, decimals, price, targets, late, time } = block;
    const inBlocks = this.#inBlocks;
    const taken = inBlocks === null || size < FEWEST ? 0 : inBlocks.addAll(price, size, decimals, targets);
    if (!late) {
      for (let row = 0; row < taken; row++) {
        if (this.#isTurn(targets[row]!)) {
          this.#note(block, row, this.#keepsValues ? inBlocks!.valuesAt(row) : null);
        }
      }
    }
    if (taken > 0) this.#trace?.rows(time, taken, (row) => inBlocks!.numbersAt(row));
    for (let row = taken; row < size; row++) {
      const target = targets[row] = this.#strategy.add(this.#bar.at(block, row));
      this.#trace?.bar(time[row]!, () => this.#strategy.values());
      if (!late && this.#isTurn(target)) this.#note(block, row);
    }
  }

  /** Shows the bars that close in a block, each with the flat ones after it. */
  ofBars(block: AveragedBlock, bars: ClosedBars): void {
    this.#enter(block);
    for (let place = 0; place < bars.size; place++) {
      const bar = bars.at(place);
      this.#show(block, bar, bar.row);
      if (bar.flats > 0) this.#showFlats(block, bar);
    }
  }

  /**
   * There may be millions of flat bars, so those that change nothing are skipped: if the strategy remembers the same
   * before and after a batch of them, and its target did not change meanwhile, the next batch changes nothing either.
   */
  #showFlats(block: AveragedBlock, { row, flats, close, decimals, openTime, closeTime }: ClosedBar): void {
    const strategy = this.#strategy;
    const length = closeTime - openTime;
    const prices = { open: close, high: close, low: close, close, decimals };
    const flat = { openTime, closeTime, ...prices, volume: 0n, value: 0n, trades: 0 };
    for (let left = flats; left > 0;) {
      const count = Math.min(left, FLATS);
      // Before that it still remembers other closes.
      const isUniform = strategy.seesOnlyCloses === true && flats - left >= strategy.remembers;
      const before = isUniform ? JSON.stringify(strategy.snapshot()) : null;
      const turns = block.turns.length;
      for (let shown = 0; shown < count; shown++) {
        flat.openTime = flat.closeTime;
        flat.closeTime += length;
        this.#show(block, flat, row);
      }
      left -= count;
      const isSettled = before !== null && block.turns.length === turns &&
        JSON.stringify(strategy.snapshot()) === before;
      if (isSettled) left %= count;
    }
  }

  #show(block: AveragedBlock, bar: Bar, row: number): void {
    const target = this.#strategy.add(bar);
    this.#trace?.bar(bar.closeTime, () => this.#strategy.values());
    if (!block.late && this.#isTurn(target)) this.#note(block, row);
  }

  #enter({ turns, late }: AveragedBlock): void {
    // Emptying an array costs as much as a trade, even if it is already empty.
    if (turns.length > 0) turns.length = 0;
    if (late) this.#last = 0;
  }

  /** Whether the stance may change with this target, which follows the last live trade. */
  #isTurn(target: number): boolean {
    if (target === 0 || target === this.#last) return false;
    this.#last = target;
    return true;
  }

  #note({ turns }: AveragedBlock, row: number, values: Values | null = this.#values()): void {
    turns.push({ row, target: this.#last > 0 ? 1 : -1, values });
  }

  /** Asks a strategy that may fail for its values even if nobody sees them: no view may decide whether a run fails. */
  #values(): Values | null {
    const mayFail = this.#strategy.fault !== undefined;
    const values = this.#keepsValues || mayFail ? this.#strategy.values() : null;
    return this.#keepsValues ? values : null;
  }
}
