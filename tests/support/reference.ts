/**
 * A naive reference for the whole strategy, written from its definition, not from the program. Windows are added up
 * from scratch at every trade, orders wait in a list, and every amount is an exact decimal. It shares no code with
 * `src`; only the shape of the events is the same, because they are compared.
 */
import type { PipelineEvent } from "../../src/domain/run/event.ts";
import { Exact } from "./exact.ts";
import { ReferenceBars } from "./reference_bars.ts";
import { type Lost, type ReferenceHalt, ReferenceOrders, type Untimed } from "./reference_orders.ts";

/** The quantity of a trade without one. */
export const DEFAULT_QUANTITY = "0.00100000";

/** A trade as an exchange would send it: ids covered, time in µs, price and quantity as decimal text. */
export interface PlainTrade {
  readonly firstId: number;
  readonly lastId: number;
  readonly time: number;
  readonly price: string;
  readonly quantity?: string;
  /** Fetched after the fact: it moves averages and equity, and never trades. */
  readonly late?: boolean;
  /** Only its ids can be read. */
  readonly unusable?: boolean;
}

/** What the user chose, amounts as decimal text, latency in µs. */
export interface Choices {
  readonly symbol: string;
  readonly short: number;
  readonly long: number;
  readonly cash: string;
  readonly stake: string;
  readonly fee: string;
  readonly slippage: string;
  readonly latency: number;
  readonly lot: string;
  readonly tick: string;
  readonly minNotional: string;
  readonly maxDrawdown: string | null;
  /** What `--bars` is given; absent for every trade. */
  readonly bars?: string;
  /** From here on, an absent value means no limit. */
  readonly maxDailyLoss?: string | null;
  readonly onHalt?: "hold" | "flatten";
  readonly maxPosition?: string | null;
  /** `within` in ms. */
  readonly maxOrders?: { readonly count: number; readonly within: number } | null;
  /** µs. */
  readonly cooldown?: number | null;
  /** µs; the made-up streams have no times of arrival. */
  readonly maxLag?: number | null;
  readonly participation?: string | null;
  /** µs. */
  readonly orderTtl?: number | null;
  readonly stopLoss?: string | null;
  readonly takeProfit?: string | null;
  readonly trailingStop?: string | null;
  /** The first trade that may fill an order; by default the one that made it. */
  readonly fill?: "signal" | "next";
}

/** The results of a run. */
export interface Reference {
  readonly events: PipelineEvent[];
  /** The last closes, of which there are `long` at most, in hundred-millionths. */
  readonly closes: readonly bigint[];
  readonly totals:
    & Record<
      "trades" | "signals" | "fills" | "refusals" | "duplicates" | "outOfOrder" | "gaps",
      number
    >
    & Record<"cash" | "position" | "equity" | "fees" | "realized" | "maxDrawdown", string>
    & { readonly bars?: number };
}

const NOTHING = new Exact(0n);
const PRICE_DECIMALS = 8;
const DAY = 86_400_000_000;

/** Does the work of `computeReference`, one trade after the other. */
class ReferenceRun {
  readonly events: PipelineEvent[] = [];
  readonly #choices: Choices;
  readonly #orders: ReferenceOrders;
  readonly #bars: ReferenceBars;
  /** Of the whole run, and since the last release. */
  #peak: Exact;
  #limitPeak: Exact;
  #worst: { fall: Exact; peak: Exact };
  #day: { number: number; start: Exact } | null = null;
  #halt: ReferenceHalt | null = null;
  /** Closes since the last gap, in hundred-millionths. */
  #closes: bigint[] = [];
  /** The total of all closes since the last gap, before each of those and after the last. */
  #totals = [0n];
  #price = NOTHING;
  #stance: "flat" | "long" = "flat";
  #lastId: number | null = null;
  #time = 0;
  /** Ids covered by the trades that counted, as ranges. */
  readonly #seen: [first: number, last: number][] = [];
  #counts = { trades: 0, signals: 0, duplicates: 0, outOfOrder: 0, gaps: 0 };

  constructor(choices: Choices) {
    this.#choices = choices;
    this.#orders = new ReferenceOrders(choices, (event) => this.#emit(event), () => this.#measure());
    this.#bars = new ReferenceBars(choices.bars ?? "trades");
    this.#peak = this.#limitPeak = Exact.of(choices.cash);
    this.#worst = { fall: NOTHING, peak: this.#peak };
  }

