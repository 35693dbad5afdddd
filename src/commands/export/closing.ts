/** Closed positions and round trips, from fills. */
import { FifoLots } from "../../domain/account/fifo_lots.ts";
import { Money } from "../../domain/numbers/money.ts";
import { ClosedTrips } from "../../domain/performance/closed_trips.ts";
import type { FillEvent } from "../../domain/run/event.ts";
import { closedSummary } from "../../views/tables/export_lines.ts";
import { closedRow, type ExportRow, type OfRun, tripRow } from "../../views/tables/export_tables.ts";

/** A fill and its time (µs since 1970). */
export interface TimedFill {
  readonly event: FillEvent;
  readonly time: number;
}

/** What an account realized, as decimal text in quote currency. */
export interface Realized extends OfRun {
  readonly realized: string;
}

/**
 * Yields the closed positions in `fills`, then writes their totals to standard error. Throws a BooksError if they do
 * not add up.
 */
export async function* closedRows(
  fills: AsyncIterable<TimedFill>,
  { run, realized }: Realized,
): AsyncGenerator<ExportRow> {
  const lots = new FifoLots();
  for await (const { event, time } of fills) {
    const { symbol, side, tradeId } = event;
    const [price, quantity, fee] = [new Money(event.price), new Money(event.quantity), new Money(event.fee)];
    for (const lot of lots.add({ symbol, side, price, quantity, fee, time, tradeId })) {
      yield closedRow(lot, { run });
    }
  }
  lots.check(new Money(realized));
  const { totals, isFlat } = lots;
  console.error(closedSummary(totals, { run, realized, isFlat, what: "closed position" }));
}

/**
 * Yields the round trips in `fills`, then writes their totals to standard error. Throws a BooksError if they do not add
 * up.
 */
export async function* tripRows(
  fills: AsyncIterable<TimedFill>,
  { run, realized }: Realized,
): AsyncGenerator<ExportRow> {
  const trips = new ClosedTrips();
  for await (const { event, time } of fills) {
    const { symbol, side, tradeId, cause } = event;
    const ended = trips.add({
      symbol,
      side,
      tradeId,
      time,
      price: new Money(event.price),
      quantity: new Money(event.quantity),
      fee: new Money(event.fee),
      position: new Money(event.position),
      realized: event.realized === undefined ? null : new Money(event.realized),
      ...(cause === undefined ? {} : { cause }),
    });
    if (ended !== null) yield tripRow(ended, { run });
  }
  trips.check(new Money(realized));
  const { totals, isFlat } = trips;
  console.error(closedSummary(totals, { run, realized, isFlat, what: "round trip" }));
}
