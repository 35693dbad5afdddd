/**
 * A naive reference for one account in several symbols, written from what the options mean: every price is kept, every
 * order waits in one list of its symbol, equity adds up all positions at every trade. It shares no code with `src`.
 */
import { Exact } from "./exact.ts";

/** A trade of one of the symbols; time in µs, price as decimal text. */
export interface SymbolTrade {
  readonly symbol: string;
  readonly id: number;
  readonly time: number;
  readonly price: string;
}

/** What the user chose; amounts as decimal text, times in µs. */
export interface SymbolChoices {
  readonly short: number;
  readonly long: number;
  readonly cash: string;
  readonly stake: string;
  readonly fee: string;
  readonly latency: number;
  /** By symbol. */
  readonly lots: Readonly<Record<string, string>>;
  readonly minNotional: string;
  readonly maxDrawdown: string;
  readonly onHalt: "hold" | "flatten";
  readonly cooldown: number | null;
}

/** An event in short: what happened in which symbol at which trade, and the amounts. */
export type ShortEvent = readonly [
  type: string,
  symbol: string,
  tradeId: number,
  ...details: (string | undefined)[],
];

interface Waiting {
  readonly side: "buy" | "sell";
  readonly due: number;
  readonly cause?: "flatten";
}

interface Held {
  readonly symbol: string;
  readonly prices: Exact[];
  stance: "flat" | "long";
  position: Exact;
  paid: Exact;
  price: Exact;
  /** Profit of the current round trip. */
  trip: Exact;
  waiting: Waiting[];
  asked: boolean;
  lastId: number | null;
}

const NOTHING = new Exact(0n), ONE = new Exact(1n);

/** Events and figures of the account after all trades. */
export class SymbolsReference {
  readonly events: ShortEvent[] = [];
  cash: Exact;
  fees = NOTHING;
  worst = { fall: NOTHING, peak: ONE };
  readonly #choices: SymbolChoices;
  readonly #held: readonly Held[];
  #peak: Exact;
  #halt = false;
  #lostAt: number | null = null;

