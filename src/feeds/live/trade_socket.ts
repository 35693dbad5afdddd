/** One connection over Deno's native WebSocketStream, read in batches, and dropped when it is stale. */
import { type DisconnectCause, staleText } from "../../domain/market/disconnect_cause.ts";
import type { Runtime } from "./runtime.ts";

/**
 * How much is read ahead of the consumer; when this much is waiting, the socket is not read and the peer is slowed.
 */
const FRAMES_AHEAD = 256;
const CHARACTERS_AHEAD = 1024 * 1024;
/** Reads under way at a time: with one alone the runtime would wait to be asked after every frame. */
const READS = 2;
/** Characters; a message of a trade stream has some 200. In UTF-8 it is still a line that a recording may have. */
const LONGEST_FRAME = 256 * 1024;
const CLOSE_INFO_DEADLINE_MS = 100;
/**
 * The time between suspecting a stale connection and dropping it: a program that was held up itself first reads what
 * arrived meanwhile.
 */
const SECOND_LOOK_MS = 10;
const WEIGH_EVERY_MS = 100;
/** The same while memory grows and no frame comes: gigabytes a second come over loopback. */
const WEIGH_OFTEN_MS = 10;
const LIGHT_BYTES = 16 * 1024 * 1024;
/** What memory may grow by while no frame comes; the largest frame that the runtime takes, 64 MB, costs less. */
const HEAVIEST_BYTES = 256 * 1024 * 1024;
/** The same from the moment a connection was dropped: the rest of a message that is not too large costs less. */
const RUNAWAY_BYTES = 320 * 1024 * 1024;
/** A dropped connection is calm once memory has not grown by this much for this long. */
const GROWTH_BYTES = 1024 * 1024;
const CALM_MS = 2_000;

/** When to drop a connection. */
export interface TradeSocketOptions {
  /** Longest handshake, ms. */
  readonly handshakeMs: number;
  /** The longest time without a data frame, ms. */
  readonly staleMs: number;
  /** What is sent once it is open, in this order. Default: nothing. */
  readonly greeting?: readonly string[];
  /**
   * Called when a connection that was dropped takes memory without bound: the runtime goes on gathering a message
   * that has no end, and nothing but the end of the program stops it.
   */
  readonly onRunaway?: (reason: string) => void;
  /** The memory of this program, bytes; null where nobody watches it. Default: what the runtime reports. */
  readonly memory?: (() => MemoryUse) | null;
  /** Default: this process's. */
  readonly runtime?: Runtime;
}

/** A part of `Deno.MemoryUsage`: all, and what of it are the program's objects and their buffers. */
export type MemoryUse = Pick<Deno.MemoryUsage, "rss" | "heapTotal" | "external">;

/** How a connection ended. */
export interface SocketEnd {
  readonly cause: DisconnectCause;
  /** For people. */
  readonly reason: string;
}

