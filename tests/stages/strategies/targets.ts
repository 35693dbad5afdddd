/** What a strategy wants over prices written as text. */
import type { Target } from "../../../src/domain/market/signal.ts";
import type { Strategy } from "../../../src/stages/strategies/strategy.ts";
import { flatBar } from "../../support/bars.ts";
import { closesOf } from "../indicators/published_closes.ts";

/** The target after a bar at each of these prices. */
export function targetsOver(strategy: Strategy, prices: readonly string[]): Target[] {
  return closesOf(prices).map(({ close, decimals }) => strategy.add(flatBar(close, decimals)));
}
