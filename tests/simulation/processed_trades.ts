/** The trades that a run has processed, for the reference: from the exchange's tape and the run's own gaps. */
import { assertEquals } from "@std/assert";
import type { ExchangeTrade } from "../../src/simulator/trade.ts";
import type { Entry } from "../../src/stores/journal/journal_entry.ts";
import type { PlainTrade } from "../support/reference.ts";

/** A process that wrote to the journal. */
export interface Writer {
  /** The last trade in the journal at its start, -1 for none, and the number of trades. */
  readonly from: number;
  readonly trades: number;
  /** The ids of trades that it fetched. */
  readonly backfilled: ReadonlySet<number>;
}

/** Converts published ids to rising ids, which continue, with a jump, where the published ones start over. */
export class RisingIds {
  /** The difference between the two after ids started over. */
  readonly #shift: number;

  /** The ids of these trades, oldest first. */
  constructor(trades: readonly ExchangeTrade[]) {
    const at = trades.findIndex(({ id }, number) => number > 0 && id < trades[number - 1]!.id);
    this.#shift = at < 0 ? 0 : trades[at - 1]!.id + JUMP;
  }

  /** Whether they started over. */
  get haveRestarted(): boolean {
    return this.#shift > 0;
  }

  /** The rising id of a published one. */
  rising(id: number): number {
    return id >= 0 && id < SMALL ? id + this.#shift : id;
  }

  /** The published id of a rising one. */
  published(id: number): number {
    return this.#shift > 0 && id > this.#shift ? id - this.#shift : id;
  }
}

/** Far more than are missing. */
const JUMP = 1_000_000;
/** Ids are larger than this before they start over, and smaller afterwards. */
const SMALL = 2 ** 31;

/** Trades that a run never got, both ends inclusive, by rising ids. */
export interface Missed {
  readonly from: number;
  readonly to: number;
}

/** Trades that a journal lists as not fetched, or lost where the ids started over. Fetching starts with the oldest. */
export function missedIn(entries: readonly Entry[], ids: RisingIds): Missed[] {
  return entries.flatMap(({ type, content }) => {
    const { fromId, toId, lastId, missing, filled, absent } = content as Record<string, number>;
    if (type === "reset") return [{ from: ids.rising(lastId!) + 1, to: ids.rising(fromId!) - 1 }];
    if (type !== "gap") return [];
    assertEquals(absent, undefined, "the exchange has every trade");
    assertEquals(missing, toId! - fromId! + 1);
    return filled === missing ? [] : [{ from: ids.rising(fromId!) + filled!, to: ids.rising(toId!) }];
  });
}

/** The input for finding the trades of a run. */
export interface Processing {
  /** All trades of the exchange, oldest first. */
  readonly trades: readonly ExchangeTrade[];
  readonly ids: RisingIds;
  readonly missed: readonly Missed[];
  /** The processes, in the order in which they wrote. */
  readonly writers: readonly Writer[];
  /** The time of the first trade, µs since 1970. */
  readonly firstTime: number;
  /** The rising id of the last one, and how many there are. */
  readonly lastId: number;
  readonly count: number;
}

/** The trades of the run by rising ids, each late if the process that kept it had fetched it. */
export function processedTrades(processing: Processing): PlainTrade[] {
  const { ids, writers, firstTime } = processing;
  const processed: PlainTrade[] = [];
  let writer = 0;
  for (const { id: published, time, price, quantity } of received(processing)) {
    const id = ids.rising(published);
    while (writer + 1 < writers.length && ids.rising(writers[writer + 1]!.from) < id) writer++;
    const late = writers[writer]!.backfilled.has(published);
    processed.push({ firstId: id, lastId: id, time: time * 1_000, price, quantity, late });
  }
  const { from, trades: kept } = writers.find(({ from }) => from >= 0) ??
    { from: ids.published(processing.lastId), trades: processing.count };
  // All trades of a sweep have one time, and the first to arrive need not be its first, so the count decides.
  const until = ids.rising(from);
  let tooMany = processed.findLastIndex(({ lastId }) => lastId <= until) + 1 - kept;
  while (tooMany > 0 && processed[1]?.time === firstTime) {
    processed.shift();
    tooMany--;
  }
  return processed;
}

function received({ trades, ids, missed, firstTime, lastId }: Processing): ExchangeTrade[] {
  let gap = 0;
  const first = trades.findIndex(({ time }) => Math.round(time * 1_000) === firstTime);
  assertEquals(first >= 0, true, `no trade has the time of the first one, ${firstTime}`);
  return trades.slice(first).filter(({ id: published }) => {
    const id = ids.rising(published);
    while (gap < missed.length && missed[gap]!.to < id) gap++;
    return id <= lastId && !(gap < missed.length && missed[gap]!.from <= id);
  });
}
