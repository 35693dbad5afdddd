/** Makes and fills blocks, and makes ticks of their trades. */
import { type Block, BLOCK_ROWS, type ReadBlock, type SignalledBlock } from "./block.ts";
import type { ClosedBars } from "./closed_bars.ts";
import type { Columns } from "./columns.ts";
import type { Signal, Turn } from "./signal.ts";
import { createTick, type Tick } from "./tick.ts";
import type { TradeFields } from "./trade_reader.ts";

/** A block that can be filled. */
export class TradeBlock implements SignalledBlock, ReadBlock {
  readonly symbol: string;
  size = 0;
  decimals = 0;
  firstId = 0;
  missing = 0;
  filled = 0;
  late = false;
  highest = 0;
  latest = 0;
  readonly id: Float64Array;
  readonly time: Float64Array;
  readonly price: Float64Array;
  readonly quantityWhole: Float64Array;
  readonly quantityFraction: Uint32Array;
  readonly buyerIsMaker: Uint8Array;
  readonly receivedAt: Float64Array;
  readonly targets: Int8Array<ArrayBuffer>;
  bars: ClosedBars | null = null;
  readonly turns: Turn[] = [];
  readonly signals: Signal[] = [];
  readonly signalRows: number[] = [];

  /** A block over these columns, all of the same length, or over new ones for `rows` trades. */
  constructor(symbol: string, columns: Columns | null = null, rows = BLOCK_ROWS) {
    const { id, time, price, quantityWhole, quantityFraction, buyerIsMaker, receivedAt } = columns ??
      newColumns(rows);
    this.symbol = symbol;
    this.id = id;
    this.time = time;
    this.price = price;
    this.quantityWhole = quantityWhole;
    this.quantityFraction = quantityFraction;
    this.buyerIsMaker = buyerIsMaker;
    this.receivedAt = receivedAt;
    this.targets = new Int8Array(id.length);
  }

  /** Empties it, for trades that follow each other in this unit. */
  open(firstId: number, decimals: number, late: boolean): void {
    this.size = this.missing = this.filled = 0;
    this.firstId = firstId;
    this.decimals = decimals;
    this.late = late;
  }

  /** Adds a trade whose price is this count of the block's unit. */
  add(trade: TradeFields, price: number, receivedAt: number): void {
    const row = this.size;
    this.id[row] = trade.lastId;
    this.time[row] = trade.time;
    this.price[row] = price;
    this.quantityWhole[row] = trade.quantityWhole;
    this.quantityFraction[row] = trade.quantityFraction;
    this.buyerIsMaker[row] = trade.buyerIsMaker ? 1 : 0;
    this.receivedAt[row] = receivedAt;
    this.size = row + 1;
  }

  /** Replaces its content by one trade. */
  take(tick: Tick): void {
    this.open(tick.firstId, tick.decimals, tick.late);
    this.missing = tick.missing;
    this.filled = tick.filled;
    this.id[0] = tick.id;
    this.time[0] = tick.time;
    this.price[0] = tick.price;
    this.quantityWhole[0] = tick.quantityWhole;
    this.quantityFraction[0] = tick.quantityFraction;
    this.buyerIsMaker[0] = tick.buyerIsMaker ? 1 : 0;
    this.receivedAt[0] = tick.receivedAt;
    this.size = 1;
  }
}

/** The trade in a row, as an object that can be kept. */
export function tickAt(block: Block, row: number): Tick {
  const trade: TradeFields = {
    firstId: row === 0 ? block.firstId : block.id[row - 1]! + 1,
    lastId: block.id[row]!,
    time: block.time[row]!,
    price: block.price[row]!,
    decimals: block.decimals,
    quantityWhole: block.quantityWhole[row]!,
    quantityFraction: block.quantityFraction[row]!,
    buyerIsMaker: block.buyerIsMaker[row] === 1,
  };
  const [missing, filled] = row === 0 ? [block.missing, block.filled] : [0, 0];
  return createTick(
    block.symbol,
    trade,
    trade.price,
    block.decimals,
    missing,
    filled,
    block.late,
    block.receivedAt[row]!,
  );
}

function newColumns(rows: number): Columns {
  return {
    id: new Float64Array(rows),
    time: new Float64Array(rows),
    price: new Float64Array(rows),
    quantityWhole: new Float64Array(rows),
    quantityFraction: new Uint32Array(rows),
    buyerIsMaker: new Uint8Array(rows),
    receivedAt: new Float64Array(rows),
  };
}
