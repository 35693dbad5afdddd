/** A symbol's live trade stream: connects, reconnects, renews, and reports what happens. */
import { pause } from "./alarm.ts";
import { Backoff, ConnectionBudget } from "./backoff.ts";
import type { Exchange } from "../../exchanges/exchange.ts";
import type { FrameDecoder } from "../../exchanges/frame_decoder.ts";
import { type ConnectFailure, explain } from "./connect_failure.ts";
import type { Batch, Feed } from "./feed.ts";
import { Handover } from "./handover.ts";
import { QuietLimit } from "./quiet_limit.ts";
import type { Runtime } from "./runtime.ts";
import { type MemoryUse, type SocketEnd, TradeSocket, type TradeSocketOptions } from "./trade_socket.ts";

/** Options of a live feed. Times in ms. */
export interface LiveFeedOptions {
  readonly exchange: Exchange;
  /** Base address, such as wss://stream.example.com:9443. */
  readonly endpoint: string;
  readonly symbol: string;
  /**
   * The stream is stale after this long without data, or later if earlier quiet times proved that nothing was missed.
   */
  readonly staleMs: number;
  readonly retryMaxMs: number;
  /**
   * Stops after this many failures in a row; null for never. A stale stream counts as a failure only while the symbol
   * may be unknown: before its first trade and before `confirmSymbol`.
   */
  readonly attempts: number | null;
  /** Age at which a connection is replaced. */
  readonly renewAfterMs: number;
  /** Ends the feed; data already received is still delivered. */
  readonly signal: AbortSignal;
  /** Draws the jitter; from 0 to below 1. Default: the runtime's. */
  readonly random?: () => number;
  /** As in TradeSocketOptions. */
  readonly memory?: (() => MemoryUse) | null;
  /** Default: this process's. */
  readonly runtime?: Runtime;
}

/** The exchange could not be reached in the allowed number of tries. */
export class ExchangeUnreachable extends Error {
  override readonly name = "ExchangeUnreachable";
  readonly exit = "unreachable";
}

const HANDSHAKE_MS = 10_000;
const HEALTHY_MS = 60_000;
/**
 * After up to this many announced ends within ENDS_WITHIN_MS the feed connects again at once; after more it waits, as
 * after a failure.
 */
const ENDS_AT_ONCE = 3;
const ENDS_WITHIN_MS = 60_000;
/** The longest wait before another try to replace a connection that still works. */
const RENEW_AGAIN_MS = 60_000;
/** The shortest wait after a refusal, if the exchange does not give a time. */
const REFUSED_WAIT_MS = 10_000;

/** The feed of one symbol over a WebSocket. Iterate it once. */
export class LiveFeed implements Feed {
  readonly #options: LiveFeedOptions;
  readonly #runtime: Runtime;
  readonly #url: string;
  readonly #onRunaway: (reason: string) => void;
  readonly #quiet: QuietLimit;
  readonly #backoff: Backoff;
  readonly #budget: ConnectionBudget;
  readonly #decoder: FrameDecoder;
  /** Tries since data last flowed. */
  #tries = 0;
  /** Whether the exchange is known to have the symbol. */
  #isConfirmed = false;
  #lastHint: string | null = null;
  /** When the exchange accepts another attempt, by `performance.now()`. */
  #notBefore = 0;
  /** When the exchange recently announced that it closes a connection, by `performance.now()`. */
  #announcedAt: number[] = [];
  readonly #ending = new AbortController();
  /** The connection that is read; null before the first. */
  #socket: TradeSocket | null = null;
  /** Why the feed has to end by itself; null while it may continue. */
  #runaway: string | null = null;

