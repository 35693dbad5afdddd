/** Klines made of trades, and the prints of klines, computed with fractions of big integers as the contract has them. */
import { type FileTrade } from "./trade_files.ts";

/** A kline: amounts are decimal text, times µs since 1970. */
export interface Kline {
  readonly openTime: number;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume: string;
  /** The µs that it covers. */
  readonly interval: number;
}

/** One of a kline's prints. */
export type Print = Pick<FileTrade, "time" | "price" | "quantity">;

const DIGITS = 8;

/** A decimal text as a count of hundred-millionths. */
export function parts(text: string): bigint {
  const [whole = "", fraction = ""] = text.split(".");
  return BigInt(whole + fraction.padEnd(DIGITS, "0").slice(0, DIGITS));
}

export function partsText(value: bigint): string {
  const digits = `${value}`.padStart(DIGITS + 1, "0");
  return `${digits.slice(0, -DIGITS)}.${digits.slice(-DIGITS)}`;
}

/** The klines that an exchange would publish of these trades, which are in order; those without trades are flat. */
export function klinesOf(
  trades: readonly Pick<FileTrade, "time" | "price" | "quantity">[],
  interval: number,
): Kline[] {
  const klines: Kline[] = [];
  const ofInterval = Map.groupBy(trades, ({ time }) => Math.floor(time / interval));
  const numbers = [...ofInterval.keys()];
  const first = numbers.reduce((least, number) => Math.min(least, number), Infinity);
  const last = numbers.reduce((most, number) => Math.max(most, number), -Infinity);
  for (let number = first; number <= last; number++) {
    const inIt = ofInterval.get(number) ?? [];
    const before = klines.at(-1)?.close ?? "";
    const prices = inIt.length === 0 ? [before] : inIt.map(({ price }) => price);
    const sorted = prices.toSorted((a, b) => parts(a) < parts(b) ? -1 : 1);
    klines.push({
      openTime: number * interval,
      open: prices[0]!,
      high: sorted.at(-1)!,
      low: sorted[0]!,
      close: prices.at(-1)!,
      volume: partsText(inIt.reduce((sum, { quantity }) => sum + parts(quantity), 0n)),
      interval,
    });
  }
  return klines;
}

/** A row as Binance publishes it. */
export function klineRow(kline: Kline, unit: "ms" | "µs" = "ms"): string {
  const { openTime, open, high, low, close, volume, interval } = kline;
  const stamp = (time: number) => unit === "ms" ? time / 1000 : time;
  const closeTime = stamp(openTime + interval) - 1;
  return `${
    stamp(openTime)
  },${open},${high},${low},${close},${volume},${closeTime},123.45000000,17,0.50000000,61.2,0\n`;
}

export const KLINE_HEADER =
  "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore\n";

/** The four prints of a kline; none if nothing was traded in it. */
export function printsOf(kline: Kline, unit: "ms" | "µs" = "ms"): Print[] {
  const { openTime, open, high, low, close, volume, interval } = kline;
  if (parts(volume) === 0n) return [];
  const up = parts(high) - parts(open);
  const down = parts(open) - parts(low);
  const prices = [open, ...(up < down ? [high, low] : [low, high]), close];
  const quarter = parts(volume) / 4n;
  const times = [
    openTime,
    ...[1n, 2n].map((third) => openTime + Number(BigInt(interval) * third / 3n)),
    openTime + interval - (unit === "ms" ? 1000 : 1),
  ];
  return prices.map((price, at) => ({
    time: times[at]!,
    price,
    quantity: partsText(at === 3 ? parts(volume) - 3n * quarter : quarter),
  }));
}
