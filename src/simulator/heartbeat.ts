import { encodePing } from "./websocket.ts";

const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** The timers of one connection, ended together. */
export class Timers {
  readonly #running = new Set<ReturnType<typeof setTimeout>>();
  #ended = false;

  /** Calls `action` after this many milliseconds; returns a function that cancels it. */
  after(ms: number, action: () => void): () => void {
    if (this.#ended) return () => {};
    const timer = setTimeout(() => {
      this.#running.delete(timer);
      action();
    }, Math.min(ms, LONGEST_TIMEOUT));
    this.#running.add(timer);
    return () => {
      clearTimeout(timer);
      this.#running.delete(timer);
    };
  }

  /** Cancels every action that has not run yet. */
  clear(): void {
    for (const timer of this.#running) clearTimeout(timer);
    this.#running.clear();
  }

  /** Cancels every action that has not run yet; none can be added after that. */
  end(): void {
    this.#ended = true;
    this.clear();
  }
}

/** How to ping, and what to do without an answer. */
export interface HeartbeatOptions {
  readonly timers: Timers;
  /** The time between two pings, in ms. */
  readonly everyMs: number;
  /** How long the oldest ping without an answer may wait, in ms. */
  readonly withinMs: number;
  readonly send: (frame: Uint8Array) => void;
  readonly onStale: () => void;
}

/** Pings a client regularly, and notices when it does not echo what a ping carried. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #sent = 0;
  #answered = 0;
  #cancelDeadline: (() => void) | null = null;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#schedule();
  }

  /** Takes the payload of a pong. Unsolicited ones are allowed and prove nothing. */
  receive(payload: Uint8Array): void {
    const number = Number(new TextDecoder().decode(payload));
    if (!(number > this.#answered && number <= this.#sent)) return;
    this.#answered = number;
    this.#cancelDeadline?.();
    this.#cancelDeadline = null;
  }

  #schedule(): void {
    const { timers, everyMs, withinMs, send, onStale } = this.#options;
    timers.after(everyMs, () => {
      this.#sent++;
      send(encodePing(String(this.#sent)));
      this.#cancelDeadline ??= timers.after(withinMs, onStale);
      this.#schedule();
    });
  }
}