  see(trade: PlainTrade): void {
    const { firstId, lastId } = trade;
    if (trade.unusable) {
      if (this.#lastId !== null && firstId === this.#lastId + 1) this.#lastId = lastId;
      return;
    }
    if (this.#lastId !== null && lastId <= this.#lastId) {
      const isSeen = this.#seen.some(([first, last]) => firstId <= last && lastId >= first);
      this.#counts[isSeen ? "duplicates" : "outOfOrder"]++;
      return;
    }
    this.#seen.push([firstId, lastId]);
    this.#counts.trades++;
    this.#time = trade.time;
    const before = this.#equity();
    this.#price = Exact.of(trade.price);
    if (this.#lastId !== null && trade.firstId > this.#lastId + 1) this.#gap(this.#lastId, trade.firstId);
    this.#lastId = trade.lastId;
    const signals = this.#bars.see(trade).flatMap(({ close }) => {
      this.#closes.push(close);
      this.#totals.push(this.#totals.at(-1)! + close);
      if (this.#closes.length > this.#choices.long) {
        this.#closes.shift();
        this.#totals.shift();
      }
      return trade.late ? [] : this.#signal(trade);
    });
    this.#measure();
    this.#startDay(before, trade);
    this.#checkLosses(trade.lastId);
    this.#orders.trade(signals, {
      tradeId: trade.lastId,
      time: trade.time,
      price: this.#price,
      quantity: Exact.of(trade.quantity ?? DEFAULT_QUANTITY),
      halt: this.#halt,
      late: trade.late === true,
    });
  }

  /** A process stops: the orders that wait expire, and another process continues. */
  stop(): void {
    this.#orders.end();
  }

  /** The connection is lost. */
  lose(lost: Lost): void {
    this.#orders.lose(lost);
  }

  /** Halts by hand, at `time`. */
  halt(action: "hold" | "flatten", time: number): void {
    const tradeId = this.#lastId ?? -1;
    const lastTime = this.#time;
    this.#time = time;
    this.#stop({ reason: "manual", limit: "released", value: "halted", tradeId, action });
    this.#time = lastTime;
  }

  /** Ends a halt by hand, at `time`: both limits count again from the equity of this moment. */
  release(time: number): void {
    if (this.#halt === null) return;
    const lastTime = this.#time;
    this.#time = time;
    this.#emit({ type: "released", reason: this.#halt.reason, tradeId: this.#lastId ?? -1 });
    this.#time = lastTime;
    this.#halt = null;
    this.#limitPeak = this.#equity();
    if (this.#day !== null) this.#day = { ...this.#day, start: this.#limitPeak };
    this.#orders.askAgain();
  }

  end(): Reference {
    this.#orders.end();
    const { cash, position, fees, realized, fills, refusals } = this.#orders;
    return {
      events: this.events,
      closes: this.#closes,
      totals: {
        ...this.#counts,
        ...(this.#choices.bars === undefined ? {} : { bars: this.#bars.closed }),
        fills,
        refusals,
        cash: cash.toString(),
        position: position.toString(),
        equity: this.#equity().toString(),
        fees: fees.toString(),
        realized: realized.toString(),
        maxDrawdown: this.#worst.fall.ratio(this.#worst.peak, 8).toString(),
      },
    };
  }

  /** Without backfill the averages start again from empty. */
  #gap(lastId: number, firstId: number): void {
    this.#counts.gaps++;
    this.#closes = [];
    this.#totals = [0n];
    this.#bars.drop();
    const missing = firstId - lastId - 1;
    this.#emit({ type: "gap", fromId: lastId + 1, toId: firstId - 1, missing, filled: 0 });
  }

  #signal({ lastId }: PlainTrade): ("buy" | "sell")[] {
    const { short, long } = this.#choices;
    if (this.#closes.length < long) return [];
    const sumOf = (window: number) => this.#totals.at(-1)! - this.#totals.at(-1 - window)!;
    const [shortSum, longSum] = [sumOf(short), sumOf(long)];
    const difference = shortSum * BigInt(long) - longSum * BigInt(short);
    const wants = difference > 0n ? "long" : difference < 0n ? "flat" : this.#stance;
    if (wants === this.#stance) return [];
    this.#stance = wants;
    this.#counts.signals++;
    const side = wants === "long" ? "buy" : "sell";
    const average = (total: bigint, window: number) =>
      new Exact(total, PRICE_DECIMALS).ratio(new Exact(BigInt(window)), 8).toString();
    this.#emit({
      type: "signal",
      side,
      price: this.#price.toString(),
      tradeId: lastId,
      shortAverage: average(shortSum, short),
      longAverage: average(longSum, long),
    });
    return [side];
  }

  /**
   * At the first trade of a UTC day, the loss counts from the equity after the trade before, and a day's halt
   * ends.
   */
  #startDay(before: Exact, { time, lastId }: PlainTrade): void {
    if ((this.#choices.maxDailyLoss ?? null) === null) return;
    const number = Math.floor(time / DAY);
    if (this.#day !== null && number <= this.#day.number) return;
    this.#day = { number, start: before };
    if (this.#halt?.reason !== "max-daily-loss") return;
    this.#emit({ type: "released", reason: this.#halt.reason, tradeId: lastId });
    this.#halt = null;
    this.#orders.askAgain();
  }

  /** Checks the equity at this trade, before its orders, against the limits on losses. */
  #checkLosses(tradeId: number): void {
    const reason = this.#halt?.reason;
    if (reason === "max-drawdown" || reason === "manual") return;
    const equity = this.#equity();
    if (equity.compare(this.#limitPeak) > 0) this.#limitPeak = equity;
    const { maxDrawdown, maxDailyLoss = null, onHalt: action = "hold" } = this.#choices;
    const loss = (from: Exact, limit: string): Omit<ReferenceHalt, "reason"> | null => {
      const fall = from.minus(equity);
      const allowed = Exact.of(limit);
      if (fall.compare(allowed.times(from)) < 0) return null;
      return { limit: allowed.toString(), value: fall.ratio(from, 8).toString(), tradeId, action };
    };
    const drawdown = maxDrawdown === null ? null : loss(this.#limitPeak, maxDrawdown);
    if (drawdown !== null) return this.#stop({ reason: "max-drawdown", ...drawdown });
    if (maxDailyLoss === null || reason !== undefined) return;
    const daily = loss(this.#day!.start, maxDailyLoss);
    if (daily !== null) this.#stop({ reason: "max-daily-loss", ...daily });
  }

  /** A halt replaces one that would end sooner, or that is less strict. */
  #stop(halt: ReferenceHalt): void {
    const current = this.#halt;
    const action = current?.action === "flatten" ? "flatten" : halt.action;
    const lasts = current?.reason !== "max-daily-loss" || halt.reason === "max-daily-loss";
    if (current !== null && lasts && current.action === action) return;
    this.#halt = { ...halt, action };
    this.#emit({ type: "halt", ...this.#halt });
    if (action === "flatten") this.#orders.askAgain();
  }

  #measure(): void {
    const equity = this.#equity();
    if (equity.compare(this.#peak) > 0) this.#peak = equity;
    const fall = this.#peak.minus(equity);
    if (fall.times(this.#worst.peak).compare(this.#worst.fall.times(this.#peak)) > 0) {
      this.#worst = { fall, peak: this.#peak };
    }
  }

  #equity(): Exact {
    const { cash, position } = this.#orders;
    return cash.plus(position.times(this.#price));
  }

  #emit(event: Untimed): void {
    this.events.push({ ...event, time: isoText(this.#time), symbol: this.#choices.symbol } as PipelineEvent);
  }
}

/** A halt by hand, or the end of one, before the trade of this number, counted from 0. */
export interface PlainHalt {
  readonly before: number;
  readonly action: "hold" | "flatten" | "release";
  /** µs. */
  readonly time: number;
}

/** The stop of a process before the trade of this number, counted from 0. */
export interface PlainStop {
  readonly before: number;
  readonly action: "stop";
}

/** The loss of the connection before the trade of this number, counted from 0. */
export interface PlainLoss {
  readonly before: number;
  readonly action: "lose";
  readonly how: Lost;
}

/** The results of `trades` under `choices`, from the first trade to the end of the input. */
export function computeReference(
  trades: Iterable<PlainTrade>,
  choices: Choices,
  happened: readonly (PlainHalt | PlainStop | PlainLoss)[] = [],
): Reference {
  const run = new ReferenceRun(choices);
  const byTrade = Map.groupBy(happened, ({ before }) => before);
  let at = 0;
  for (const trade of trades) {
    for (const event of byTrade.get(at) ?? []) {
      if (event.action === "release") run.release(event.time);
      else if (event.action === "stop") run.stop();
      else if (event.action === "lose") run.lose(event.how);
      else run.halt(event.action, event.time);
    }
    run.see(trade);
    at++;
  }
  return run.end();
}

function isoText(time: number): string {
  const digits = String(time).padStart(16, "0");
  const seconds = new Date(Number(digits.slice(0, -6)) * 1000).toISOString();
  return `${seconds.slice(0, 19)}.${digits.slice(-6)}Z`;
}
