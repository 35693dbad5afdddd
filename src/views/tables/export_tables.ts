/** The tables of `penstock export`: their columns, and their rows from a journal or a result. */
import type { FillEvent, SignalEvent } from "../../domain/run/event.ts";
import type { ClosedLot } from "../../domain/account/fifo_lots.ts";
import type { ClosedTrip } from "../../domain/performance/closed_trips.ts";
import { Money, plain } from "../../domain/numbers/money.ts";
import { isoTime } from "../../domain/numbers/time.ts";

/** What can be exported. */
export type TableName = "fills" | "closed" | "equity" | "signals" | "trips";

/**
 * What a column holds: whole numbers; times, µs since 1970; text; or amounts, exact decimal text. Any cell may be empty
 * (null).
 */
export type ColumnKind = "number" | "time" | "text" | "amount";

/** One cell: a number or a time, a text or an amount, or nothing. */
export type Cell = string | number | null;

/** A row: its cells in the order of the table's columns, and the same as an object for JSON. */
export interface ExportRow {
  readonly cells: readonly Cell[];
  readonly json: object;
}

/** Where a row comes from. */
export interface OfRun {
  /** The run of the journal; null for a result, which has only one. */
  readonly run: number | null;
}

/** A point of the equity curve. */
export interface EquityPoint {
  /**
   * Where the point comes from: a signal, a fill, the last trade of the run so far, or a sample of a result's curve.
   */
  readonly event: "signal" | "fill" | "last" | "sample";
  /** µs since 1970. */
  readonly time: number;
  readonly symbol: string;
  readonly tradeId: number | null;
  /** The price that values the position, quote currency; null in a sample, as are cash and position. */
  readonly price: string | null;
  readonly cash: string | null;
  readonly position: string | null;
  readonly equity: string;
}

/** What was bought and sold again. */
const CLOSED = {
  symbol: "text",
  opened: "time",
  closed: "time",
  quantity: "amount",
  cost: "amount",
  proceeds: "amount",
  fees: "amount",
  profit: "amount",
} as const;
const BOTH_TRADES = { buyTradeId: "number", sellTradeId: "number" } as const;

/** The columns of each table, in their order. */
export const COLUMNS: Readonly<Record<TableName, Readonly<Record<string, ColumnKind>>>> = {
  fills: {
    run: "number",
    time: "time",
    symbol: "text",
    side: "text",
    price: "amount",
    quantity: "amount",
    notional: "amount",
    fee: "amount",
    cash: "amount",
    position: "amount",
    realized: "amount",
    tradeId: "number",
    signalTradeId: "number",
  },
  closed: {
    run: "number",
    ...CLOSED,
    ...BOTH_TRADES,
  },
  equity: {
    run: "number",
    time: "time",
    symbol: "text",
    event: "text",
    tradeId: "number",
    price: "amount",
    cash: "amount",
    position: "amount",
    equity: "amount",
  },
  signals: {
    run: "number",
    time: "time",
    symbol: "text",
    side: "text",
    price: "amount",
    tradeId: "number",
    values: "text",
  },
  trips: {
    run: "number",
    trip: "number",
    ...CLOSED,
    fills: "number",
    cause: "text",
    ...BOTH_TRADES,
  },
};

/** One fill; `time` in µs since 1970. In JSON, exactly the event that `--json` printed. */
export function fillRow(event: FillEvent, time: number, { run }: OfRun): ExportRow {
  const { symbol, side, price, quantity, fee, cash, position, realized, tradeId, signalTradeId } = event;
  const notional = plain(new Money(price).times(quantity));
  return {
    cells: [
      ...[run, time, symbol, side, price, quantity, notional, fee, cash, position],
      ...[realized ?? null, tradeId, signalTradeId],
    ],
    json: event,
  };
}

/** One closed position. */
export function closedRow(lot: ClosedLot, { run }: OfRun): ExportRow {
  const { buyTradeId, sellTradeId } = lot;
  return rowOf("closed", { run, ...closedCells(lot), buyTradeId, sellTradeId });
}

/** One round trip. */
export function tripRow(ended: ClosedTrip, { run }: OfRun): ExportRow {
  const { number: trip, fills, cause, buyTradeId, sellTradeId } = ended;
  return rowOf("trips", { run, trip, ...closedCells(ended), fills, cause, buyTradeId, sellTradeId });
}

function closedCells(
  { symbol, opened, closed, ...lot }: ClosedLot,
): Readonly<Record<keyof typeof CLOSED, Cell>> {
  return {
    symbol,
    opened,
    closed,
    quantity: plain(lot.quantity),
    cost: plain(lot.cost),
    proceeds: plain(lot.proceeds),
    fees: plain(lot.fees),
    profit: plain(lot.profit),
  };
}

/** One point of the equity curve. */
export function equityRow(point: EquityPoint, { run }: OfRun): ExportRow {
  const { time, symbol, event, tradeId, price, cash, position, equity } = point;
  return rowOf("equity", { run, time, symbol, event, tradeId, price, cash, position, equity });
}

/**
 * One signal; `time` in µs since 1970. The values of its strategy, under their own names, are one cell, a JSON object.
 * In JSON, exactly the event that `--json` printed.
 */
export function signalRow(event: SignalEvent, time: number, { run }: OfRun): ExportRow {
  const { type: _, time: __, symbol, side, price, tradeId, ...values } = event;
  return { cells: [run, time, symbol, side, price, tradeId, JSON.stringify(values)], json: event };
}

const TYPES = { closed: "closed", equity: "equity", trips: "trip" } as const;

/**
 * A row from its cells by name, in the order of the columns. Its type in JSON is that of the table, because there is no
 * event.
 */
function rowOf(table: keyof typeof TYPES, fields: Readonly<Record<string, Cell>>): ExportRow {
  const columns = COLUMNS[table];
  const shown = Object.entries(fields).map(([name, cell]) =>
    [name, columns[name] === "time" ? isoTime(cell as number) : cell] as const
  );
  return {
    cells: Object.keys(columns).map((name) => fields[name] ?? null),
    json: { type: TYPES[table], ...Object.fromEntries(shown) },
  };
}
