/** Made-up trades, and the same trades in every layout that `penstock backtest` reads. */
import { HEADERS } from "./csv.ts";
import { messageOf, type MessageShape } from "./pipeline_input.ts";
import { SeededRandom } from "./random.ts";
import type { PlainTrade } from "./reference.ts";

/** A trade with everything that a file holds. */
export interface FileTrade extends PlainTrade {
  /** Decimal text, base currency. */
  readonly quantity: string;
  readonly buyerIsMaker: boolean;
}

/** How trades are made. */
export interface Making {
  /** The first id; 3735683259 unless given. */
  readonly firstId?: number;
  /** Whether a row may cover several ids, as an aggregate does. */
  readonly aggregated?: boolean;
  /** Whether times are finer than a millisecond. */
  readonly fine?: boolean;
  /** How many of a thousand trades come before a hole, and how many come twice; 0 unless given. */
  readonly holes?: number;
  readonly twice?: number;
}

const FIRST_ID = 3_735_683_259;
const FIRST_TIME = 1_723_161_255_342_000;
const FIRST_CENTS = 6_183_763;

/** `count` different trades at a price that walks at random. Trades that come twice are not counted twice. */
export function walk(seed: number, count: number, making: Making = {}): FileTrade[] {
  const { aggregated = false, fine = false, holes = 0, twice = 0 } = making;
  const random = new SeededRandom(seed);
  const trades: FileTrade[] = [];
  let id = making.firstId ?? FIRST_ID;
  let time = FIRST_TIME;
  let cents = FIRST_CENTS;
  for (let made = 0; made < count; made++) {
    const lastId = id + (aggregated ? random.whole(0, 3) : 0);
    const trade = {
      firstId: id,
      lastId,
      time,
      price: `${(cents / 100).toFixed(2)}000000`,
      quantity: `${random.whole(0, 9)}.${random.whole(1, 99_999)}`.padEnd(10, "0"),
      buyerIsMaker: random.fraction() < 0.5,
    };
    trades.push(trade);
    if (random.whole(1, 1000) <= twice) trades.push(trade);
    id = lastId + 1 + (random.whole(1, 1000) <= holes ? random.whole(1, 20) : 0);
    time += fine ? random.whole(0, 150_000) : 1000 * random.whole(0, 150);
    cents = Math.max(100, cents + random.whole(-2_000, 2_000));
  }
  return trades;
}

/** The layouts of Binance's public data, in the order of HEADERS. */
export const CSV_LAYOUTS = ["spot trades", "spot aggTrades", "futures trades", "futures aggTrades"] as const;

/** What differs between files of one layout. */
export interface CsvStyle {
  readonly header: boolean;
  readonly unit: "ms" | "µs";
  /** Whether booleans are `True` and `False`, not `true` and `false`. */
  readonly capital: boolean;
  /** A line feed unless given. */
  readonly ending?: string;
}

/** Files as they are today: no header, milliseconds, `True`. */
export const USUAL: CsvStyle = { header: false, unit: "ms", capital: true };

/** The rows of a file, with the header if there is one, each with its line ending. */
export function csvRows(
  trades: readonly FileTrade[],
  layout: (typeof CSV_LAYOUTS)[number],
  { header, unit, capital, ending = "\n" }: CsvStyle,
): string[] {
  const isAggregate = layout.endsWith("aggTrades");
  const bool = (value: boolean) => capital ? (value ? "True" : "False") : String(value);
  const rows = trades.map(({ firstId, lastId, time, price, quantity, buyerIsMaker }, at) => {
    const stamp = unit === "µs" ? time : time / 1000;
    const ids = [firstId, lastId];
    const worth = (Number(price) * Number(quantity)).toFixed(8);
    return [
      isAggregate ? 60_953_854 + at : lastId,
      price,
      quantity,
      ...(isAggregate ? ids : [worth]),
      stamp,
      bool(buyerIsMaker),
      ...(layout.startsWith("spot") ? [bool(true)] : []),
    ].join(",");
  });
  if (header) rows.unshift(HEADERS[CSV_LAYOUTS.indexOf(layout)]!);
  return rows.map((row) => row + ending);
}

/** A whole CSV file. */
export function csvText(
  trades: readonly FileTrade[],
  layout: (typeof CSV_LAYOUTS)[number] = "spot trades",
  style: CsvStyle = USUAL,
): string {
  return csvRows(trades, layout, style).join("");
}

/** One message per line. */
export function messagesText(trades: readonly PlainTrade[], shape: MessageShape): string {
  return trades.map((trade) => `${messageOf(trade, shape)}\n`).join("");
}

const DIGITS = { ns: "085", µs: "", ms: "" };

/** A recording from another program, with frames of other streams between the trades. */
export function recordingText(
  trades: readonly PlainTrade[],
  shape: MessageShape,
  unit: "ns" | "µs" | "ms",
): string {
  return trades.map((trade, at) => {
    const time = unit === "ms" ? Math.floor(trade.time / 1000) : trade.time;
    const stamp = `${time}${DIGITS[unit]}`;
    const other = at % 5 === 0 ? `${stamp} ${otherFrame(at, shape.startsWith("combined"))}\n` : "";
    return `${other}${stamp} ${messageOf(trade, shape)}\n`;
  }).join("");
}

function otherFrame(number: number, isCombined: boolean): string {
  const data = `{"u":${number},"s":"BTCUSDT","b":"61837.62","B":"1.5","a":"61837.63","A":"0.02"}`;
  return isCombined ? `{"stream":"btcusdt@bookTicker","data":${data}}` : data;
}