  constructor(choices: SymbolChoices) {
    this.#choices = choices;
    this.cash = this.#peak = Exact.of(choices.cash);
    this.#held = Object.keys(choices.lots).map((symbol) => ({
      ...{
        symbol,
        prices: [],
        stance: "flat",
        position: NOTHING,
        paid: NOTHING,
        price: NOTHING,
        trip: NOTHING,
      },
      ...{ waiting: [], asked: false, lastId: null },
    }));
  }

  /** All positions at the last price of each, and the cash. */
  get equity(): Exact {
    return this.#held.reduce((sum, { position, price }) => sum.plus(position.times(price)), this.cash);
  }

  position(symbol: string): string {
    return this.#of(symbol).position.toString();
  }

  see(trade: SymbolTrade): void {
    const held = this.#of(trade.symbol);
    const { short, long, maxDrawdown, onHalt } = this.#choices;
    held.price = Exact.of(trade.price);
    if (held.lastId !== null && trade.id > held.lastId + 1) {
      held.prices.length = 0;
      this.events.push(["gap", held.symbol, trade.id]);
    }
    held.lastId = trade.id;
    held.prices.push(held.price);
    const signal = this.#signal(held, short, long);
    if (signal !== null) this.events.push(["signal", held.symbol, trade.id, signal]);
    this.#measure();
    const fall = this.#peak.minus(this.equity);
    if (!this.#halt && fall.compare(Exact.of(maxDrawdown).times(this.#peak)) >= 0) {
      this.#halt = true;
      this.events.push(["halt", held.symbol, trade.id, fall.ratio(this.#peak, 8).toString()]);
      if (onHalt === "flatten") { for (const one of this.#held) one.asked = false; }
    }
    this.#orders(held, signal, trade);
  }

  #signal(held: Held, short: number, long: number): "buy" | "sell" | null {
    if (held.prices.length < long) return null;
    const sum = (count: number) => held.prices.slice(-count).reduce((total, one) => total.plus(one), NOTHING);
    const order = sum(short).times(new Exact(BigInt(long))).compare(
      sum(long).times(new Exact(BigInt(short))),
    );
    const wants = order > 0 ? "long" : order < 0 ? "flat" : held.stance;
    if (wants === held.stance) return null;
    held.stance = wants;
    return wants === "long" ? "buy" : "sell";
  }

  #orders(held: Held, signal: "buy" | "sell" | null, { id, time }: SymbolTrade): void {
    const { onHalt, latency } = this.#choices;
    const flattens = this.#halt && onHalt === "flatten";
    const refuse = (side: string, reason: string, cause?: string) =>
      this.events.push(["refusal", held.symbol, id, side, reason, cause]);
    if (flattens) {
      for (const { side, cause } of held.waiting) if (cause === undefined) refuse(side, "halted");
      held.waiting = held.waiting.filter(({ cause }) => cause !== undefined);
      if (!held.position.isZero() && !held.asked && held.waiting.every(({ side }) => side === "buy")) {
        held.asked = true;
        held.waiting.push({ side: "sell", due: time + latency, cause: "flatten" });
      }
    }
    const isBarred = (side: string) => this.#halt && (side === "buy" || flattens);
    const barred = signal !== null && isBarred(signal);
    if (signal !== null && !barred) held.waiting.push({ side: signal, due: time + latency });
    while (held.waiting.length > 0 && held.waiting[0]!.due <= time) {
      const { side, cause } = held.waiting.shift()!;
      if (cause === undefined && isBarred(side)) refuse(side, "halted");
      else {
        const why = this.#execute(held, side, cause, id, time);
        if (why !== null) refuse(side, why, cause);
      }
    }
    if (barred) refuse(signal, "halted");
  }

  /** Trades as much as the stake and the cash pay for, or all of the position; the reason if that is nothing. */
  #execute(
    held: Held,
    side: "buy" | "sell",
    cause: "flatten" | undefined,
    id: number,
    time: number,
  ): string | null {
    const { stake, fee, lots, minNotional, cooldown } = this.#choices;
    if (cooldown !== null && side === "buy" && this.#lostAt !== null && time - this.#lostAt < cooldown) {
      return "cooldown";
    }
    const { price } = held;
    const lot = Exact.of(lots[held.symbol]!);
    const grossing = ONE.plus(Exact.of(fee));
    const lotPrice = price.times(lot);
    const byStake = Exact.of(stake).wholeTimes(lotPrice);
    const byCash = this.cash.wholeTimes(lotPrice.times(grossing));
    const quantity = side === "sell"
      ? held.position
      : new Exact(byStake < byCash ? byStake : byCash).times(lot);
    if (quantity.isZero()) {
      if (side === "sell") return "no-position";
      return lotPrice.times(grossing).compare(this.cash) > 0 ? "funds" : "lot";
    }
    const notional = price.times(quantity);
    if (notional.compare(Exact.of(minNotional)) < 0) return "min-notional";
    const charge = notional.times(Exact.of(fee)).up(8);
    if (side === "buy" && notional.plus(charge).compare(this.cash) > 0) return "funds";
    let profit: Exact | undefined;
    if (side === "buy") {
      this.cash = this.cash.minus(notional).minus(charge);
      held.position = held.position.plus(quantity);
      held.paid = held.paid.plus(notional).plus(charge);
    } else {
      profit = notional.minus(charge).minus(held.paid);
      this.cash = this.cash.plus(notional).minus(charge);
      held.position = held.paid = NOTHING;
      if (profit.compare(NOTHING) < 0) this.#lostAt = time;
    }
    held.asked = false;
    this.fees = this.fees.plus(charge);
    this.#measure();
    this.events.push([
      ...["fill", held.symbol] as const,
      id,
      ...[side, quantity.toString(), charge.toString(), this.cash.toString(), held.position.toString()],
      ...[profit?.toString(), cause],
    ]);
    return null;
  }

  #measure(): void {
    const { equity } = this;
    if (equity.compare(this.#peak) > 0) this.#peak = equity;
    const fall = this.#peak.minus(equity);
    const { worst } = this;
    if (fall.times(worst.peak).compare(worst.fall.times(this.#peak)) > 0) {
      this.worst = { fall, peak: this.#peak };
    }
  }

  #of(symbol: string): Held {
    return this.#held.find((held) => held.symbol === symbol)!;
  }
}
