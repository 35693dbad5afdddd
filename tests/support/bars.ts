/** Bars made by hand. */
import type { Bar } from "../../src/domain/market/bar.ts";

/** A bar that never moved: prices are integer counts of 10^-decimals quote currency. */
export function flatBar(close: number, decimals = 0): Bar {
  const prices = { open: close, high: close, low: close, close, decimals };
  return { openTime: 0, closeTime: 0, ...prices, volume: 0n, value: 0n, trades: 0 };
}
