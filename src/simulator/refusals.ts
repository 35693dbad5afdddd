import type { FaultAction } from "./faults.ts";
import { Refused } from "../domain/process/http_head.ts";

/** Refuses connection attempts as faults specify. */
export class Refusals {
  readonly #pending: { status: number; retryAfterSeconds: number; left: number }[] = [];
  #last: { readonly status: number; readonly until: number } | null = null;

  /** Refuses the next `count` attempts. */
  add({ status, retryAfterSeconds, count }: FaultAction & { readonly kind: "refuse" }): void {
    this.#pending.push({ status, retryAfterSeconds, left: count });
  }

  /** How to refuse an attempt at `now` (ms); null to let it through. */
  take(now: number): Refused | null {
    const refusal = this.#pending[0];
    if (refusal === undefined) return null;
    if (--refusal.left === 0) this.#pending.shift();
    const { status, retryAfterSeconds } = refusal;
    this.#last = { status, until: now + retryAfterSeconds * 1000 };
    return refuse(status, retryAfterSeconds);
  }

  /** Returns the last refusal again for an HTTP request before its time is up; otherwise null. */
  repeat(now: number): Refused | null {
    if (this.#last === null || now >= this.#last.until) return null;
    return refuse(this.#last.status, Math.ceil((this.#last.until - now) / 1000));
  }
}

function refuse(status: number, retryAfterSeconds: number): Refused {
  return new Refused(status, bodyOf(status), { "Retry-After": String(retryAfterSeconds) });
}

function bodyOf(status: number): string {
  switch (status) {
    case 451:
      return JSON.stringify({
        code: 0,
        msg: "Service unavailable from a restricted location according to 'b. Eligibility' in " +
          "https://www.binance.com/en/terms. Please contact customer service if you believe you received this " +
          "message in error.",
      });
    case 418:
    case 429:
      return JSON.stringify({ code: -1003, msg: "Way too many requests; try again after Retry-After." });
    default:
      return JSON.stringify({ code: -1000, msg: "The connection was refused." });
  }
}
