/** The output of `penstock export`: fills or closed positions, as lines of CSV or JSON. */
import type { FillEvent } from "../../domain/run/event.ts";
import type { ClosedLot, ClosedTotals } from "../../domain/account/fifo_lots.ts";
import { Money, plain } from "../../domain/numbers/money.ts";
import { isoTime } from "../../domain/numbers/time.ts";
import { printable, printableJson } from "../terminal/terminal.ts";

/** The start of what a spreadsheet, even one that trims or widens characters, takes for a formula or a command. */
const FORMULA = /^[\s"']*[=+\-@＝＋－＠]|^[\t\r\n]/;
/** A terminal acts on tabs and line ends, but a quoted cell of CSV may hold them. This finds the rest. */
const WITHIN_CELLS = /[^\t\r\n]+/g;
const NUMBER = /^-?\d+(\.\d+)?$/;

/** The format of the exported lines. */
export type ExportFormat = "csv" | "json";

/** Where a line comes from. */
interface OfRun {
  /** The run of the journal. */
  readonly run: number;
}

const FILL_COLUMNS = [
  "run",
  "time",
  "symbol",
  "side",
  "price",
  "quantity",
  "notional",
  "fee",
  "cash",
  "position",
  "realized",
  "tradeId",
  "signalTradeId",
];

const CLOSED_COLUMNS = [
  "run",
  "symbol",
  "opened",
  "closed",
  "quantity",
  "cost",
  "proceeds",
  "fees",
  "profit",
  "buyTradeId",
  "sellTradeId",
];

/** The first line before the fills; empty in JSON. */
export function fillHead(format: ExportFormat): string {
  return format === "csv" ? csvLine(FILL_COLUMNS) : "";
}

/** One fill: in JSON, exactly the event that `--json` printed. */
export function fillLine(format: ExportFormat, event: FillEvent, { run }: OfRun): string {
  if (format === "json") return `${printableJson(event)}\n`;
  const { time, symbol, side, price, quantity, fee, cash, position, realized, tradeId, signalTradeId } =
    event;
  const notional = plain(new Money(price).times(quantity));
  return csvLine([
    run,
    time,
    symbol,
    side,
    price,
    quantity,
    notional,
    fee,
    cash,
    position,
    realized ?? null,
    tradeId,
    signalTradeId,
  ]);
}

/** The first line before the closed positions; empty in JSON. */
export function closedHead(format: ExportFormat): string {
  return format === "csv" ? csvLine(CLOSED_COLUMNS) : "";
}

/** One closed position. */
export function closedLine(format: ExportFormat, lot: ClosedLot, { run }: OfRun): string {
  // In the order of CLOSED_COLUMNS.
  const fields = {
    run,
    symbol: lot.symbol,
    opened: isoTime(lot.opened),
    closed: isoTime(lot.closed),
    quantity: plain(lot.quantity),
    cost: plain(lot.cost),
    proceeds: plain(lot.proceeds),
    fees: plain(lot.fees),
    profit: plain(lot.profit),
    buyTradeId: lot.buyTradeId,
    sellTradeId: lot.sellTradeId,
  };
  return format === "csv"
    ? csvLine(Object.values(fields))
    : `${printableJson({ type: "closed", ...fields })}\n`;
}

/** The totals of a run's closed positions in words. */
export function closedSummary(
  { count, cost, proceeds, fees, profit }: ClosedTotals,
  { run, realized, isFlat }: OfRun & { readonly realized: string; readonly isFlat: boolean },
): string {
  const sums = `cost ${plain(cost)}, proceeds ${plain(proceeds)}, fees ${plain(fees)}, profit ${
    plain(profit)
  }`;
  const agrees = profit.eq(realized);
  const journal = agrees
    ? "which is what the journal realized"
    : `the journal realized ${realized} at average cost`;
  const open = isFlat ? "" : "; a position is still open and not among them";
  return `run ${run}: ${count} closed position${count === 1 ? "" : "s"}: ${sums}, ${journal}${open}`;
}

/**
 * One line of CSV (RFC 4180), with its end. Numbers, and texts that are numbers, stay as they are, even negative ones.
 * Any other text that a spreadsheet might take for a formula gets an apostrophe in front, so that it shows as text. Null
 * is an empty cell. Whatever could steer a terminal or stay invisible is escaped as in `printable`.
 */
export function csvLine(cells: readonly (string | number | null)[]): string {
  return `${cells.map(cellOf).join(",")}\r\n`;
}

function cellOf(value: string | number | null): string {
  const text = value === null ? "" : String(value).replace(WITHIN_CELLS, printable);
  const safe = !NUMBER.test(text) && FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
