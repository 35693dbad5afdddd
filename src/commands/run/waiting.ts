/** Live trades that had to wait: those that waited too long count as backfilled. */
import type { Happened } from "../../domain/market/input.ts";
import type { Config } from "../../config/options.ts";

/**
 * The input that says that trades received since `since` have waited until `now`, both ms since 1970. Null if trades
 * may wait that long and no limit depends on a trade's age.
 */
export function waitedSince(
  since: number,
  now: number,
  { maxHold, maxLag }: Pick<Config, "maxHold" | "maxLag">,
): Happened | null {
  const hold = Math.min(maxHold, maxLag ?? Infinity);
  if (now - since <= hold && maxLag === null) return null;
  return { event: "waited", until: now * 1000, hold: hold * 1000, time: now * 1000 };
}
