/** The state of a run and the totals of its summary. Reads the stages and changes none of them. */
import type { SummaryEvent } from "../domain/run/event.ts";
import type { Halt } from "../domain/risk/halt.ts";
import type { Fallen } from "../domain/risk/loss_limits.ts";
import { type Money, plain } from "../domain/numbers/money.ts";
import { priceAsMoney } from "../domain/numbers/price.ts";
import type { Readings } from "../domain/market/signal.ts";
import { isoTime } from "../domain/numbers/time.ts";
import type { BarStage } from "./bars.ts";
import type { AccountBooks } from "./order_stages.ts";
import type { SymbolStages } from "./symbol_stages.ts";

/** The state of a run, for the views. Amounts in quote currency, position in base. */
export interface RunState {
  readonly trades: number;
  /** The last trade's time, µs since 1970; null before the first. */
  readonly lastTime: number | null;
  readonly price: Money | null;
  /** The bars that the run trades on, which the caller must read at once; absent if every trade is one. */
  readonly bars?: Pick<BarStage, "size" | "closed" | "open">;
  readonly readings: Readings;
  readonly stance: "flat" | "long";
  readonly cash: Money;
  readonly position: Money;
  readonly equity: Money;
  /** The drawdown that the limit sees, and the limit, fractions of the peak; null without `--max-drawdown`. */
  readonly fall: Fallen | null;
  /** The halt in force, or null. */
  readonly halt: Halt | null;
}

/** The part of a summary that follows from the trades. */
export type Totals = Omit<SummaryEvent, "type" | "time" | "elapsedMs">;

/** The totals that depend on how orders fill. Amounts in quote currency, position in base, as text. */
export type ModelTotals = Pick<
  Totals,
  "fills" | "refusals" | "cash" | "position" | "equity" | "fees" | "realized" | "maxDrawdown" | "halt"
>;

/** All parts of a run. */
export interface RunParts {
  readonly trades: number;
  /** The first trade's time, µs since 1970; null before it. */
  readonly firstTime: number | null;
  readonly books: AccountBooks;
  /** In the order in which the run was given them. */
  readonly symbols: readonly SymbolStages[];
  /** The symbol of the last trade; the first one before any. */
  readonly moving: SymbolStages;
}

/** The state of a run, as of the symbol that traded last. */
export function runStateOf({ trades, moving, books }: RunParts): RunState {
  const { last, bars, strategy, signals, orders: { account, gate } } = moving;
  return {
    trades,
    lastTime: last?.time ?? null,
    price: moving.lastPrice,
    ...(bars === null ? {} : { bars }),
    readings: strategy,
    stance: signals.stance,
    cash: account.cash,
    position: account.position,
    equity: equityOf(books),
    fall: books.risk.halt.fall(),
    halt: gate.halt,
  };
}

/** The totals of the stages after the signal so far. */
export function modelTotals(books: AccountBooks, refusals: number): ModelTotals {
  const { all, drawdown, risk: { halt: { current: halt } } } = books;
  const { account } = all[0]!;
  return {
    fills: sumOf(all, ({ fills }) => fills.fills),
    refusals,
    cash: plain(account.cash),
    position: plain(account.position),
    equity: plain(equityOf(books)),
    fees: plain(account.fees),
    realized: plain(account.realized),
    maxDrawdown: drawdown.worst(),
    halt,
  };
}

/** The totals of a run so far. Its position is that of the first symbol; several symbols have `positions` too. */
export function totalsOf({ trades, firstTime, books, symbols, moving }: RunParts): Totals {
  const { last } = moving;
  const { fills, refusals, ...amounts } = modelTotals(
    books,
    sumOf(symbols, ({ events }) => events.refusals.total),
  );
  const counts = symbols.map(({ parse }) => parse.counts);
  const counted = (name: keyof typeof counts[number]) => sumOf(counts, (count) => count[name] ?? 0);
  const absent = counted("absent");
  return {
    symbol: symbols.map(({ symbol }) => symbol).join(),
    trades,
    ...(moving.bars === null ? {} : { bars: sumOf(symbols, ({ bars }) => bars!.closed) }),
    firstTime: firstTime === null ? null : isoTime(firstTime),
    lastTime: last === null ? null : isoTime(last.time),
    signals: sumOf(symbols, ({ signals }) => signals.signals),
    fills,
    refusals,
    rejected: counted("rejected"),
    duplicates: counted("duplicates"),
    passedOver: counted("passedOver"),
    outOfOrder: counted("outOfOrder"),
    gaps: sumOf(symbols, ({ events }) => events.gaps),
    ...(absent === 0 ? {} : { absent }),
    resets: counted("resets"),
    ...amounts,
    ...(symbols.length === 1 ? {} : { positions: positionsOf(symbols) }),
  };
}

function positionsOf(symbols: readonly SymbolStages[]): Readonly<Record<string, string>> {
  return Object.fromEntries(symbols.map(({ symbol, orders }) => [symbol, plain(orders.account.position)]));
}

function equityOf({ risk, all }: AccountBooks): Money {
  const account = risk.moving ?? all[0]!.account;
  const { price, decimals } = account.lastPrice;
  return account.equity(priceAsMoney(price, decimals));
}

function sumOf<T>(parts: readonly T[], of: (part: T) => number): number {
  return parts.reduce((sum, part) => sum + of(part), 0);
}

/** How many orders have been refused over all symbols, by reason. */
export function refusedIn(symbols: readonly SymbolStages[]): ReadonlyMap<string, number> {
  const [first, ...more] = symbols.map(({ events }) => events.refusals.byReason);
  if (more.length === 0) return first!;
  const sum = new Map(first);
  for (const [reason, count] of more.flatMap((other) => [...other])) {
    sum.set(reason, (sum.get(reason) ?? 0) + count);
  }
  return sum;
}
