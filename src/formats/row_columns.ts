/** Rows of trades as columns of numbers: a million rows take about 70 MB. */
import type { Origin } from "./trade_file.ts";
import type { ChunkReader } from "./chunk_reader.ts";
import type { TradeFields } from "../domain/market/trade_reader.ts";

/** How many unusable rows are kept with their text. For the others, only the place is kept. */
const REMEMBERED = 100;
/** Rows are kept in pages, so that adding rows copies nothing. */
const PAGE_BITS = 14, PAGE_ROWS = 1 << PAGE_BITS, IN_PAGE = PAGE_ROWS - 1;
/** How many numbers of a row need 64 bits, and their order. */
const WIDE = 6, FIRST_ID = 0, LAST_ID = 1, TIME = 2, PRICE = 3, QUANTITY = 4, RECEIVED = 5;
/** How many numbers of a row fit into 32 bits, and their order. */
const NARROW = 5, FRACTION = 0, LINE = 1, ORIGIN = 2, EPOCH = 3, MARKS = 4;
/** In MARKS: the decimals of the price, and the flags above them. */
const DECIMALS = 0xff, IS_MAKER = 1 << 8, IS_UNUSABLE = 1 << 9, IS_EMPTY = 1 << 10;

/** Fields that can be written. */
type Fields = { -readonly [P in keyof TradeFields]: TradeFields[P] };

/**
 * The rows. Each has a slot, which is reused once the row has been handed out and the caller has asked for more rows.
 */
export class RowColumns {
  readonly #wide: Float64Array[] = [];
  readonly #narrow: Uint32Array[] = [];
  #used = 0;
  /** The free slots, how many there are, and the slots that the next call of `free` frees. */
  #free = new Uint32Array(PAGE_ROWS);
  #freeCount = 0;
  #lent: Uint32Array = new Uint32Array();
  readonly #origins: Origin[] = [];
  readonly #unusable = new Map<number, { readonly reason: string; readonly sample: string }>();

