/** A block as one lane of a sweep sees it: the trades of the run's block, with what this lane finds in them. */
import type { Block, Extremes, SignalledBlock } from "../../domain/market/block.ts";
import type { ClosedBars } from "../../domain/market/closed_bars.ts";
import type { Signal, Turn } from "../../domain/market/signal.ts";

const NO_ROWS = new Float64Array(0);
const NO_FRACTIONS = new Uint32Array(0);
const NO_SIDES = new Uint8Array(0);

/** One object serves every block of the run and every lane, because the lanes take turns. */
export class LaneBlock implements SignalledBlock {
  readonly symbol: string;
  size = 0;
  decimals = 0;
  firstId = 0;
  missing = 0;
  filled = 0;
  late = false;
  readonly extremes: { -readonly [P in keyof Extremes]: Extremes[P] } = {
    lowest: 0,
    highest: 0,
    latest: 0,
    isOrdered: true,
  };
  id: Float64Array = NO_ROWS;
  time: Float64Array = NO_ROWS;
  price: Float64Array = NO_ROWS;
  quantityWhole: Float64Array = NO_ROWS;
  quantityFraction: Uint32Array = NO_FRACTIONS;
  buyerIsMaker: Uint8Array = NO_SIDES;
  receivedAt: Float64Array = NO_ROWS;
  readonly targets: Int8Array;
  bars: ClosedBars | null = null;
  readonly turns: Turn[] = [];
  /** Turns to be used again: there are tens of millions of them. */
  readonly #turns: { -readonly [P in keyof Turn]: Turn[P] }[] = [];
  readonly signals: Signal[] = [];
  readonly signalRows: number[] = [];

  /** For blocks of `symbol` with `rows` trades at most. */
  constructor(symbol: string, rows: number) {
    this.symbol = symbol;
    this.targets = new Int8Array(rows);
  }

  /** Shows the trades of another block, which is lent. */
  show(block: Block): void {
    this.size = block.size;
    this.decimals = block.decimals;
    this.firstId = block.firstId;
    this.missing = block.missing;
    this.filled = block.filled;
    this.late = block.late;
    this.id = block.id;
    this.time = block.time;
    this.price = block.price;
    this.quantityWhole = block.quantityWhole;
    this.quantityFraction = block.quantityFraction;
    this.buyerIsMaker = block.buyerIsMaker;
    this.receivedAt = block.receivedAt;
    this.bars = null;
  }

  /** Adds a turn after the others. */
  addTurn(row: number, target: Turn["target"]): void {
    const { turns } = this;
    const turn = this.#turns[turns.length] ??= { row, target, values: null };
    turn.row = row;
    turn.target = target;
    turns.push(turn);
  }

  /** Finds the extremes of its trades, once for all lanes. */
  measure(): void {
    const { size, price, time, extremes } = this;
    let [lowest, highest, latest] = [price[0]!, price[0]!, time[0]!];
    let isOrdered = true;
    for (let row = 1; row < size; row++) {
      const now = price[row]!;
      if (now < lowest) lowest = now;
      else if (now > highest) highest = now;
      if (time[row]! >= latest) latest = time[row]!;
      else isOrdered = false;
    }
    extremes.lowest = lowest;
    extremes.highest = highest;
    extremes.latest = latest;
    extremes.isOrdered = isOrdered;
  }
}
