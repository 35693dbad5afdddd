/** A fill in one line, with the signal behind it. `--json` has every digit. */
import type { FillEvent, SignalEvent } from "../../domain/run/event.ts";
import { assets, type NamedAssets } from "./assets.ts";
import { exactly, meanPriceText, priceText, shortMoney, signedMoney, valuesText } from "./figures.ts";

/**
 * `BUY 0.01666 BTC @ 60,003.85  fee 1.00  cash 8,999.34  (sma 60,001.86 > 60,001.09)`: quantity and price with all
 * their digits, amounts to the hundredth. `named` and `signal` are null if they are not known; `average` is the kind
 * of a crossover's averages.
 */
export function fillText(
  event: FillEvent,
  named: NamedAssets | null,
  signal: SignalEvent | null,
  average = "sma",
): string {
  const { side, quantity, price, fee, realized, cash, cause, partial, filled, averagePrice } = event;
  const { base } = assets(event.symbol, named);
  const why = cause ?? (signal === null ? null : reason(signal, average));
  return [
    `${side.toUpperCase()} ${exactly(quantity)} ${base} @ ${priceText(price)}`,
    ...(partial === undefined ? [] : ["in part"]),
    `fee ${shortMoney(fee)}`,
    ...(realized === undefined ? [] : [`result ${signedMoney(realized)}`]),
    `cash ${shortMoney(cash)}`,
    ...(filled === undefined || averagePrice === undefined
      ? []
      : [`in all ${exactly(filled)} @ ${meanPriceText(averagePrice, price)} on average`]),
    ...(why === null ? [] : [`(${why})`]),
  ].join("  ");
}

/** `buy signal @ 60,003.85  (sma 60,001.86 > 60,001.09)`: a signal whose order did not fill at once. */
export function signalText(event: SignalEvent, average = "sma"): string {
  const why = reason(event, average);
  return `${event.side} signal @ ${priceText(event.price)}${why === null ? "" : `  (${why})`}`;
}

/**
 * The reason for a signal: the crossing of two averages, or else each value of the strategy with its name; null if the
 * signal has no values.
 */
function reason(
  { type: _type, time: _time, symbol: _symbol, tradeId: _id, side, price, ...values }: SignalEvent,
  average: string,
): string | null {
  const texts = valuesText(Object.values(values), price);
  if (values.shortAverage !== undefined) return `${average} ${texts.join(side === "buy" ? " > " : " < ")}`;
  return Object.keys(values).map((name, at) => `${name} ${texts[at]}`).join(", ") || null;
}
