/** Replaces a connection by a newer one so that no trade falls between them. */
import type { FrameDecoder } from "../../exchanges/frame_decoder.ts";
import { firstIdIn, lastIdIn } from "./message_ids.ts";
import type { Clock } from "../../domain/process/clock.ts";
import type { TradeSocket } from "./trade_socket.ts";

/** How long the old connection may be quiet while the new one waits before the new one takes over anyway. */
const CATCH_UP_MS = 10_000;
const CHECK_EVERY_MS = 10;

/**
 * The overlap of two connections to the same stream. The old one is read while the new one opens, and until it has
 * delivered the trade before the new one's first. Trades from both are dropped later as duplicates, by trade id. What
 * the new one receives meanwhile waits in its own bounded buffer and then in the network.
 */
export class Handover {
  readonly #old: TradeSocket;
  readonly #decoder: FrameDecoder;
  readonly #clock: Clock;
  #next: TradeSocket | null = null;
  #failure: string | null = null;
  #dropped = false;
  #lastId = -1;
  #catchUpEnds = Infinity;
  #catchUpTimer: ReturnType<typeof setTimeout> | undefined;
  #firstCheck: ReturnType<typeof setTimeout> | undefined;

  /** Starts with the new connection still opening; it nudges `old` whenever there is something new to decide. */
  constructor(
    opening: Promise<TradeSocket>,
    old: TradeSocket,
    decoder: FrameDecoder,
    clock: Clock = globalThis,
  ) {
    this.#clock = clock;
    this.#old = old;
    this.#decoder = decoder;
    opening.then((socket) => {
      if (this.#dropped) return socket.abandon("not needed");
      this.#next = socket;
      this.#restartCatchUp();
      this.#nudgeOnFirst(socket);
    }, (error) => {
      this.#failure = error instanceof Error ? error.message : String(error);
      old.nudge();
    });
  }

  /** Notes the messages that the old connection delivered, once they have been processed. */
  note(messages: readonly string[]): void {
    this.#lastId = lastIdIn(messages, this.#decoder) ?? this.#lastId;
    if (this.#next !== null) this.#restartCatchUp();
  }

  /** The new connection once it may take over, or null. `oldEnded` means that the old one sends nothing more. */
  take(oldEnded: boolean): TradeSocket | null {
    const next = this.#next;
    if (next === null || this.failure !== null && !(oldEnded && next.waiting.length > 0)) return null;
    const firstId = firstIdIn(next.waiting, this.#decoder);
    const joined = firstId !== null && this.#lastId >= 0 && firstId <= this.#lastId + 1;
    if (!oldEnded && !joined && this.#clock.performance.now() < this.#catchUpEnds) return null;
    this.#stop();
    return next;
  }

  /** Why the new connection failed or broke; null while it may still take over. */
  get failure(): string | null {
    return this.#failure ?? this.#next?.end?.reason ?? null;
  }

  /** Drops the new connection. */
  drop(): void {
    this.#dropped = true;
    this.#stop();
    this.#next?.abandon("not needed");
  }

  #stop(): void {
    this.#clock.clearTimeout(this.#catchUpTimer);
    this.#clock.clearTimeout(this.#firstCheck);
  }

  #restartCatchUp(): void {
    this.#clock.clearTimeout(this.#catchUpTimer);
    this.#catchUpEnds = this.#clock.performance.now() + CATCH_UP_MS;
    this.#catchUpTimer = this.#clock.setTimeout(() => this.#old.nudge(), CATCH_UP_MS + 1);
  }

  #nudgeOnFirst(next: TradeSocket): void {
    if (next.waiting.length > 0 || next.end !== null) this.#old.nudge();
    else this.#firstCheck = this.#clock.setTimeout(() => this.#nudgeOnFirst(next), CHECK_EVERY_MS);
  }
}
