/** Live trades that had to wait: those that waited too long are late. */
import type { Happened } from "../../domain/market/input.ts";
import type { Config } from "../../config/options.ts";

/**
 * That what was received from `since` on (ms since 1970) has waited until now. Null if that was no longer than trades
 * may wait, and nobody asks how old a trade is.
 */
export function waitedSince(
  since: number,
  { maxHold, maxLag }: Pick<Config, "maxHold" | "maxLag">,
): Happened | null {
  const now = Date.now();
  const hold = Math.min(maxHold, maxLag ?? Infinity);
  if (now - since <= hold && maxLag === null) return null;
  return { event: "waited", until: now * 1000, hold: hold * 1000, time: now * 1000 };
}
