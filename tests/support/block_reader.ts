/** A reader that makes blocks of what another one reads, as the readers with WebAssembly loops do. */
import { type ReadBlock } from "../../src/domain/market/block.ts";
import { TradeBlock } from "../../src/domain/market/trade_block.ts";
import type { Followed, ReadResult, TradeFields, TradeReader } from "../../src/domain/market/trade_reader.ts";

const HOUR = 3_600_000_000;

/** Makes blocks with at most these numbers of trades, in turn. */
export class BlockReader implements TradeReader {
  readonly symbol: string;
  readonly #inner: TradeReader;
  readonly #sizes: readonly number[];
  readonly #block: TradeBlock;
  /** What was read from the inner reader and not returned yet; undefined for nothing. */
  #peeked: ReadResult | null | undefined;
  #made = 0;

  constructor(inner: TradeReader, sizes: readonly number[]) {
    this.#inner = inner;
    this.#sizes = sizes;
    this.symbol = inner.symbol;
    this.#block = new TradeBlock(inner.symbol);
  }

  get trade(): TradeFields {
    return this.#inner.trade;
  }

  get reason(): string {
    return this.#inner.reason;
  }

  get emptyFirstId(): number {
    return this.#inner.emptyFirstId;
  }

  get emptyId(): number {
    return this.#inner.emptyId;
  }

  get receivedAt(): number {
    return this.#inner.receivedAt ?? 0;
  }

  /** How many blocks it has made. */
  get made(): number {
    return this.#made;
  }

  next(): ReadResult | null {
    const read = this.#peek();
    this.#peeked = undefined;
    return read;
  }

  takeBlock({ id, time, decimals }: Followed, most: number): ReadBlock | null {
    const block = this.#block;
    block.open(id + 1, decimals, false);
    block.highest = block.latest = 0;
    const size = Math.min(most, this.#sizes[this.#made % this.#sizes.length]!);
    let [before, when] = [id, time];
    while (block.size < size && this.#peek() === "trade") {
      const { trade } = this.#inner;
      const price = trade.price * 10 ** (decimals - trade.decimals);
      const isNext = trade.firstId === before + 1 && trade.lastId - before <= 1_000_000_000 &&
        Math.abs(trade.time - when) <= HOUR && trade.decimals <= decimals && price <= Number.MAX_SAFE_INTEGER;
      if (!isNext) break;
      block.add(trade, price, this.receivedAt);
      [before, when] = [trade.lastId, trade.time];
      block.highest = Math.max(block.highest, price);
      block.latest = Math.max(block.latest, trade.time);
      this.#peeked = undefined;
    }
    if (block.size === 0) return null;
    this.#made++;
    return block;
  }

  sample(): string {
    return this.#inner.sample();
  }

  #peek(): ReadResult | null {
    return this.#peeked === undefined ? this.#peeked = this.#inner.next() : this.#peeked;
  }
}
