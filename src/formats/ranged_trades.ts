/** The trades of a reader that lie in a range of times. The others are counted. */
import { BLOCK_ROWS, type ReadBlock } from "../domain/market/block.ts";
import type { TimeRange } from "../domain/market/time_range.ts";
import type {
  Complain,
  Followed,
  ReadResult,
  TradeFields,
  TradeReader,
} from "../domain/market/trade_reader.ts";

/** How many trades are read one by one after the reader had no block. */
const ROWS_BETWEEN = 16;

/** The trades outside of a range. Times are µs since 1970. */
export class OutOfRange {
  before = 0;
  /** At its end or later. */
  after = 0;
  /** The times of the first and the last of them; infinite without any. */
  earliest = Infinity;
  latest = -Infinity;

  get total(): number {
    return this.before + this.after;
  }

  add(time: number, range: TimeRange): void {
    if (time < range.from) this.before++;
    else this.after++;
    if (time < this.earliest) this.earliest = time;
    if (time > this.latest) this.latest = time;
  }
}

/**
 * Reads another reader, and gives "empty" for the trades outside of the range. Their ids were read, so they leave no
 * gap between those inside.
 */
export class RangedTrades implements TradeReader {
  readonly complain?: () => Complain;
  readonly takeBlock?: (after: Followed, most: number) => ReadBlock | null;
  readonly sortAdvice?: string;
  /** Whether a trade inside has been read. */
  hasAny = false;
  /** Whether the last trade was inside; null before the first. */
  isInside: boolean | null = null;
  readonly #reader: TradeReader;
  readonly #range: TimeRange;
  readonly #out: OutOfRange;
  /** The last trade that was skipped, if the next ones may be skipped as a block. */
  #after: Followed | null = null;
  /** The finest unit of the skipped prices: a block has one unit. */
  #decimals = 0;
  #rowsUntilBlock = 0;
  #isEmpty = false;
  #emptyFirstId = -1;
  #emptyId = -1;

  /** Adds what is outside `range` to `out`. */
  constructor(reader: TradeReader, range: TimeRange, out: OutOfRange) {
    this.#reader = reader;
    this.#range = range;
    this.#out = out;
    // Callers check whether a reader has these members, so this one has only those that the other has.
    if (reader.sortAdvice !== undefined) this.sortAdvice = reader.sortAdvice;
    if (reader.complain !== undefined) this.complain = () => reader.complain!();
    if (reader.takeBlock !== undefined && reader.giveBack !== undefined) {
      this.takeBlock = (after, most) => this.#take(after, most);
    }
  }

  get symbol(): string {
    return this.#reader.symbol;
  }

  get isBackfilled(): boolean {
    return this.#reader.isBackfilled === true;
  }

  get skipped(): number {
    return this.#reader.skipped ?? 0;
  }

  get receivedAt(): number {
    return this.#reader.receivedAt ?? 0;
  }

  get trade(): TradeFields {
    return this.#reader.trade;
  }

  get reason(): string {
    return this.#reader.reason;
  }

  get emptyFirstId(): number {
    return this.#isEmpty ? this.#emptyFirstId : this.#reader.emptyFirstId;
  }

  get emptyId(): number {
    return this.#isEmpty ? this.#emptyId : this.#reader.emptyId;
  }

  get isAtEnd(): boolean {
    return this.#reader.isAtEnd === true;
  }

  next(): ReadResult | null {
    if (this.#passBlock()) return "empty";
    const read = this.#reader.next();
    this.#isEmpty = false;
    if (read !== "trade") return read;
    const { firstId, lastId, time, decimals } = this.#reader.trade;
    if (this.#range.holds(time)) {
      this.#after = null;
      this.hasAny = this.isInside = true;
      return read;
    }
    this.#out.add(time, this.#range);
    this.#decimals = Math.max(this.#decimals, decimals);
    this.#passedOver(firstId, { id: lastId, time, decimals: this.#decimals });
    return "empty";
  }

  sample(): string {
    return this.#reader.sample();
  }

  /** A block whose trades are all inside; null if the next trade is not. */
  #take(after: Followed, most: number): ReadBlock | null {
    const block = this.#reader.takeBlock!(after, most);
    if (block === null) return null;
    const inside = this.#alike(block, true);
    if (inside === block.size) return this.#inside(block);
    this.#reader.giveBack!();
    if (inside > 0) return this.#inside(this.#reader.takeBlock!(after, inside));
    this.#after = after;
    this.#rowsUntilBlock = 0;
    return null;
  }

  #inside(block: ReadBlock | null): ReadBlock | null {
    this.#after = null;
    this.hasAny = this.isInside = true;
    return block;
  }

  /** Skips a block of trades outside the range; returns false if there is none. */
  #passBlock(): boolean {
    const after = this.#after;
    const reader = this.#reader;
    if (after === null || this.takeBlock === undefined || this.#rowsUntilBlock-- > 0) return false;
    this.#rowsUntilBlock = ROWS_BETWEEN;
    let block = reader.takeBlock!(after, BLOCK_ROWS);
    if (block === null) return false;
    const outside = this.#alike(block, false);
    if (outside < block.size) {
      reader.giveBack!();
      block = outside === 0 ? null : reader.takeBlock!(after, outside);
      if (block === null) return false;
    }
    const { id, time, firstId, size } = block;
    for (let row = 0; row < size; row++) this.#out.add(time[row]!, this.#range);
    this.#rowsUntilBlock = 0;
    this.#passedOver(firstId, { id: id[size - 1]!, time: time[size - 1]!, decimals: after.decimals });
    return true;
  }

  #passedOver(firstId: number, last: Followed): void {
    this.#after = last;
    this.#isEmpty = true;
    this.isInside = false;
    this.#emptyFirstId = firstId;
    this.#emptyId = last.id;
  }

  /** How many of the first rows are all inside, or all outside. */
  #alike({ time, size }: ReadBlock, isInside: boolean): number {
    const { from, to } = this.#range;
    let row = 0;
    while (row < size && (time[row]! >= from && time[row]! < to) === isInside) row++;
    return row;
  }
}
