/** Buy and hold: long from the first bar on. The yardstick for every other strategy. */
import type { Bar } from "../../domain/market/bar.ts";
import type { Target, Values } from "../../domain/market/signal.ts";
import type { Closes } from "../indicators/indicator.ts";
import { RecentCloses } from "../indicators/recent_closes.ts";
import type { Strategy } from "./strategy.ts";
import { strategyKind } from "./strategy_kind.ts";

/** Its target is long after every bar. */
export class Hold implements Strategy {
  readonly label = "hold";
  readonly remembers = 1;
  readonly seesOnlyCloses = true;
  readonly #recent = new RecentCloses(1);

  add({ close, decimals }: Bar): Target {
    this.#recent.add(close, decimals);
    return 1;
  }

  reset(): void {
    this.#recent.reset();
  }

  get isReady(): boolean {
    return this.#recent.isFull;
  }

  values(): Values | null {
    return this.isReady ? {} : null;
  }

  closes(most: number): Closes {
    return this.#recent.closes(most);
  }

  snapshot(): null {
    return null;
  }

  restore(_: object | null, { decimals, values }: Closes): void {
    this.reset();
    for (const close of values) this.#recent.add(close, decimals);
  }
}

export const HOLD = strategyKind({
  options: {},
  words: () => "buy and hold",
  make: () => new Hold(),
});