  constructor(options: LiveFeedOptions) {
    const signal = AbortSignal.any([options.signal, this.#ending.signal]);
    this.#options = { ...options, signal };
    const runtime = this.#runtime = options.runtime ?? globalThis;
    const { endpoint, exchange, symbol } = options;
    this.#url = exchange.streamUrl(endpoint, symbol);
    this.#budget = new ConnectionBudget(exchange.connectionLimit);
    this.#decoder = exchange.decoder(symbol);
    this.#onRunaway = (reason: string): void => {
      // A run that is being stopped ends anyway.
      if (signal.aborted) return;
      this.#runaway = reason;
      this.#ending.abort();
    };
    this.#quiet = new QuietLimit(options.staleMs, exchange.decoder(symbol));
    this.#backoff = new Backoff(options.retryMaxMs, options.random ?? runtime.Math.random);
  }

  /**
   * Confirms that the exchange has the symbol. From now on, a stream that sends nothing counts as quiet, not as wrong.
   */
  confirmSymbol(): void {
    this.#isConfirmed = true;
  }

  /**
   * Drops the connection along with the data that it received and has not delivered, and connects again: the next trade
   * shows how many were missed.
   */
  drop(reason: string): void {
    this.#socket?.discard(reason);
  }

  /**
   * Runs the feed. Throws ExchangeUnreachable after `attempts` failures in a row, and if a dropped connection takes
   * memory without bound; NetPermissionError if there is no permission to reach the host.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Batch> {
    yield* this.#run();
    if (this.#runaway === null) return;
    throw new ExchangeUnreachable(
      `The run ends, because nothing else stops this: ${this.#runaway}. Start it again to resume it.`,
    );
  }

  async *#run(): AsyncGenerator<Batch> {
    const { signal } = this.#options;
    while (!signal.aborted) {
      let socket: TradeSocket;
      this.#tries++;
      try {
        await this.#clearToConnect();
        socket = await this.#open(signal);
      } catch (error) {
        if (signal.aborted) return;
        const { reason, hint } = await this.#explain(error);
        if (signal.aborted) return;
        yield* this.#lost({ cause: "unreachable", reason }, this.#backoff.next(), hint);
        continue;
      }
      yield* this.#follow(socket);
    }
  }

  /** Yields what arrives until the stream breaks and cannot be handed over, then waits for the next try. */
  async *#follow(first: TradeSocket): AsyncGenerator<Batch> {
    const { endpoint, signal, renewAfterMs } = this.#options;
    const runtime = this.#runtime;
    const leaving = new AbortController();
    let socket = this.#socket = first;
    const onAbort = (): void => socket.abandon("stopped");
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
    let handover: Handover | null = null;
    let goingAway = false;
    /** How long to wait after the exchange's announcement, ms. */
    let moveMs = 0;
    let isDue = false;
    let renewal: ReturnType<typeof setTimeout> | undefined;
    const renewIn = (ms: number): void => {
      runtime.clearTimeout(renewal);
      isDue = false;
      renewal = runtime.setTimeout(() => {
        isDue = true;
        // Wakes the reading loop even if the stream is quiet.
        socket.nudge();
      }, ms);
    };
    renewIn(renewAfterMs);
    try {
      yield { kind: "connected", endpoint, attempt: this.#tries };
      for (;;) {
        const messages = await socket.read();
        const ended = messages === null;
        if (!ended && messages.length > 0) {
          this.#isConfirmed = true;
          this.#tries = 0;
          if (!goingAway && messages.some((frame) => this.#decoder.isShutdownNotice(frame))) {
            goingAway = true;
            moveMs = this.#announced();
            if (moveMs > 0) renewIn(moveMs);
            else isDue = true;
          }
          // Before they are yielded, because the consumer may take its time.
          const changed = this.#quiet.received(messages, runtime.performance.now());
          yield { kind: "messages", messages, receivedAt: runtime.Date.now() };
          if (changed !== null) {
            socket.staleMs = this.#quiet.limitMs;
            yield { kind: "notice", message: changed };
          }
        }
        if (signal.aborted && !ended) continue;
        if (isDue && handover === null && !ended) {
          const wait = this.#restMs();
          if (wait > 0) renewIn(Math.ceil(wait));
          else handover = new Handover(this.#openNext(leaving.signal), socket, this.#decoder, runtime);
        }
        if (!ended && messages.length > 0) handover?.note(messages);
        const next = handover?.take(ended) ?? null;
        if (next !== null) {
          this.#credit(socket);
          socket.abandon("replaced by a newer connection");
          socket = this.#socket = next;
          socket.staleMs = this.#quiet.limitMs;
          handover = null;
          goingAway = false;
          renewIn(renewAfterMs);
          if (signal.aborted) onAbort();
          else yield { kind: "notice", message: "the connection was replaced by a newer one" };
          continue;
        }
        if (ended) break;
        const failure = handover?.failure ?? null;
        if (failure !== null) {
          handover!.drop();
          handover = null;
          renewIn(goingAway ? this.#backoff.next() : Math.min(renewAfterMs, RENEW_AGAIN_MS));
          yield {
            kind: "notice",
            message: `the connection could not be replaced yet; the old one stays open: ${failure}`,
          };
        }
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
      runtime.clearTimeout(renewal);
      leaving.abort();
      handover?.drop();
      socket.abandon("stopped");
    }
    if (signal.aborted) return;
    this.#credit(socket);
    const end = socket.end ?? { cause: "closed", reason: "the connection ended" };
    if (end.cause === "stale") this.#quiet.dropped();
    if (goingAway) yield* this.#lost({ ...end, reason: `${end.reason}, as it had announced` }, moveMs, null);
    else if (end.cause === "stale") yield* this.#wentStale(end);
    else yield* this.#lost(end, this.#backoff.next(), null);
    // After an endless message, what happens next depends on whether the exchange stops sending it, not on timing.
    if (end.cause === "endless") await unlessAborted(socket.settled, signal);
  }

  /** The time by a monotonic clock, ms. */
  get #now(): number {
    return this.#runtime.performance.now();
  }

  /** How long to wait, ms, before replacing a connection that the exchange announced it would close. */
  #announced(): number {
    const now = this.#now;
    this.#announcedAt = [...this.#announcedAt.filter((at) => at > now - ENDS_WITHIN_MS), now];
    return this.#announcedAt.length > ENDS_AT_ONCE ? this.#backoff.next() : 0;
  }

  #open(signal: AbortSignal): Promise<TradeSocket> {
    const { exchange, symbol } = this.#options;
    const options: TradeSocketOptions = {
      handshakeMs: HANDSHAKE_MS,
      greeting: exchange.subscriptions(symbol),
      staleMs: this.#quiet.limitMs,
      onRunaway: this.#onRunaway,
      runtime: this.#runtime,
      ...(this.#options.memory === undefined ? {} : { memory: this.#options.memory }),
    };
    return TradeSocket.open(this.#url, options, signal);
  }

  /** Opens a second connection while the first still works. */
  async #openNext(leaving: AbortSignal): Promise<TradeSocket> {
    const signal = AbortSignal.any([this.#options.signal, leaving]);
    this.#budget.spend(this.#now);
    try {
      return await this.#open(signal);
    } catch (error) {
      if (signal.aborted) throw error;
      const { reason } = await this.#explain(error);
      throw new Error(reason);
    }
  }

  /** Resets the backoff if the connection lasted a minute and carried data. */
  #credit(socket: TradeSocket): void {
    if (socket.hasData && this.#now - socket.openedAt >= HEALTHY_MS) this.#backoff.reset();
  }

  /** Explains why a handshake failed, and remembers how long the exchange asked the program to wait. */
  async #explain(error: unknown): Promise<ConnectFailure> {
    const { exchange, retryMaxMs, signal } = this.#options;
    const failure = await explain(error, this.#url, exchange, signal, this.#runtime);
    const { status, retryAfterMs } = failure;
    const now = this.#now;
    // A refusal causes one more request, over HTTP.
    if (status !== null) this.#budget.spend(now);
    const isBarred = status !== null && exchange.refusal(status, this.#url).stayAwayMs !== null;
    const least = isBarred ? Math.max(this.#backoff.ceilingMs, Math.min(retryMaxMs, REFUSED_WAIT_MS)) : 0;
    this.#notBefore = Math.max(this.#notBefore, now + (retryAfterMs > 0 ? retryAfterMs : least));
    return failure;
  }

  /**
   * Replaces a stream that sent nothing at once. That is not a failure to connect, unless the symbol may be unknown.
   */
  async *#wentStale(end: SocketEnd): AsyncGenerator<Batch> {
    if (this.#isConfirmed) {
      this.#tries = 0;
      return yield* this.#lost(end, 0, null);
    }
    const { symbol, staleMs } = this.#options;
    const hint = `Is ${symbol} a symbol of this exchange? It accepts unknown ones and then sends nothing. ` +
      `For a symbol that trades less often than every ${staleMs} ms, raise --stale.`;
    yield* this.#lost({ ...end, reason: `no trade of ${symbol} arrived: ${end.reason}` }, 0, hint);
  }

  async *#lost({ cause, reason }: SocketEnd, waitMs: number, hint: string | null): AsyncGenerator<Batch> {
    const { attempts, signal } = this.#options;
    if (attempts !== null && this.#tries >= attempts) {
      const advice = hint === null ? "" : ` ${hint}`;
      throw new ExchangeUnreachable(
        `Gave up after ${this.#tries} failed ${
          this.#tries === 1 ? "attempt" : "attempts in a row"
        }: ${reason}.${advice}`,
      );
    }
    const retryInMs = Math.max(waitMs, Math.ceil(this.#restMs()));
    // The advice is logged once, not on every try.
    yield { kind: "disconnected", cause, reason, retryInMs, hint: hint === this.#lastHint ? null : hint };
    this.#lastHint = hint;
    await pause(retryInMs, signal, this.#runtime);
  }

  /** How long the exchange's budget and its last answer delay the next attempt, ms. */
  #restMs(): number {
    const now = this.#now;
    return Math.max(0, this.#budget.waitMs(now), this.#notBefore - now);
  }

  async #clearToConnect(): Promise<void> {
    const { signal } = this.#options;
    // A timer may fire a little early.
    for (let wait = this.#restMs(); wait > 0 && !signal.aborted; wait = this.#restMs()) {
      await pause(Math.ceil(wait), signal, this.#runtime);
    }
    this.#budget.spend(this.#now);
  }
}

/** Waits for `promise`, which never rejects; an abort ends the wait. */
async function unlessAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<void>();
  const onAbort = (): void => aborted.resolve();
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) onAbort();
  await Promise.race([promise, aborted.promise]);
  signal.removeEventListener("abort", onAbort);
}
