/** Sorts the rows of files by their ids, or by their times where they have no ids, within a bounded distance. */
import type { FrameDecoder } from "../exchanges/frame_decoder.ts";
import { ArrivalKeys } from "./arrival_keys.ts";
import { type Chunk, complainAt } from "./trade_file.ts";
import { ChunkReader } from "./chunk_reader.ts";
import type { Rejections } from "../domain/market/rejections.ts";
import type { Complain, ReadResult, TradeFields, TradeReader } from "../domain/market/trade_reader.ts";
import { RowColumns } from "./row_columns.ts";
import { RowEpochs } from "./row_epochs.ts";
import { outOfOrder, RowNumbers } from "./row_numbers.ts";
import { UnusableInput } from "../domain/market/unusable_input.ts";

/** How far a row may be from its place and still be sorted: this many rows are kept. */
const SORTED_APART = 1_000_000;
/** How many rows are returned at once. */
const BLOCK = 125_000;

/** How many trades a file had, and how many of them were repeats. */
export interface FileTally {
  readonly name: string;
  trades: number;
  repeats: number;
}

/**
 * `take` chunk after chunk, then `end`. A recording that Penstock wrote keeps its own order, because of its notes: it
 * is handed on as it is, after all rows that were read before it.
 */
export class RowOrder {
  readonly symbol: string;
  readonly rows = new RowColumns();
  readonly #reader: ChunkReader;
  /** Numbers the rows without ids as they are handed out. */
  readonly numbers = new RowNumbers();
  readonly #epochs = new RowEpochs(this.rows);
  readonly #keys = new ArrivalKeys(this.rows);
  /** Whether the rows have ids; null before the first. */
  #hasIds: boolean | null = null;
  /** How many rows without ids have been read. */
  #unnumbered = 0;
  readonly #apart: number;
  readonly #block: number;
  readonly #strict: boolean;
  /** The sorted slots, and after them those that were added since the last sort. */
  #slots = new Uint32Array(1024);
  #count = 0;
  #sorted = 0;
  #isAscending = true;
  #others = 0;
  #unplaced: { count: number; reason: string; sample: string } | null = null;
  readonly #tallies: FileTally[] = [];
  #lastEpoch = 0;
  #lastId = -1;

  /**
   * For rows of the decoder's symbol. When `strict`, `take` throws UnusableInput at an unusable line. `apart` and
   * `block` are for tests.
   */
  constructor(decoder: FrameDecoder, strict: boolean, { apart = SORTED_APART, block = BLOCK } = {}) {
    this.symbol = decoder.symbol;
    this.#strict = strict;
    this.#apart = apart;
    this.#block = block;
    this.#reader = new ChunkReader(decoder, strict, true);
  }

  /** Other symbols whose trades were skipped, at most 8. */
  get otherSymbols(): readonly string[] {
    return this.#reader.otherSymbols;
  }

  /** How many trades of other symbols were skipped in files of trades alone. */
  get otherTrades(): number {
    return this.#reader.otherTrades;
  }

  /** The first file whose rows have no ids; null without one. */
  get fileWithoutIds(): string | null {
    return this.#reader.numbers.firstFile;
  }

  /** Whether the rows have ids to be sorted by. */
  get hasIds(): boolean {
    return this.#hasIds !== false;
  }

  /** How many of the rows handed out each file or member had, in the order of reading. */
  get tallies(): readonly FileTally[] {
    return this.#tallies;
  }

