/** Reads how long a service asks clients to wait. */

/**
 * A Retry-After header as ms from `now` (ms since 1970): seconds, with decimals as Discord sends them, or an HTTP date
 * (RFC 9110, section 10.2.3). 0 for none and for anything else.
 *
 * @example
 * ```ts
 * import { retryAfterMs } from "./retry_after.ts";
 * import { assertEquals } from "@std/assert";
 * assertEquals(retryAfterMs("0.75", 0), 750);
 * assertEquals(retryAfterMs("Thu, 01 Jan 1970 00:01:00 GMT", 0), 60_000);
 * assertEquals(retryAfterMs("soon", 0), 0);
 * ```
 */
export function retryAfterMs(header: string | null, now: number): number {
  if (header === null) return 0;
  const text = header.trim();
  if (/^\d{1,9}(\.\d{1,9})?$/.test(text)) return Math.ceil(Number(text) * 1000);
  // Anything else that Date.parse reads, such as "1e3" or "-5", is not a date of HTTP.
  if (!/^[A-Z][a-z]{2,8},? /.test(text)) return 0;
  const until = Date.parse(text);
  return Number.isNaN(until) ? 0 : Math.max(0, until - now);
}
