/** Makes ticks as the parse stage would. */
import type { Signal } from "../../src/domain/market/signal.ts";
import { createTick, type Signalled, type Tick } from "../../src/domain/market/tick.ts";

/** The fields of a tick that a test sets; all others have defaults. */
export interface GivenTick {
  readonly id?: number;
  readonly time?: number;
  readonly price?: number;
  readonly decimals?: number;
  readonly missing?: number;
  /** Whole units of base currency. */
  readonly quantity?: number;
  readonly late?: boolean;
  readonly receivedAt?: number;
}

/** One tick. */
export function tickOf(
  given: GivenTick = {},
): Tick {
  const { id = 1, time = 1_000_000, price = 100, decimals = 0, missing = 0 } = given;
  const { quantity = 1, late = false, receivedAt = 0 } = given;
  const trade = {
    firstId: id,
    lastId: id,
    time,
    price,
    decimals,
    quantityWhole: quantity,
    quantityFraction: 0,
    buyerIsMaker: false,
  };
  return createTick("BTCUSDT", trade, price, decimals, missing, 0, late, receivedAt);
}

/** Ticks with consecutive ids at these integer prices. */
export function ticksAt(prices: readonly number[], decimals = 0): Tick[] {
  return prices.map((price, at) => tickOf({ id: at + 1, time: (at + 1) * 1_000, price, decimals }));
}

/** A tick as the signal stage yields it, with a signal of this side or none. */
export function signalledOf(
  given: GivenTick,
  side: Signal["side"] | null = null,
): Signalled {
  const tick = tickOf(given);
  const signal = side === null ? null : { side, tradeId: tick.id, time: tick.time };
  return Object.assign(tick, { signal });
}
