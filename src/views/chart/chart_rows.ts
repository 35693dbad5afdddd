/** The rows of a chart that are text. */
import type { FillEvent } from "../../domain/run/event.ts";
import {
  exactly,
  meanPriceText,
  money,
  percent,
  priceText,
  shortMoney,
  signedMoney,
  unsignedPercent,
  valuesText,
} from "../terminal/figures.ts";
import { printable } from "../terminal/terminal.ts";
import type { LogLine } from "../picture.ts";
import type { ChartFigures } from "./chart_figures.ts";
import { type Row, rowWidth, type Span, spread, type Style } from "../terminal/styled_rows.ts";
import { spanText } from "./time_scale.ts";

/** The styles of the strategy's values; the price has none. */
export const VALUE_STYLES: readonly Style[] = ["magenta", "cyan", "yellow", "green"];

const GAP: Span = { text: "  " };

/** Connection, symbol, price and equity; on the right, the state of the run and of its stream. */
export function headRow(figures: ChartFigures, columns: number): Row {
  const { symbol, quote, isConnected, price, equity, tradesPerSecond, lagMs } = figures;
  const left: Row = [
    isConnected ? { text: "● ", style: "green" } : { text: "○ offline ", style: "yellow" },
    { text: printable(symbol), style: "bold" },
    GAP,
    price === null ? { text: "waiting for trades" } : { text: priceText(price), style: "bold" },
    GAP,
    { text: `equity ${money(equity)} ${quote}` },
    ...troubleOf(figures),
  ];
  const lag = lagMs === null ? "" : `  lag ${Math.round(lagMs)} ms`;
  return spread(left, [{ text: `${tradesPerSecond} trades/s${lag}`, style: "faint" }], columns);
}

function troubleOf({ halt, awaitsRules }: ChartFigures): Row {
  if (halt !== null) return [GAP, { text: ` HALTED ${halt.reason} `, style: "reverse" }];
  return awaitsRules ? [GAP, { text: " waiting for rules ", style: "reverse" }] : [];
}

/** What each line and mark is, and how much time is shown. */
export function legendRow({ values, price, label }: ChartFigures, span: number, columns: number): Row {
  const names = Object.keys(values ?? {});
  const texts = valuesText(Object.values(values ?? {}), price ?? "0");
  const shown = names.flatMap((name, at): Span[] => {
    if (name === "close") return [];
    const style = VALUE_STYLES[at];
    return [GAP, { text: `${inWords(name)} ${texts[at]}`, style }];
  });
  const left: Row = [
    { text: "price" },
    ...(values === null ? [GAP, { text: `${label} warming up`, style: "faint" } as const] : shown),
  ];
  const marks: Row = [
    { text: "▲ buy", style: "green" },
    GAP,
    { text: "▼ sell", style: "red" },
    GAP,
    { text: spanText(span), style: "bold" },
  ];
  const room = columns - rowWidth(marks) - 1;
  return rowWidth(left) <= room ? spread(left, marks, columns) : spread(left, marks.slice(-1), columns);
}

/** A name such as `shortAverage` in words. */
function inWords(name: string): string {
  return printable(name).replace(/Average$/, "").replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

const FULL = "⣿";
const HALF = "⡇";
const EMPTY = "⣀";
/** The bar changes colour at these shares of the limit. */
const NEAR = 0.5;
const CLOSE = 0.8;

/** The drawdown and its limit as a bar. */
export function fallRow(fall: ChartFigures["fall"], columns: number): Row {
  if (fall === null) return [{ text: "drawdown has no limit", style: "faint" }];
  const text = `drawdown ${unsignedPercent(fall.value)} of ${unsignedPercent(fall.limit)}  `;
  const share = Math.min(1, Number(fall.value) / Number(fall.limit));
  const room = Math.max(0, columns - text.length);
  const halves = Math.round(share * room * 2);
  const bar = FULL.repeat(Math.floor(halves / 2)) + (halves % 2 === 1 ? HALF : "");
  const style: Style = share >= CLOSE ? "red" : share >= NEAR ? "yellow" : "green";
  return [{ text }, { text: bar, style }, { text: EMPTY.repeat(room - bar.length), style: "faint" }];
}

/** Position, cash and result. */
export function accountRow(figures: ChartFigures, columns: number): Row {
  const { base, position, averagePrice, openProfit, price, cash, result, resultShare } = figures;
  const held: Row = position === "0" ? [{ text: "flat", style: "bold" }] : [
    { text: `${exactly(position)} ${base}`, style: "bold" },
    ...(averagePrice === null ? [] : [{ text: ` @ ${meanPriceText(averagePrice, price ?? averagePrice)}` }]),
    ...(openProfit === null ? [] : [{ text: "  open " }, signed(openProfit)]),
  ];
  const rest: Row = [GAP, { text: "result " }, signed(result), { text: ` (${percent(resultShare)})` }];
  return spread([...held, ...rest], [{ text: `cash ${shortMoney(cash)}` }], columns);
}

function signed(amount: string): Span {
  const text = signedMoney(amount);
  const style = !/[1-9]/.test(text) ? undefined : text.startsWith("-") ? "red" : "green";
  return { text, style };
}

/** A fill: its time, side, quantity, price and result. */
export function fillRow({ time, side, quantity, price, fee, realized, cause }: FillEvent, base: string): Row {
  const isBuy = side === "buy";
  return [
    { text: `${time.slice(11, 19)} `, style: "faint" },
    { text: isBuy ? "▲ buy " : "▼ sell", style: isBuy ? "green" : "red" },
    { text: ` ${exactly(quantity)} ${base} @ ${priceText(price)}  fee ${shortMoney(fee)}` },
    ...(realized === undefined ? [] : [{ text: "  result " }, signed(realized)]),
    ...(cause === undefined ? [] : [{ text: `  ${cause}`, style: "faint" } as const]),
  ];
}

const LEVEL_STYLES: Readonly<Record<LogLine["level"], Style>> = {
  debug: "faint",
  info: "cyan",
  warn: "yellow",
  error: "red",
};

/** A line of the log, whose text is printable. */
export function logRow({ time, level, text }: LogLine): Row {
  return [
    { text: `${time.slice(0, 8)} `, style: "faint" },
    { text: level.toUpperCase().padEnd(5), style: LEVEL_STYLES[level] },
    { text: ` ${text}` },
  ];
}

/** A thin line with a title. */
export function titleRow(title: string, columns: number): Row {
  return [{ text: `─ ${title} ${"─".repeat(Math.max(0, columns - title.length - 3))}`, style: "faint" }];
}
