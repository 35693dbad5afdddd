/** How long a symbol's stream may be quiet before it counts as stale. */
import type { FrameDecoder } from "../../exchanges/frame_decoder.ts";
import { firstIdIn, lastIdIn } from "./message_ids.ts";

/** The longest quiet time that is accepted, unless --stale itself is longer. */
const LONGEST_MS = 600_000;
/** A symbol with a proven quiet time may well be quiet for this many times as long. */
const MARGIN = 2;
/** How long a raised limit lasts without another quiet time to support it. */
const REMEMBERED_MS = 3_600_000;
/** A larger jump in ids is a mistake or a reset, and proves nothing. */
const LARGEST_JUMP = 1_000_000_000;
const NONE: readonly string[] = [];

/**
 * A stream that sends nothing may be dead, or its symbol may not trade. The next trade decides. If its id follows the
 * last one, nothing was missed, and longer quiet times of the symbol are accepted from then on. If trades were missed,
 * the limit returns to the user's setting. Times in ms, on one clock that never goes back.
 */
export class QuietLimit {
  readonly #staleMs: number;
  readonly #decoder: FrameDecoder;
  #limitMs: number;
  /** The last messages, for reading the last id when it is needed. */
  #latest = NONE;
  #lastId = -1;
  #receivedAt = 0;
  /** Whether a stale connection was dropped and no trade has arrived since. */
  #isOpen = false;
  #supportedAt = 0;

  /** Starts at `staleMs`, for the symbol of `decoder`. */
  constructor(staleMs: number, decoder: FrameDecoder) {
    this.#staleMs = this.#limitMs = staleMs;
    this.#decoder = decoder;
  }

  /** The longest quiet time accepted now. */
  get limitMs(): number {
    return this.#limitMs;
  }

  /** Notes that a connection was dropped because it was quiet for too long. */
  dropped(): void {
    this.#isOpen = true;
    this.#lastId = lastIdIn(this.#latest, this.#decoder) ?? this.#lastId;
    this.#latest = NONE;
  }

  /** Notes messages that arrived at `now`. Returns what to log if the limit has changed, otherwise null. */
  received(messages: readonly string[], now: number): string | null {
    if (this.#isOpen) return this.#decide(messages, now);
    const quietMs = now - this.#receivedAt;
    this.#latest = messages;
    this.#receivedAt = now;
    if (this.#limitMs === this.#staleMs) return null;
    if (quietMs > this.#staleMs) this.#supportedAt = now;
    return now - this.#supportedAt > REMEMBERED_MS ? this.#forget() : null;
  }

  #decide(messages: readonly string[], now: number): string | null {
    const firstId = firstIdIn(messages, this.#decoder);
    if (firstId === null) return null;
    const quietMs = now - this.#receivedAt;
    const missed = firstId - this.#lastId - 1;
    this.#isOpen = false;
    this.#latest = messages;
    this.#receivedAt = now;
    if (this.#lastId < 0 || missed < 0 || missed > LARGEST_JUMP) return null;
    return missed === 0 ? this.#raise(quietMs, now) : this.#fallBack(missed, quietMs);
  }

  #raise(quietMs: number, now: number): string | null {
    const most = Math.max(this.#staleMs, LONGEST_MS);
    const limitMs = Math.min(most, Math.round(MARGIN * quietMs));
    this.#supportedAt = now;
    if (limitMs <= this.#limitMs) return null;
    this.#limitMs = limitMs;
    return `no trade of ${this.#symbol} arrived for ${span(quietMs)}, and none was missed: ` +
      `its stream now counts as stale after ${span(limitMs)} without a trade`;
  }

  #fallBack(missed: number, quietMs: number): string | null {
    if (this.#limitMs === this.#staleMs) return null;
    this.#limitMs = this.#staleMs;
    return `${missed} ${
      missed === 1 ? "trade" : "trades"
    } of ${this.#symbol} were missed while its stream sent ` +
      `nothing for ${span(quietMs)}: it counts as stale after ${span(this.#staleMs)} without a trade again`;
  }

  #forget(): string {
    this.#limitMs = this.#staleMs;
    return `${this.#symbol} has traded at least every ${span(this.#staleMs)} for an hour: ` +
      `its stream counts as stale after ${span(this.#staleMs)} without a trade again`;
  }

  get #symbol(): string {
    return this.#decoder.symbol;
  }
}

/** A time for people: `0.35 s`, `40 s`. */
function span(ms: number): string {
  return ms < 10_000 ? `${Number((ms / 1000).toFixed(2))} s` : `${Math.round(ms / 1000)} s`;
}
