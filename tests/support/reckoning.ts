/**
 * The whole strategy once more, naively: written from what it means, not from how the program does it. Windows
 * are added up from scratch at every trade, orders wait in a list, and every amount is an exact decimal. It
 * shares no code with `src`; only the shape of the events is the same, because they are compared.
 */
import type { PipelineEvent } from "../../src/domain/event.ts";
import { Exact } from "./exact.ts";

/** A trade as an exchange would tell it: ids covered, time in µs, price as decimal text. */
export interface PlainTrade {
  readonly firstId: number;
  readonly lastId: number;
  readonly time: number;
  readonly price: string;
  /** Fetched after the fact: it moves averages and equity, and never trades. */
  readonly late?: boolean;
}

/** What the person chose, amounts as decimal text, latency in µs. */
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
}

/** What a run comes to. */
export interface Reckoned {
  readonly events: PipelineEvent[];
  readonly totals:
    & Record<
      "trades" | "signals" | "fills" | "refusals" | "duplicates" | "gaps",
      number
    >
    & Record<"cash" | "position" | "equity" | "fees" | "realized" | "maxDrawdown", string>;
}

type Side = "buy" | "sell";
type Reason = "halted" | "no-position" | "lot" | "funds" | "min-notional";

interface Order {
  readonly side: Side;
  readonly signalTradeId: number;
  readonly due: number;
}

const ONE = new Exact(1n);
const NOTHING = new Exact(0n);
const PRICE_DECIMALS = 8;

/** The same as `reckon`, for reading one trade after the other. */
class Reckoning {
  readonly events: PipelineEvent[] = [];
  readonly #choices: Choices;
  readonly #stake: Exact;
  readonly #feeRate: Exact;
  readonly #lot: Exact;
  readonly #minNotional: Exact;
  readonly #limit: Exact | null;
  #cash: Exact;
  #position = NOTHING;
  #fees = NOTHING;
  #realized = NOTHING;
  /** What the position cost, fee included. */
  #paid = NOTHING;
  #peak: Exact;
  #worst: { fall: Exact; peak: Exact };
  #halt: { limit: string; value: string } | null = null;
  /** Prices since the last gap, in hundred-millionths. */
  #prices: bigint[] = [];
  #price = NOTHING;
  #stance: "flat" | "long" = "flat";
  #waiting: Order[] = [];
  #lastId: number | null = null;
  #time = 0;
  #counts = { trades: 0, signals: 0, fills: 0, refusals: 0, duplicates: 0, gaps: 0 };

  constructor(choices: Choices) {
    this.#choices = choices;
    this.#stake = Exact.of(choices.stake);
    this.#feeRate = Exact.of(choices.fee);
    this.#lot = Exact.of(choices.lot);
    this.#minNotional = Exact.of(choices.minNotional);
    this.#limit = choices.maxDrawdown === null ? null : Exact.of(choices.maxDrawdown);
    this.#cash = this.#peak = Exact.of(choices.cash);
    this.#worst = { fall: NOTHING, peak: this.#peak };
  }

