import { millisecondsText } from "../../numbers/time.ts";
import type { OrderCheck } from "./order_check.ts";

/** How old a trade may be on arrival if its signal is to make an order, ms; null for any age. */
export interface LagParameters {
  readonly maxLag: number | null;
}

/**
 * Refuses the order of a signal whose trade arrived too late, unless the time of arrival is not known. Limit and value
 * are in ms.
 */
export function maxLag({ maxLag }: LagParameters): OrderCheck | null {
  if (maxLag === null) return null;
  const most = maxLag * 1000;
  return {
    judgeSignal({ time, receivedAt }) {
      const lag = receivedAt - time;
      if (receivedAt === 0 || lag <= most) return null;
      return { limit: millisecondsText(most), value: millisecondsText(lag) };
    },
  };
}
