/** Counts what the parse stage read and dropped, with the reasons. */
import { type Rejections, RejectionTally } from "../domain/market/rejections.ts";
import type { TradeReader } from "../domain/market/trade_reader.ts";
import type { HeldTrade, Suspect } from "./held_trade.ts";
import type { ParseCounts } from "./parse_snapshot.ts";

/**
 * The dropped messages. In files, some of them end the run: what the reader treats as an error is thrown instead of
 * counted, unless the input has ended.
 */
export class ParseTally {
  /** Trades that were seen before. */
  duplicates = 0;
  /** Messages of other streams or symbols, acknowledgements. */
  passedOver = 0;
  /** How often the ids started over. */
  resets = 0;
  readonly #rejections = new RejectionTally();
  readonly #strays = new RejectionTally();

  /** Counts the message in the reader, which the reader itself found unusable. */
  reject(reader: TradeReader): void {
    this.#rejections.add(reader.reason, reader.sample());
  }

  /** Counts the trade in the reader, which is unusable for the given reason. */
  rejectTrade(reader: TradeReader, what: string): void {
    const { error, reason } = reader.complain?.()(what) ?? { reason: what, error: null };
    if (error !== null) throw error;
    this.#rejections.add(reason, reader.sample());
  }

  /** Counts a suspect that no trade confirmed. */
  refuse({ held, what }: Suspect, isEnd = false): void {
    const { error, reason } = held.complain(what);
    if (error !== null && !isEnd) throw error;
    this.#rejections.add(reason, held.sample);
  }

  /** Counts a trade that was never seen and comes after later ones, the last of which is `lastId`. */
  stray(
    { tick: { id }, sample, hasPlace, advice, complain }: HeldTrade,
    lastId: number,
    isCut = false,
  ): void {
    const what = `trade ${id} is out of order: trade ${lastId} came before it`;
    const { error, reason } = complain(hasPlace ? `${what}. ${advice}` : what);
    if (error !== null && !isCut) throw error;
    this.#strays.add(reason, sample);
  }

  /** Counts trades with earlier ids: seen before, or out of order. */
  countOld(isSeen: boolean, trades: number): void {
    if (isSeen) this.duplicates += trades;
    else this.#strays.total += trades;
  }

  /** All counts; `absent` are the ids in gaps under which the exchange has no trade. */
  counts(absent: number): Required<Omit<ParseCounts, "absent">> & Pick<ParseCounts, "absent"> {
    return {
      duplicates: this.duplicates,
      rejected: this.#rejections.total,
      passedOver: this.passedOver,
      outOfOrder: this.#strays.total,
      resets: this.resets,
      ...(absent === 0 ? {} : { absent }),
    };
  }

  /** What was rejected since the last call, or null. */
  takeRejections(): Rejections | null {
    return this.#rejections.take();
  }

  /** The trades out of order since the last call, or null. */
  takeStrays(): Rejections | null {
    return this.#strays.take();
  }

  /** Restores the counts of a snapshot. */
  restore({ duplicates, rejected, passedOver, outOfOrder = 0, resets = 0 }: ParseCounts): void {
    this.duplicates = duplicates;
    this.passedOver = passedOver;
    this.resets = resets;
    this.#rejections.total = rejected;
    this.#strays.total = outOfOrder;
  }
}
