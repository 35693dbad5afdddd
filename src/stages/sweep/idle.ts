/** The strategy of a run that only reads trades for the lanes of a sweep. */
import type { BlockStrategy } from "../strategies/strategy.ts";
import { NO_CLOSES } from "../indicators/indicator.ts";

/** Never has a target, and remembers nothing. */
export const IDLE: BlockStrategy = {
  label: "idle",
  remembers: 0,
  seesOnlyCloses: true,
  isReady: false,
  add: () => 0,
  addAll: (_closes, size, _decimals, targets) => {
    targets.fill(0, 0, size);
    return size;
  },
  reset: () => {},
  values: () => null,
  valuesAt: () => null,
  numbersAt: () => null,
  closes: () => NO_CLOSES,
  snapshot: () => null,
  restore: () => {},
};
