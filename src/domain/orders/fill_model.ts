/** Fill models to compare with the configured one: they show how much of a result depends on the model. */
import { Money } from "../numbers/money.ts";
import type { TradingParameters } from "../risk/trading_parameters.ts";

/** A way to fill orders. */
export type FillModel = "optimistic" | "configured" | "pessimistic";

/** In the order in which they are shown. */
export const FILL_MODELS = [
  "optimistic",
  "configured",
  "pessimistic",
] as const satisfies readonly FillModel[];

const WORSE = 3;
/** The least latency (µs) and slippage (basis points) of the pessimistic model. */
const LEAST_LATENCY = 250_000;
const LEAST_SLIPPAGE = new Money(2);
/** Slippage of the whole price would make a sale worth nothing. */
const MOST_SLIPPAGE = new Money(9_999);

/**
 * The trading parameters under a fill model: optimistic has no latency and no slippage, and fills at the
 * signal's own trade; pessimistic has three times the configured ones, and at least 250 ms and 2 basis points.
 */
export function tradingParametersUnder(model: FillModel, parameters: TradingParameters): TradingParameters {
  switch (model) {
    case "optimistic":
      return { ...parameters, latency: 0, slippage: new Money(0), fill: "signal" };
    case "configured":
      return parameters;
    case "pessimistic":
      return {
        ...parameters,
        latency: Math.max(LEAST_LATENCY, WORSE * parameters.latency),
        slippage: Money.max(
          parameters.slippage,
          Money.min(MOST_SLIPPAGE, Money.max(LEAST_SLIPPAGE, parameters.slippage.times(WORSE))),
        ),
      };
  }
}
