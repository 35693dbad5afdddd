/** One connection over Deno's native WebSocketStream, read in batches, and dropped when it is stale. */
import { type DisconnectCause, staleText } from "../../domain/market/disconnect_cause.ts";
import type { Runtime } from "./runtime.ts";

/**
 * How much is read ahead of the consumer; when this much is waiting, the socket is not read and the peer is slowed.
 */
const FRAMES_AHEAD = 256;
const CHARACTERS_AHEAD = 1024 * 1024;
/** The number of concurrent reads. With only one, the runtime would wait for a request after every frame. */
const READS = 2;
/**
 * The longest frame, in characters; a trade message has about 200. Even in UTF-8 such a frame fits on a line of a
 * recording.
 */
const LONGEST_FRAME = 256 * 1024;
const CLOSE_INFO_DEADLINE_MS = 100;
/**
 * The time between suspecting a stale connection and dropping it, so that a program that was itself held up first reads
 * what arrived meanwhile.
 */
const SECOND_LOOK_MS = 10;
/** How often memory is checked. */
const CHECK_EVERY_MS = 100;
/** How often memory is checked while it grows and no frame arrives. Loopback delivers gigabytes a second. */
const CHECK_OFTEN_MS = 10;
const LITTLE_BYTES = 16 * 1024 * 1024;
/** How much memory may grow while no frame arrives; the largest frame that the runtime accepts, 64 MB, costs less. */
const MOST_BYTES = 256 * 1024 * 1024;
/** The same once a connection has been dropped; the rest of a normal message costs less. */
const RUNAWAY_BYTES = 320 * 1024 * 1024;
/** A dropped connection has settled once memory has not grown by this much for this long. */
const GROWTH_BYTES = 1024 * 1024;
const STEADY_MS = 2_000;

/** When to drop a connection. */
export interface TradeSocketOptions {
  /** Longest handshake, ms. */
  readonly handshakeMs: number;
  /** The longest time without a data frame, ms. */
  readonly staleMs: number;
  /** Messages to send once it is open, in this order. Default: none. */
  readonly greeting?: readonly string[];
  /**
   * Called when a dropped connection takes memory without bound: the runtime keeps buffering an endless message, and
   * only the end of the program stops it.
   */
  readonly onRunaway?: (reason: string) => void;
  /** Measures this program's memory, bytes; null if it is not watched. Default: what the runtime reports. */
  readonly memory?: (() => MemoryUse) | null;
  /** Default: this process's. */
  readonly runtime?: Runtime;
}

/** A part of `Deno.MemoryUsage`: all memory, and the parts for the program's objects and their buffers. */
export type MemoryUse = Pick<Deno.MemoryUsage, "rss" | "heapTotal" | "external">;

/** How a connection ended. */
export interface SocketEnd {
  readonly cause: DisconnectCause;
  /** For people. */
  readonly reason: string;
}

/**
 * An open WebSocket. Frames are gathered as long as they are available and returned together. A busy stream costs one
 * wake-up for many frames, and a quiet one is delivered at once.
 */
export class TradeSocket {
  /** When it opened, by `performance.now()`. */
  readonly openedAt: number;
  readonly #socket: WebSocketStream;
  readonly #options: TradeSocketOptions;
  readonly #runtime: Runtime;
  #staleMs: number;
  #frames: string[] = [];
  /** Characters in #frames. */
  #characters = 0;
  readonly #reader: ReadableStreamDefaultReader<string | Uint8Array>;
  /** Reads that wait until the available frames have been taken. */
  #heldReads = 0;
  #wake: (() => void) | null = null;
  #end: SocketEnd | null = null;
  /** Whether the next `read` returns at once. */
  #ready = false;
  #hasData = false;
  #lastDataAt: number;
  #watchdog: ReturnType<typeof setTimeout>;
  #memoryTimer: ReturnType<typeof setTimeout> | undefined;
  /** This program's memory when data last arrived, and which data that was. */
  #baseline: { readonly dataAt: number; memory: Memory };
  #isWatched: boolean;
  readonly #settled = Promise.withResolvers<void>();
  /** How far memory has grown since the end, and how long it has been watched since then without growing, ms. */
  #most = 0;
  #steadyMs = 0;
  #checkedAt = 0;

