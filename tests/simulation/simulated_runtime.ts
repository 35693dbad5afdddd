/** The runtime of one simulated process: its clocks, its timers, its randomness and its network. */
import type { Runtime } from "../../src/feeds/live/runtime.ts";
import type { Random } from "../../src/simulator/random.ts";
import type { SimulatedNetwork } from "./simulated_network.ts";
import type { Alarm, VirtualTime } from "./virtual_time.ts";

/** Options of a process's runtime. */
export interface RuntimeOptions {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly network: SimulatedNetwork;
  /** The machine's wall clock, ms since 1970. It may be wrong, and may be set. */
  readonly wallClock: () => number;
  /** Runs a timer's callback, unless the process is gone. */
  readonly enter: (action: () => void) => void;
}

/** The longest time of a timer; the runtime treats longer ones as zero. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;
/** The shortest delay of any timer. */
const LEAST_MS = 0.01;
/** The factor by which a run's periodic work is slowed down, and its shortest interval. */
const INTERVAL_FACTOR = 24;
const LEAST_INTERVAL_MS = 60_000;

/** A part of `globalThis`, for a live run. */
export class SimulatedRuntime implements Runtime {
  readonly Date: Runtime["Date"];
  readonly performance: Runtime["performance"];
  readonly Math: Runtime["Math"];
  readonly fetch: typeof fetch;
  readonly WebSocketStream: typeof WebSocketStream;
  readonly #options: RuntimeOptions;
  readonly #timers = new Map<number, Alarm>();
  #lastTimer = 0;

  constructor(options: RuntimeOptions) {
    const { time, random, network, wallClock } = options;
    const startedAt = time.now;
    this.#options = options;
    this.Date = { now: () => Math.floor(wallClock()) };
    this.performance = { now: () => time.now - startedAt, timeOrigin: wallClock() };
    this.Math = { random: () => random.uniform() };
    this.fetch = network.fetch as typeof fetch;
    this.WebSocketStream = network.sockets;
  }

  readonly setTimeout = ((action: () => void, ms = 0): number => {
    const { time, random, enter } = this.#options;
    const id = ++this.#lastTimer;
    // A timer may fire a little early, or late on a busy machine.
    const jitter = random.below(50) === 0 ? random.below(40) : random.uniform() - 0.2;
    const wait = ms > LONGEST_TIMEOUT_MS ? LEAST_MS : Math.max(LEAST_MS, Math.trunc(ms) + jitter);
    const fire = (): void => {
      this.#timers.delete(id);
      enter(action);
    };
    this.#timers.set(id, time.after(wait, fire));
    return id;
  }) as unknown as typeof setTimeout;

  readonly clearTimeout = ((id?: number): void => {
    const alarm = this.#timers.get(id ?? 0);
    if (alarm === undefined) return;
    alarm.action = null;
    this.#timers.delete(id!);
  }) as unknown as typeof clearTimeout;

  readonly setInterval = ((action: () => void, ms: number): number => {
    const { time, enter } = this.#options;
    const id = ++this.#lastTimer;
    const everyMs = Math.max(LEAST_INTERVAL_MS, INTERVAL_FACTOR * ms);
    const fire = (): void => {
      this.#timers.set(id, time.after(everyMs, fire));
      enter(action);
    };
    this.#timers.set(id, time.after(everyMs, fire));
    return id;
  }) as unknown as typeof setInterval;

  readonly clearInterval: typeof clearInterval = (id) => this.clearTimeout(id);

  readonly setImmediate = ((action: () => void): number => {
    const { time, enter } = this.#options;
    time.after(0, () => enter(action));
    return 0;
  }) as unknown as typeof setImmediate;

  /** The process is gone: none of its timers fires any more. */
  end(): void {
    for (const alarm of this.#timers.values()) alarm.action = null;
    this.#timers.clear();
  }
}