  /** Takes a chunk, and yields what is in order by now: sorted rows, or a chunk as it is. */
  *take(chunk: Chunk): Generator<SortedBlock | Chunk> {
    const { origin } = chunk;
    if (origin.layout.isOwn === true) {
      yield* this.end();
      yield chunk;
      return;
    }
    if (this.rows.enter(origin)) {
      this.#tallies.push({ name: origin.name, trades: 0, repeats: 0 });
      this.#keys.enter();
    }
    const reader = this.#reader.open(chunk);
    for (;;) {
      const read = reader.next();
      // A note says nothing about the order of trades.
      if (read === null && reader.takeNote() === null) return;
      if (read === "other") this.#others++;
      else if (read === "trade") {
        this.#noteIds(origin.name);
        this.#append(this.rows.add(reader));
      } else if (read === "rejected") this.#reject(reader);
      else if (read === "empty") this.#append(this.rows.addUnusable(reader, true));
      if (this.#count >= this.#apart + this.#block) yield this.#handOut(this.#block);
    }
  }

  /** Yields all that is left. */
  *end(): Generator<SortedBlock> {
    while (this.#count > 0 || this.#others > 0 || this.#unplaced !== null) {
      yield this.#handOut(Math.min(this.#count, this.#block));
    }
  }

  /** Makes complaints about the row in a slot. */
  complainOf(slot: number): Complain {
    return complainAt(this.rows.placeOf(slot), this.#strict);
  }

  /** Notes whether the row read last has ids. Throws UnusableInput if it cannot be sorted among those before. */
  #noteIds(name: string): void {
    const hasIds = this.#reader.numbers.last === this.#unnumbered;
    this.#unnumbered = this.#reader.numbers.last;
    this.#hasIds ??= hasIds;
    if (hasIds === this.#hasIds) return;
    const [here, before] = hasIds ? ["have ids", "have none"] : ["have no consecutive ids", "have them"];
    throw new UnusableInput(
      { name },
      `its trades ${here}, and those of the files before ${before}, so --sort cannot put them in one order: give ` +
        "the files in their order and without --sort",
    );
  }

  #append(slot: number): void {
    if (this.hasIds) this.#epochs.note(slot);
    else this.#keys.note(slot);
    if (this.#count === this.#slots.length) {
      const larger = new Uint32Array(2 * this.#count);
      larger.set(this.#slots);
      this.#slots = larger;
    }
    const before = this.#count === 0 ? -1 : this.#slots[this.#count - 1]!;
    this.#isAscending &&= before < 0 || this.#compare(before, slot) <= 0;
    this.#slots[this.#count++] = slot;
  }

  #compare(one: number, other: number): number {
    return this.hasIds ? this.rows.compare(one, other) : this.rows.compareTimes(one, other);
  }

  #reject(reader: ChunkReader): void {
    if (reader.emptyId >= 0) {
      this.#append(this.rows.addUnusable(reader));
      return;
    }
    if (this.#unplaced === null) {
      this.#unplaced = { count: 1, reason: reader.reason, sample: reader.sample() };
    } else this.#unplaced.count++;
  }

  /** Hands out the first `count` rows. */
  #handOut(count: number): SortedBlock {
    this.#keys.settle();
    const hasChanged = this.#epochs.takeChange();
    if (hasChanged) this.#sorted = 0;
    if (hasChanged || !this.#isAscending) this.#sort();
    const slots = this.#slots.slice(0, count);
    this.#slots.copyWithin(0, count, this.#count);
    this.#count -= count;
    this.#sorted = this.#count;
    this.#isAscending = true;
    for (const slot of slots) this.#tally(slot);
    this.rows.free(slots);
    const block = new SortedBlock(this, slots, this.#others, this.#unplaced);
    this.#others = 0;
    this.#unplaced = null;
    return block;
  }

  /** Sorts the new rows and merges them with the sorted ones. */
  #sort(): void {
    const old = this.#slots.slice(0, this.#sorted);
    const fresh = this.#slots.slice(this.#sorted, this.#count).sort((a, b) => this.#compare(a, b));
    let [from, at] = [0, 0];
    for (let to = 0; to < this.#count; to++) {
      const isOld = at === fresh.length || from < old.length && this.#compare(old[from]!, fresh[at]!) <= 0;
      this.#slots[to] = isOld ? old[from++]! : fresh[at++]!;
    }
  }

  #tally(slot: number): void {
    const { rows } = this;
    if (rows.isUnusable(slot)) return;
    if (!this.hasIds) {
      this.#tallies[rows.originOf(slot)]!.trades++;
      return;
    }
    const epoch = rows.epoch(slot);
    const id = rows.lastId(slot);
    const isRepeat = epoch === this.#lastEpoch && id <= this.#lastId;
    const tally = this.#tallies[rows.originOf(slot)]!;
    tally.trades++;
    if (isRepeat) tally.repeats++;
    else [this.#lastEpoch, this.#lastId] = [epoch, id];
  }
}

const ADVICE = `first sort the file by its ids, for instance with "sort -t, -n -k1,1 FILE"`;
const TIME_ADVICE =
  `first sort the file by its times. If the newest trade comes first, reverse it below its header, with ` +
  `"(head -n 1 FILE; tail -n +2 FILE | tac) | penstock backtest -"`;

function further(advice: string): string {
  const apart = SORTED_APART.toLocaleString("en");
  return `--sort moves a row by at most ${apart} rows from its place, and this one is further ` +
    `away: ${advice}`;
}

/** Sorted rows, and what else was read with them. They are lent until the next block is asked for. */
export class SortedBlock implements TradeReader {
  readonly symbol: string;
  readonly trade: TradeFields;
  receivedAt = 0;
  reason = "";
  emptyFirstId = -1;
  emptyId = -1;
  readonly #order: RowOrder;
  readonly #slots: Uint32Array;
  #others: number;
  #unplaced: number;
  readonly #reason: string;
  readonly #sample: string;
  #at = 0;
  #slot = -1;