/**
 * An open WebSocket. Frames are gathered as long as they are available and handed over together, so that a busy
 * stream costs one wake-up for many frames and a quiet one is handed over at once.
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
  /** Reads that wait until what is available has been taken. */
  #heldReads = 0;
  #wake: (() => void) | null = null;
  #end: SocketEnd | null = null;
  /** Whether the next `read` returns at once. */
  #ready = false;
  #heard = false;
  #lastHeardAt: number;
  #watchdog: ReturnType<typeof setTimeout>;
  #scales: ReturnType<typeof setTimeout> | undefined;
  /** This program's memory when data last came, and which data that was. */
  #weighed: { readonly heardAt: number; memory: Memory };
  #isWeighed: boolean;
  readonly #calm = Promise.withResolvers<void>();
  /** How far memory has grown since the end, and how long it has been watched since then without growing, ms. */
  #most = 0;
  #calmMs = 0;
  #weighedAt = 0;

  /** Connects to `url`; the WebSocket's own error, or a TimeoutError after `handshakeMs`. */
  static async open(url: string, options: TradeSocketOptions, signal: AbortSignal): Promise<TradeSocket> {
    signal.throwIfAborted();
    const handshake = new AbortController();
    const { runtime = globalThis } = options;
    const socket = new runtime.WebSocketStream(url, { signal: handshake.signal });
    // Its failure is the same as that of `opened`, which is reported.
    socket.closed.catch(() => {});
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => {});
    const giveUp = (reason: unknown): void => {
      reject(reason);
      try {
        handshake.abort(reason);
      } catch {
        // The runtime does not abort a handshake that has just succeeded: the connection is dropped instead.
        socket.opened.then(({ readable }) => new TradeSocket(socket, readable, options).abandon("not needed"))
          .catch(() => {});
      }
    };
    const onAbort = (): void => giveUp(signal.reason);
    const timer = runtime.setTimeout(
      () => giveUp(new DOMException(`no answer within ${options.handshakeMs} ms`, "TimeoutError")),
      options.handshakeMs,
    );
    signal.addEventListener("abort", onAbort);
    try {
      const { readable, writable } = await Promise.race([socket.opened, promise]);
      send(options.greeting ?? [], writable);
      return new TradeSocket(socket, readable, options);
    } finally {
      // From here on an abort of the handshake would fault the runtime.
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
    this.openedAt = this.#lastHeardAt = runtime.performance.now();
    this.#weighed = { heardAt: 0, memory: this.#memory };
    this.#staleMs = options.staleMs;
    this.#watchdog = runtime.setTimeout(() => this.#watch(), options.staleMs);
    this.#isWeighed = options.memory !== null;
    if (this.#isWeighed) this.#weigh();
    else this.#calm.resolve();
    // It may be open long after it was dropped.
    const stopWeighing = (): void => {
      this.#isWeighed = false;
      runtime.clearTimeout(this.#scales);
      this.#calm.resolve();
    };
    socket.closed.then(stopWeighing, stopWeighing);
    this.#reader = readable.getReader();
    for (let i = 0; i < READS; i++) this.#readOn();
  }

  /** Whether any data frame has come yet. */
  get heard(): boolean {
    return this.#heard;
  }

  /** The longest time without a data frame, ms. */
  set staleMs(ms: number) {
    this.#staleMs = ms;
    if (this.#end !== null) return;
    this.#runtime.clearTimeout(this.#watchdog);
    this.#watch();
  }

  /** Resolves once a connection that has ended takes no more memory: it is gone, or sends nothing more. */
  get calm(): Promise<void> {
    return this.#calm.promise;
  }

  /** Why it ended; null while it is open. */
  get end(): SocketEnd | null {
    return this.#end;
  }

  /** The frames available, without taking them. */
  get waiting(): readonly string[] {
    return this.#frames;
  }

  /** The next frames, waiting for them; empty after `nudge`; null once it has ended and all were taken. */
  async read(): Promise<readonly string[] | null> {
    while (!this.#ready) await new Promise<void>((resolve) => this.#wake = resolve);
    const frames = this.#frames;
    // Once it has ended it stays ready, to say so.
    this.#ready = this.#end !== null;
    if (this.#ready && frames.length === 0) return null;
    this.#frames = [];
    this.#characters = 0;
    if (frames.length > 0) this.#lastHeardAt = this.#runtime.performance.now();
    for (; this.#heldReads > 0; this.#heldReads--) this.#readOn();
    return frames;
  }

  /** Lets a pending or the next `read` return with what there is. */
  nudge(): void {
    this.#awaken();
  }

  /** Ends it for `reason`: what was read stays to be taken. Never waits for the peer, who may never answer. */
  abandon(reason: string, cause: DisconnectCause = "closed"): void {
    if (this.#end !== null) return;
    this.#finish({ cause, reason });
    try {
      this.#socket.close();
    } catch {
      // Already closing: there is nothing left to drop.
    }
    this.#forget();
  }

  /** What a peer sends that does not close its side is read and forgotten: the stream would keep it. */
  #forget(): void {
    this.#reader.read().then(({ done }) => done || this.#forget(), () => {});
  }

  /** Each read starts the next from its own callback, which costs less than an `await` a frame. */
  #readOn(): void {
    if (this.#end === null) this.#reader.read().then(this.#onFrame, this.#onBreak);
  }

  readonly #onFrame = ({ value, done }: ReadableStreamReadResult<string | Uint8Array>): void => {
    if (done) {
      this.#closeReason().then((reason) => this.#finish({ cause: "closed", reason }));
      return;
    }
    // A read may resolve after the socket was dropped: its frame was received, so it is handed over.
    const frame = typeof value !== "string"
      ? BINARY_FRAME
      : value.length > LONGEST_FRAME
      ? tooLong(value)
      : value;
    const count = this.#frames.push(frame);
    this.#characters += frame.length;
    if (count === 1) {
      this.#heard = true;
      this.#lastHeardAt = this.#runtime.performance.now();
      // One wake-up a turn of the event loop: reads that resolve in the same turn are handed over together. The
      // turn matters: a chain of promises alone would keep timers and signals waiting, and garbage alive.
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
    // The published type calls it `code`, the runtime `closeCode`; an abnormal close has 0 or none.
    const { closeCode, code = closeCode, reason } = (info ?? {}) as WebSocketCloseInfo & {
      closeCode?: number;
    };
    if (!code) return "the exchange dropped the connection";
    return `the exchange closed the connection (${code}${reason ? ` ${JSON.stringify(reason)}` : ""})`;
  }

  #watch(suspected = false): void {
    if (this.#end !== null) return;
    const silent = this.#frames.length > 0 ? 0 : this.#runtime.performance.now() - this.#lastHeardAt;
    const late = silent >= this.#staleMs;
    if (late && suspected) return this.abandon(staleText(silent), "stale");
    this.#watchdog = this.#runtime.setTimeout(
      () => this.#watch(late),
      late ? SECOND_LOOK_MS : this.#staleMs - silent,
    );
  }

  /** The runtime gathers a message's fragments without a limit: one that never ends shows in the memory it takes. */
  #weigh(): void {
    const memory = this.#memory;
    const grown = memory.since(this.#weighed.memory);
    if (this.#end !== null) this.#weighForgotten(grown);
    else if (this.#weighed.heardAt !== this.#lastHeardAt || this.#frames.length > 0) {
      this.#weighed = { heardAt: this.#lastHeardAt, memory };
    } else if (grown > HEAVIEST_BYTES) {
      this.abandon(`a message without an end took ${megabytes(grown)} MB`, "endless");
    }
    if (!this.#isWeighed) return;
    const everyMs = grown < LIGHT_BYTES ? WEIGH_EVERY_MS : WEIGH_OFTEN_MS;
    this.#scales = this.#runtime.setTimeout(() => this.#weigh(), everyMs);
  }

  get #memory(): Memory {
    return new Memory(this.#options.memory?.() ?? Deno.memoryUsage());
  }

  #weighForgotten(grown: number): void {
    if (grown > RUNAWAY_BYTES) {
      this.#isWeighed = false;
      return this.#options.onRunaway?.(
        `a message without an end went on after the connection was dropped, and took ${megabytes(grown)} MB`,
      );
    }
    const now = this.#runtime.performance.now();
    if (grown - this.#most > GROWTH_BYTES) {
      this.#most = grown;
      this.#calmMs = 0;
    } else {
      // A program that was held up itself has read nothing that could have come meanwhile.
      this.#calmMs += Math.min(now - this.#weighedAt, WEIGH_EVERY_MS);
      if (this.#calmMs >= CALM_MS) this.#calm.resolve();
    }
    this.#weighedAt = now;
  }

  #finish(end: SocketEnd): void {
    if (this.#end === null) {
      this.#weighed.memory = this.#memory;
      this.#weighedAt = this.#runtime.performance.now();
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
 * What this program takes, and what of it is the runtime's own: a message's fragments are gathered there, while its
 * objects and buffers may be anything else that the program does.
 */
class Memory {
  readonly #all: number;
  readonly #own: number;

  constructor({ rss, heapTotal, external }: MemoryUse) {
    this.#all = rss;
    this.#own = rss - heapTotal - external;
  }

  /** Bytes that both have grown by: what was freed elsewhere may be counted as the runtime's for a while. */
  since(before: Memory): number {
    return Math.min(this.#all - before.#all, this.#own - before.#own);
  }
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}

/** Sends texts in their order without waiting; that a connection broke is found by those who read it. */
function send(texts: readonly string[], writable: WritableStream<string | Uint8Array>): void {
  if (texts.length === 0) return;
  const writer = writable.getWriter();
  for (const text of texts) writer.write(text).catch(() => {});
  writer.closed.catch(() => {});
}

/** Stands for a binary frame, which no trade stream sends: it is rejected with the other unusable messages. */
const BINARY_FRAME = "(binary frame)";

/** Stands in the same way for a text that no trade stream sends, and that would cost many times its length to read. */
function tooLong(text: string): string {
  return `(frame of ${text.length} characters)`;
}