  see(trade: PlainTrade): void {
    if (this.#lastId !== null && trade.lastId <= this.#lastId) {
      this.#counts.duplicates++;
      return;
    }
    this.#counts.trades++;
    this.#time = trade.time;
    this.#price = Exact.of(trade.price);
    if (this.#lastId !== null && trade.firstId > this.#lastId + 1) this.#gap(this.#lastId, trade.firstId);
    this.#lastId = trade.lastId;
    this.#prices.push(this.#price.unitsAt(PRICE_DECIMALS));
    if (this.#prices.length > this.#choices.long) this.#prices.shift();
    const signal = trade.late ? null : this.#signal(trade);
    this.#mark(trade.lastId);
    if (!trade.late) this.#trade(signal, trade);
  }

  end(): Reckoned {
    for (const { side, signalTradeId } of this.#waiting) {
      this.#tell({ type: "expired", side, signalTradeId });
    }
    return {
      events: this.events,
      totals: {
        ...this.#counts,
        cash: this.#cash.toString(),
        position: this.#position.toString(),
        equity: this.#equity().toString(),
        fees: this.#fees.toString(),
        realized: this.#realized.toString(),
        maxDrawdown: this.#worst.fall.ratio(this.#worst.peak, 8).toString(),
      },
    };
  }

  /** Without backfill the averages start again from empty. */
  #gap(lastId: number, firstId: number): void {
    this.#counts.gaps++;
    this.#prices = [];
    const missing = firstId - lastId - 1;
    this.#tell({ type: "gap", fromId: lastId + 1, toId: firstId - 1, missing, filled: 0 });
  }

  #signal({ lastId, time }: PlainTrade): Order | null {
    const { short, long, latency } = this.#choices;
    if (this.#prices.length < long) return null;
    const shortSum = sum(this.#prices.slice(-short));
    const longSum = sum(this.#prices);
    const difference = shortSum * BigInt(long) - longSum * BigInt(short);
    const wants = difference > 0n ? "long" : difference < 0n ? "flat" : this.#stance;
    if (wants === this.#stance) return null;
    this.#stance = wants;
    this.#counts.signals++;
    const side = wants === "long" ? "buy" : "sell";
    const average = (total: bigint, window: number) =>
      new Exact(total, PRICE_DECIMALS).ratio(new Exact(BigInt(window)), 8).toString();
    this.#tell({
      type: "signal",
      side,
      price: this.#price.toString(),
      tradeId: lastId,
      shortAverage: average(shortSum, short),
      longAverage: average(longSum, long),
    });
    return { side, signalTradeId: lastId, due: time + latency };
  }

  /** Equity at this trade, before its orders: peak, drawdown and halt. */
  #mark(tradeId: number): void {
    this.#measure();
    const fall = this.#peak.minus(this.#equity());
    if (this.#limit === null || this.#halt !== null || fall.compare(this.#limit.times(this.#peak)) < 0) {
      return;
    }
    this.#halt = { limit: this.#limit.toString(), value: fall.ratio(this.#peak, 8).toString() };
    this.#tell({ type: "halt", reason: "max-drawdown", ...this.#halt, tradeId, action: "hold" });
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
    return this.#cash.plus(this.#position.times(this.#price));
  }

  #trade(signal: Order | null, { lastId, time }: PlainTrade): void {
    // A halt that stands when the signal is made turns the buy down there and then, after the older orders.
    const barred = signal !== null && signal.side === "buy" && this.#halt !== null;
    if (signal !== null && !barred) this.#waiting.push(signal);
    while (this.#waiting.length > 0 && this.#waiting[0]!.due <= time) {
      this.#execute(this.#waiting.shift()!, lastId);
    }
    if (barred) this.#refuse("buy", "halted", this.#halt!.limit, this.#halt!.value, lastId);
  }