  /** Sets the origin of the next rows. False if it is the origin of the rows before. */
  enter(origin: Origin): boolean {
    if (this.#origins.at(-1) === origin) return false;
    this.#origins.push(origin);
    return true;
  }

  /** Adds the trade that the reader read last. Returns its slot. */
  add(reader: ChunkReader): number {
    const { trade } = reader;
    const slot = this.#take(reader.line);
    const wide = this.#wide[slot >>> PAGE_BITS]!;
    const at = WIDE * (slot & IN_PAGE);
    wide[at + FIRST_ID] = trade.firstId;
    wide[at + LAST_ID] = trade.lastId;
    wide[at + TIME] = trade.time;
    wide[at + PRICE] = trade.price;
    wide[at + QUANTITY] = trade.quantityWhole;
    wide[at + RECEIVED] = reader.receivedAt;
    this.#setNarrow(slot, FRACTION, trade.quantityFraction);
    this.#setNarrow(slot, MARKS, trade.decimals | (trade.buyerIsMaker ? IS_MAKER : 0));
    return slot;
  }

  /** Adds a row of which only the ids could be read. Returns its slot. */
  addUnusable(reader: ChunkReader, isEmpty = false): number {
    const slot = this.#take(reader.line);
    const wide = this.#wide[slot >>> PAGE_BITS]!;
    const at = WIDE * (slot & IN_PAGE);
    wide[at + FIRST_ID] = reader.emptyFirstId;
    wide[at + LAST_ID] = reader.emptyId;
    wide[at + TIME] = wide[at + RECEIVED] = 0;
    this.#setNarrow(slot, MARKS, isEmpty ? IS_UNUSABLE | IS_EMPTY : IS_UNUSABLE);
    if (!isEmpty && this.#unusable.size < REMEMBERED) {
      this.#unusable.set(slot, { reason: reader.reason, sample: reader.sample() });
    }
    return slot;
  }

  /** Frees these slots at the next call: until then their rows can be read. */
  free(slots: Uint32Array): void {
    const lent = this.#lent;
    if (this.#freeCount + lent.length > this.#free.length) {
      const larger = new Uint32Array(2 * (this.#freeCount + lent.length));
      larger.set(this.#free);
      this.#free = larger;
    }
    this.#free.set(lent, this.#freeCount);
    this.#freeCount += lent.length;
    if (this.#unusable.size > 0) { for (const slot of lent) this.#unusable.delete(slot); }
    this.#lent = slots;
  }

  /** Below 0 if `one` comes before `other`, above 0 if it comes after. */
  compare(one: number, other: number): number {
    return this.epoch(one) - this.epoch(other) || this.firstId(one) - this.firstId(other) ||
      this.lastId(one) - this.lastId(other);
  }

  /** Compares rows without ids: by their times, and then by their keys. */
  compareTimes(one: number, other: number): number {
    return this.time(one) - this.time(other) || this.firstId(one) - this.firstId(other);
  }

  /** Makes fields to read rows into. */
  fields(): TradeFields {
    return {
      firstId: 0,
      lastId: 0,
      time: 0,
      price: 0,
      decimals: 0,
      quantityWhole: 0,
      quantityFraction: 0,
      buyerIsMaker: false,
    };
  }

  /** Reads the trade in a slot into fields that `fields` made. */
  read(slot: number, into: TradeFields): void {
    const fields: Fields = into;
    const wide = this.#wide[slot >>> PAGE_BITS]!;
    const at = WIDE * (slot & IN_PAGE);
    const marks = this.#narrowAt(slot, MARKS);
    fields.firstId = wide[at + FIRST_ID]!;
    fields.lastId = wide[at + LAST_ID]!;
    fields.time = wide[at + TIME]!;
    fields.price = wide[at + PRICE]!;
    fields.decimals = marks & DECIMALS;
    fields.quantityWhole = wide[at + QUANTITY]!;
    fields.quantityFraction = this.#narrowAt(slot, FRACTION);
    fields.buyerIsMaker = (marks & IS_MAKER) !== 0;
  }

  /** Gives a row without an id the number that counts as its id. */
  setNumber(number: number, into: TradeFields): void {
    const fields: Fields = into;
    fields.firstId = fields.lastId = number;
  }

  /** Gives a row without an id a key, stored in place of the id. */
  setKey(slot: number, key: number): void {
    this.#wide[slot >>> PAGE_BITS]![WIDE * (slot & IN_PAGE) + FIRST_ID] = key;
  }

  firstId(slot: number): number {
    return this.#wideAt(slot, FIRST_ID);
  }

  lastId(slot: number): number {
    return this.#wideAt(slot, LAST_ID);
  }

  /** µs since 1970. */
  time(slot: number): number {
    return this.#wideAt(slot, TIME);
  }

  /** µs since 1970; 0 if rows have no times of arrival. */
  receivedAt(slot: number): number {
    return this.#wideAt(slot, RECEIVED);
  }

  /** Whether the row's ids belong to no trade, which is not an error. */
  isEmpty(slot: number): boolean {
    return (this.#narrowAt(slot, MARKS) & IS_EMPTY) !== 0;
  }

  isUnusable(slot: number): boolean {
    return (this.#narrowAt(slot, MARKS) & IS_UNUSABLE) !== 0;
  }

  /** The number of the sequence of ids that a row belongs to. */
  epoch(slot: number): number {
    return this.#narrowAt(slot, EPOCH);
  }

  setEpoch(slot: number, epoch: number): void {
    this.#setNarrow(slot, EPOCH, epoch);
  }

  /** The number of a row's origin, in the order in which origins were added. */
  originOf(slot: number): number {
    return this.#narrowAt(slot, ORIGIN);
  }

  placeOf(slot: number): { readonly name: string; readonly line: number } {
    return { name: this.#origins[this.originOf(slot)]!.name, line: this.#narrowAt(slot, LINE) };
  }

  /** Why a row is unusable. */
  reasonOf(slot: number): string {
    const { name, line } = this.placeOf(slot);
    return this.#unusable.get(slot)?.reason ?? `${name}:${line}: the line cannot be used`;
  }

  /** The text of a row if it was kept, otherwise "". */
  sampleOf(slot: number): string {
    return this.#unusable.get(slot)?.sample ?? "";
  }

  #take(line: number): number {
    const slot = this.#freeCount > 0 ? this.#free[--this.#freeCount]! : this.#used++;
    if (slot >>> PAGE_BITS === this.#wide.length) {
      this.#wide.push(new Float64Array(WIDE * PAGE_ROWS));
      this.#narrow.push(new Uint32Array(NARROW * PAGE_ROWS));
    }
    this.#setNarrow(slot, LINE, line);
    this.#setNarrow(slot, ORIGIN, this.#origins.length - 1);
    return slot;
  }

  #wideAt(slot: number, field: number): number {
    return this.#wide[slot >>> PAGE_BITS]![WIDE * (slot & IN_PAGE) + field]!;
  }

  #narrowAt(slot: number, field: number): number {
    return this.#narrow[slot >>> PAGE_BITS]![NARROW * (slot & IN_PAGE) + field]!;
  }

  #setNarrow(slot: number, field: number, value: number): void {
    this.#narrow[slot >>> PAGE_BITS]![NARROW * (slot & IN_PAGE) + field] = value;
  }
}