  /** Connects to `url`. Throws the WebSocket's error, or a TimeoutError after `handshakeMs`. */
  static async open(url: string, options: TradeSocketOptions, signal: AbortSignal): Promise<TradeSocket> {
    signal.throwIfAborted();
    const handshake = new AbortController();
    const { runtime = globalThis } = options;
    const socket = new runtime.WebSocketStream(url, { signal: handshake.signal });
    // It fails like `opened`, whose error is reported.
    socket.closed.catch(() => {});
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => {});
    const fail = (reason: unknown): void => {
      reject(reason);
      try {
        handshake.abort(reason);
      } catch {
        // The runtime does not abort a handshake that has just succeeded: the connection is dropped instead.
        socket.opened.then(({ readable }) => new TradeSocket(socket, readable, options).abandon("not needed"))
          .catch(() => {});
      }
    };
    const onAbort = (): void => fail(signal.reason);
    const timer = runtime.setTimeout(
      () => fail(new DOMException(`no answer within ${options.handshakeMs} ms`, "TimeoutError")),
      options.handshakeMs,
    );
    signal.addEventListener("abort", onAbort);
    try {
      const { readable, writable } = await Promise.race([socket.opened, promise]);
      send(options.greeting ?? [], writable);
      return new TradeSocket(socket, readable, options);
    } finally {
      // From here on, aborting the handshake would crash the runtime.
      runtime.clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    }
  }

  private constructor(
    socket: WebSocketStream,
    readable: ReadableStream<string | Uint8Array>,
    options: TradeSocketOptions,
  ) {
    this.#socket = socket;
    this.#options = options;
    const runtime = this.#runtime = options.runtime ?? globalThis;
    this.openedAt = this.#lastDataAt = runtime.performance.now();
    this.#baseline = { dataAt: 0, memory: this.#memory };
    this.#staleMs = options.staleMs;
    this.#watchdog = runtime.setTimeout(() => this.#watch(), options.staleMs);
    this.#isWatched = options.memory !== null;
    if (this.#isWatched) this.#checkMemory();
    else this.#settled.resolve();
    // It may stay open long after it was dropped.
    const stopWatching = (): void => {
      this.#isWatched = false;
      runtime.clearTimeout(this.#memoryTimer);
      this.#settled.resolve();
    };
    socket.closed.then(stopWatching, stopWatching);
    this.#reader = readable.getReader();
    for (let i = 0; i < READS; i++) this.#readOn();
  }

  /** Whether any data frame has arrived yet. */
  get hasData(): boolean {
    return this.#hasData;
  }

  /** The longest time without a data frame, ms. */
  set staleMs(ms: number) {
    this.#staleMs = ms;
    if (this.#end !== null) return;
    this.#runtime.clearTimeout(this.#watchdog);
    this.#watch();
  }

  /** Resolves once a connection that has ended takes no more memory: it is gone, or sends nothing more. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  /** Why it ended; null while it is open. */
  get end(): SocketEnd | null {
    return this.#end;
  }

  /** The available frames, which stay available. */
  get waiting(): readonly string[] {
    return this.#frames;
  }

  /** Waits for the next frames. Empty after `nudge`; null once the connection has ended and all frames were taken. */
  async read(): Promise<readonly string[] | null> {
    while (!this.#ready) await new Promise<void>((resolve) => this.#wake = resolve);
    const frames = this.#frames;
    // Once it has ended it stays ready, so that every read returns null.
    this.#ready = this.#end !== null;
    if (this.#ready && frames.length === 0) return null;
    this.#frames = [];
    this.#characters = 0;
    if (frames.length > 0) this.#lastDataAt = this.#runtime.performance.now();
    for (; this.#heldReads > 0; this.#heldReads--) this.#readOn();
    return frames;
  }

  /** Makes the pending or the next `read` return with the available frames. */
  nudge(): void {
    this.#awaken();
  }

  /** Ends it for `reason`; frames already read can still be taken. Never waits for the peer, which may never answer. */
  abandon(reason: string, cause: DisconnectCause = "closed"): void {
    if (this.#end !== null) return;
    this.#finish({ cause, reason });
    try {
      this.#socket.close();
    } catch {
      // Already closing: there is nothing left to drop.
    }
    this.#drain();
  }

  /** Ends it for `reason`, and drops the frames that were not taken. */
  discard(reason: string): void {
    this.abandon(reason);
    this.#frames = [];
    this.#characters = 0;
  }

  /** Reads and discards what a peer sends if it does not close its side, because the stream would buffer it. */
  #drain(): void {
    this.#reader.read().then(({ done }) => done || this.#drain(), () => {});
  }

  /** Each read starts the next from its callback, which costs less than an `await` for each frame. */
  #readOn(): void {
    if (this.#end === null) this.#reader.read().then(this.#onFrame, this.#onBreak);
  }

  readonly #onFrame = ({ value, done }: ReadableStreamReadResult<string | Uint8Array>): void => {
    if (done) {
      this.#closeReason().then((reason) => this.#finish({ cause: "closed", reason }));
      return;
    }
    // A read may resolve after the socket was dropped. Its frame was received, so it is delivered.
    const frame = typeof value !== "string"
      ? BINARY_FRAME
      : value.length > LONGEST_FRAME
      ? tooLong(value)
      : value;
    const count = this.#frames.push(frame);
    this.#characters += frame.length;
    if (count === 1) {
      this.#hasData = true;
      this.#lastDataAt = this.#runtime.performance.now();
      // One wake-up per turn of the event loop: reads that resolve in the same turn are delivered together. Without the
      // turn, a chain of promises alone would delay timers and signals, and keep garbage alive.
      this.#runtime.setImmediate(this.#awaken);
    }
    if (count < FRAMES_AHEAD && this.#characters < CHARACTERS_AHEAD) this.#readOn();
    else this.#heldReads++;
  };

  readonly #onBreak = (error: unknown): void =>
    this.#finish({
      cause: "broken",
      reason: `the connection broke: ${error instanceof Error ? error.message : error}`,
    });

  async #closeReason(): Promise<string> {
    const deadline = Promise.withResolvers<null>();
    const timer = this.#runtime.setTimeout(() => deadline.resolve(null), CLOSE_INFO_DEADLINE_MS);
    const info = await Promise.race([this.#socket.closed.catch(() => null), deadline.promise]);
    this.#runtime.clearTimeout(timer);
    // The published type names it `code`, the runtime `closeCode`; an abnormal close has 0 or none.
    const { closeCode, code = closeCode, reason } = (info ?? {}) as WebSocketCloseInfo & {
      closeCode?: number;
    };
    if (!code) return "the exchange dropped the connection";
    return `the exchange closed the connection (${code}${reason ? ` ${JSON.stringify(reason)}` : ""})`;
  }

  #watch(suspected = false): void {
    if (this.#end !== null) return;
    const silent = this.#frames.length > 0 ? 0 : this.#runtime.performance.now() - this.#lastDataAt;
    const late = silent >= this.#staleMs;
    if (late && suspected) return this.abandon(staleText(silent), "stale");
    this.#watchdog = this.#runtime.setTimeout(
      () => this.#watch(late),
      late ? SECOND_LOOK_MS : this.#staleMs - silent,
    );
  }

  /** The runtime buffers a message's fragments without a limit, so only memory use reveals one that never ends. */
  #checkMemory(): void {
    const memory = this.#memory;
    const grown = memory.since(this.#baseline.memory);
    if (this.#end !== null) this.#checkDropped(grown);
    else if (this.#baseline.dataAt !== this.#lastDataAt || this.#frames.length > 0) {
      this.#baseline = { dataAt: this.#lastDataAt, memory };
    } else if (grown > MOST_BYTES) {
      this.abandon(`a message without an end took ${megabytes(grown)} MB`, "endless");
    }
    if (!this.#isWatched) return;
    const everyMs = grown < LITTLE_BYTES ? CHECK_EVERY_MS : CHECK_OFTEN_MS;
    this.#memoryTimer = this.#runtime.setTimeout(() => this.#checkMemory(), everyMs);
  }

  get #memory(): Memory {
    return new Memory(this.#options.memory?.() ?? Deno.memoryUsage());
  }

  #checkDropped(grown: number): void {
    if (grown > RUNAWAY_BYTES) {
      this.#isWatched = false;
      return this.#options.onRunaway?.(
        `an endless message continued after the connection was dropped, and took ${megabytes(grown)} MB`,
      );
    }
    const now = this.#runtime.performance.now();
    if (grown - this.#most > GROWTH_BYTES) {
      this.#most = grown;
      this.#steadyMs = 0;
    } else {
      // A program that was itself held up may not have read what arrived meanwhile.
      this.#steadyMs += Math.min(now - this.#checkedAt, CHECK_EVERY_MS);
      if (this.#steadyMs >= STEADY_MS) this.#settled.resolve();
    }
    this.#checkedAt = now;
  }

  #finish(end: SocketEnd): void {
    if (this.#end === null) {
      this.#baseline.memory = this.#memory;
      this.#checkedAt = this.#runtime.performance.now();
    }
    this.#end ??= end;
    this.#runtime.clearTimeout(this.#watchdog);
    this.#awaken();
  }

  readonly #awaken = (): void => {
    this.#ready = true;
    this.#wake?.();
    this.#wake = null;
  };
}

/**
 * This program's memory, and the runtime's own share of it. The runtime buffers a message's fragments in its own share;
 * the program's objects and buffers may have any other cause.
 */
class Memory {
  readonly #all: number;
  readonly #own: number;

  constructor({ rss, heapTotal, external }: MemoryUse) {
    this.#all = rss;
    this.#own = rss - heapTotal - external;
  }

  /** The bytes by which both have grown. Memory freed elsewhere may count as the runtime's for a while. */
  since(before: Memory): number {
    return Math.min(this.#all - before.#all, this.#own - before.#own);
  }
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}

/** Sends messages in order without waiting. If the connection breaks, its reader finds out. */
function send(texts: readonly string[], writable: WritableStream<string | Uint8Array>): void {
  if (texts.length === 0) return;
  const writer = writable.getWriter();
  for (const text of texts) writer.write(text).catch(() => {});
  writer.closed.catch(() => {});
}

/** Replaces a binary frame, which no trade stream sends; it is rejected like other unusable messages. */
const BINARY_FRAME = "(binary frame)";

/** Replaces an overlong message, which no trade stream sends and which would cost many times its length to read. */
function tooLong(text: string): string {
  return `(frame of ${text.length} characters)`;
}