  #execute({ side, signalTradeId }: Order, tradeId: number): void {
    if (side === "buy" && this.#halt !== null) {
      return this.#refuse(side, "halted", this.#halt.limit, this.#halt.value, tradeId);
    }
    const price = this.#fillPrice(side);
    const quantity = side === "sell" ? this.#position : this.#buyQuantity(price);
    const grossed = ONE.plus(this.#feeRate);
    if (quantity.isZero()) {
      if (side === "sell") return this.#refuse(side, "no-position", this.#lot.toString(), "0", tradeId);
      const lotCost = price.times(this.#lot);
      const withFee = lotCost.times(grossed);
      return withFee.compare(this.#cash) > 0
        ? this.#refuse(side, "funds", withFee.toString(), this.#cash.toString(), tradeId)
        : this.#refuse(side, "lot", lotCost.toString(), this.#stake.toString(), tradeId);
    }
    const notional = price.times(quantity);
    if (notional.isZero() || notional.compare(this.#minNotional) < 0) {
      return this.#refuse(side, "min-notional", this.#minNotional.toString(), notional.toString(), tradeId);
    }
    const fee = notional.times(this.#feeRate).up(8);
    const total = notional.plus(fee);
    // The fee is rounded up, so the last lot can cost a hundred-millionth more than there is.
    if (side === "buy" && total.compare(this.#cash) > 0) {
      return this.#refuse(side, "funds", total.toString(), this.#cash.toString(), tradeId);
    }
    // A sale that brings in less than its fee costs the difference.
    const cost = fee.minus(notional);
    if (side === "sell" && cost.compare(this.#cash) > 0) {
      return this.#refuse(side, "funds", cost.toString(), this.#cash.toString(), tradeId);
    }
    const profit = side === "sell" ? notional.minus(fee).minus(this.#paid) : null;
    this.#cash = side === "buy" ? this.#cash.minus(total) : this.#cash.plus(notional).minus(fee);
    this.#position = side === "buy" ? this.#position.plus(quantity) : NOTHING;
    this.#paid = side === "buy" ? this.#paid.plus(total) : NOTHING;
    this.#fees = this.#fees.plus(fee);
    if (profit !== null) this.#realized = this.#realized.plus(profit);
    this.#counts.fills++;
    this.#measure();
    this.#tell({
      type: "fill",
      side,
      price: price.toString(),
      quantity: quantity.toString(),
      fee: fee.toString(),
      cash: this.#cash.toString(),
      position: this.#position.toString(),
      tradeId,
      signalTradeId,
      ...(profit === null ? {} : { realized: profit.toString() }),
    });
  }

  /** The trade's price, moved against the trader and onto the tick, or as it is without slippage. */
  #fillPrice(side: Side): Exact {
    const slippage = Exact.of(this.#choices.slippage);
    if (slippage.isZero()) return this.#price;
    const tick = Exact.of(this.#choices.tick);
    const basisPoints = new Exact(10_000n);
    const share = side === "buy" ? basisPoints.plus(slippage) : basisPoints.minus(slippage);
    const moved = this.#price.times(share).times(new Exact(1n, 4));
    const ticks = side === "buy" ? moved.wholeTimesUp(tick) : moved.wholeTimes(tick);
    return new Exact(ticks).times(tick);
  }

  /** The most lots that both the stake and the cash less its fee pay for. */
  #buyQuantity(price: Exact): Exact {
    const lotCost = price.times(this.#lot);
    const byStake = this.#stake.wholeTimes(lotCost);
    const byCash = this.#cash.wholeTimes(lotCost.times(ONE.plus(this.#feeRate)));
    return new Exact(byStake < byCash ? byStake : byCash).times(this.#lot);
  }

  #refuse(side: Side, reason: Reason, limit: string, value: string, tradeId: number): void {
    this.#counts.refusals++;
    this.#tell({ type: "refusal", side, reason, limit, value, tradeId });
  }

  #tell(event: Untold): void {
    this.events.push({ ...event, time: isoText(this.#time), symbol: this.#choices.symbol } as PipelineEvent);
  }
}

/** An event before its time and symbol are added. */
type Untold<E = PipelineEvent> = E extends PipelineEvent ? Omit<E, "time" | "symbol"> : never;

/** What `trades` come to under `choices`, from the first trade to the end of the input. */
export function reckon(trades: Iterable<PlainTrade>, choices: Choices): Reckoned {
  const reckoning = new Reckoning(choices);
  for (const trade of trades) reckoning.see(trade);
  return reckoning.end();
}

function sum(values: readonly bigint[]): bigint {
  let total = 0n;
  for (const value of values) total += value;
  return total;
}

function isoText(time: number): string {
  const digits = String(time).padStart(16, "0");
  const seconds = new Date(Number(digits.slice(0, -6)) * 1000).toISOString();
  return `${seconds.slice(0, 19)}.${digits.slice(-6)}Z`;
}