  /** Made by RowOrder. */
  constructor(order: RowOrder, slots: Uint32Array, others: number, unplaced: Rejections | null) {
    this.#order = order;
    this.symbol = order.symbol;
    this.#slots = slots;
    this.#others = others;
    this.#unplaced = unplaced?.count ?? 0;
    this.#reason = unplaced?.reason ?? "";
    this.#sample = unplaced?.sample ?? "";
    this.trade = order.rows.fields();
  }

  get sortAdvice(): string {
    return further(ADVICE);
  }

  next(): ReadResult | null {
    if (this.#others > 0) {
      this.#others--;
      return "other";
    }
    const { rows } = this.#order;
    this.emptyFirstId = this.emptyId = -1;
    if (this.#unplaced > 0) {
      this.#unplaced--;
      this.reason = this.#reason;
      return "rejected";
    }
    if (this.#at === this.#slots.length) return null;
    const slot = this.#slot = this.#slots[this.#at++]!;
    if (rows.isUnusable(slot)) {
      this.reason = rows.reasonOf(slot);
      this.emptyFirstId = rows.firstId(slot);
      this.emptyId = rows.lastId(slot);
      return rows.isEmpty(slot) ? "empty" : "rejected";
    }
    rows.read(slot, this.trade);
    this.receivedAt = rows.receivedAt(slot);
    return this.#order.hasIds ? "trade" : this.#number(slot);
  }

  /** Gives the row its number. It is out of order only if it was further from its place than rows are sorted. */
  #number(slot: number): ReadResult {
    const { numbers, rows } = this.#order;
    const before = numbers.time;
    const number = numbers.take(this.trade.time, rows.placeOf(slot).name);
    if (number !== null) {
      rows.setNumber(number, this.trade);
      return "trade";
    }
    const { reason, error } = this.complain()(
      `${outOfOrder(this.trade.time, before)}. ${further(TIME_ADVICE)}`,
    );
    if (error !== null) throw error;
    this.reason = reason;
    return "rejected";
  }

  sample(): string {
    return this.#slot < 0 ? this.#sample : this.#order.rows.sampleOf(this.#slot);
  }

  complain(): Complain {
    return this.#order.complainOf(this.#slot);
  }
}
