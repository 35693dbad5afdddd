/** The rows of a journal's tables. */
import { BooksError } from "../../domain/account/account.ts";
import { Money, plain, ZERO } from "../../domain/numbers/money.ts";
import type { JournalReader } from "../../stores/journal/journal_reader.ts";
import { eventsOf } from "../../stores/journal/run_events.ts";
import { type Extent, extentOf, fillsOf, readRun } from "../../stores/journal/run_reading.ts";
import {
  equityRow,
  type ExportRow,
  fillRow,
  signalRow,
  type TableName,
} from "../../views/tables/export_tables.ts";
import { closedRows, tripRows } from "./closing.ts";

/**
 * The rows of one run, up to the entry that the journal now ends with, in the order of the entries. Memory does not grow
 * with the number of rows. Throws a JournalError if the journal is not as Penstock left it, and a BooksError if its
 * fills do not add up.
 */
export async function* journalRows(
  reader: JournalReader,
  extent: Extent,
  table: TableName,
): AsyncGenerator<ExportRow> {
  if (table === "closed") yield* closedRows(fillsOf(reader, extent), extent);
  else if (table === "trips") yield* tripRows(fillsOf(reader, extent), extent);
  else if (table === "equity") yield* equityRows(reader, extent.run);
  else if (table === "fills") {
    for await (const { event, time } of fillsOf(reader, extent)) yield fillRow(event, time, extent);
  } else {
    for await (const { event, time } of eventsOf(reader, extent)) {
      if (event.type === "signal") yield signalRow(event, time, extent);
    }
  }
}

/**
 * The equity wherever the journal has a price: at each signal, after each fill, and at the last trade that a checkpoint
 * or a heartbeat has. Equity is the cash plus the position at that price. A signal has its own price, which also holds
 * for a fill at the signal's trade. A fill at any other trade has its own price, slippage included. Throws a BooksError
 * if the cash after the last fill is not the account's cash.
 */
async function* equityRows(reader: JournalReader, run: number): AsyncGenerator<ExportRow> {
  const { startCash, account, last, symbol, checked } = await readRun(reader, run);
  let [cash, position] = [startCash, "0"];
  let signal: { readonly tradeId: number; readonly price: string } | null = null;
  const row = (
    event: "signal" | "fill" | "last",
    at: {
      readonly time: number;
      readonly symbol: string;
      readonly tradeId: number | null;
      readonly price: string;
    },
  ): ExportRow => {
    const { time, symbol, tradeId, price } = at;
    const equity = plain(new Money(price).times(position).plus(cash));
    return equityRow({ event, time, symbol, tradeId, price, cash, position, equity }, { run });
  };
  // Entries written after the state was read are left out.
  const extent = await extentOf(reader, run);
  for await (const { seq, event, time } of eventsOf(reader, extent)) {
    if (seq > checked.to) break;
    if (event.type === "signal") {
      signal = { tradeId: event.tradeId, price: event.price };
      yield row("signal", { ...event, time });
    } else if (event.type === "fill") {
      const price = signal?.tradeId === event.tradeId ? signal.price : event.price;
      ({ cash, position } = event);
      yield row("fill", { ...event, time, price });
    }
  }
  if (!new Money(cash).eq(account.cash)) {
    throw new BooksError("cash after the last fill", new Money(cash), new Money(account.cash ?? ZERO), []);
  }
  if (last !== null) yield row("last", { time: last.time, symbol, tradeId: null, price: last.price });
}
