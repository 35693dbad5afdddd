/** A symbol's live trade stream: connects, reconnects, renews, and says what happens. */
import { setTimeout as sleep } from "node:timers/promises";
import { BinanceMessageReader } from "../domain/binance_message.ts";
import { Backoff, ConnectionBudget } from "./backoff.ts";
import { BINANCE_BUDGET, isServerShutdown, tradeStreamUrl } from "./binance.ts";
import { type ConnectFailure, explain } from "./connect_failure.ts";
import type { Batch, Feed } from "./feed.ts";
import { Handover } from "./handover.ts";
import { TradeSocket, type TradeSocketOptions } from "./trade_socket.ts";

/** What a live feed is made from. Times in ms. */
export interface LiveFeedOptions {
  /** Base address, such as wss://stream.binance.com:9443. */
  readonly endpoint: string;
  readonly symbol: string;
  readonly staleMs: number;
  readonly retryMaxMs: number;
  /** Give up after so many failures in a row; null for never. */
  readonly attempts: number | null;
  /** Age at which a connection is replaced. */
  readonly renewAfterMs: number;
  /** Ends the feed; what was received is still handed over. */
  readonly signal: AbortSignal;
  /** Draws the jitter; from 0 to below 1. */
  readonly random?: () => number;
}

/** The exchange could not be reached in as many tries as were allowed. */
export class ExchangeUnreachable extends Error {
  override readonly name = "ExchangeUnreachable";
}

const HANDSHAKE_MS = 10_000;
const HEALTHY_MS = 60_000;
/** How long after a replacement could not be opened the next is tried, while the old connection still runs. */
const RENEW_AGAIN_MS = 60_000;
/** What to wait at least after being told off, where the exchange does not say how long. */
const TOLD_OFF_MS = 10_000;

/** The feed of one symbol over a WebSocket. Iterate it once. */
export class LiveFeed implements Feed {
  readonly #options: LiveFeedOptions;
  readonly #url: string;
  readonly #socketOptions: TradeSocketOptions;
  readonly #backoff: Backoff;
  readonly #budget = new ConnectionBudget(BINANCE_BUDGET);
  readonly #reader: BinanceMessageReader;
  /** Tries since data last flowed. */
  #tries = 0;
  #everHeard = false;

  constructor(options: LiveFeedOptions) {
    this.#options = options;
    this.#url = tradeStreamUrl(options.endpoint, options.symbol);
    this.#socketOptions = { handshakeMs: HANDSHAKE_MS, staleMs: options.staleMs };
    this.#backoff = new Backoff(options.retryMaxMs, options.random);
    this.#reader = new BinanceMessageReader(options.symbol);
  }

  /**
   * Runs the feed. Throws ExchangeUnreachable after `attempts` failures in a row, and NetPermissionError where
   * the host may not be reached at all.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Batch> {
    const { signal } = this.#options;
    while (!signal.aborted) {
      let socket: TradeSocket;
      this.#tries++;
      try {
        await this.#stayInBudget();
        socket = await TradeSocket.open(this.#url, this.#socketOptions, signal);
      } catch (error) {
        if (signal.aborted) return;
        yield* this.#failed(await explain(error, this.#url));
        continue;
      }
      yield { kind: "connected", endpoint: this.#options.endpoint, attempt: this.#tries };
      yield* this.#follow(socket);
    }
  }

  /** Hands over what comes until the stream breaks for good, then waits for the next try. */
  async *#follow(first: TradeSocket): AsyncGenerator<Batch> {
    const { signal, renewAfterMs } = this.#options;
    let socket = first;
    const onAbort = (): void => socket.abandon("stopped");
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
    let handover: Handover | null = null;
    let renewAt = performance.now() + renewAfterMs;
    let renewal = nudgeLater(socket, renewAfterMs);
    let goingAway = false;
    try {
      for (;;) {
        const messages = await socket.read();
        if (messages !== null && messages.length > 0) {
          this.#everHeard = true;
          this.#tries = 0;
          handover?.note(messages);
          goingAway ||= messages.some(isServerShutdown);
          yield { kind: "messages", messages, receivedAt: Date.now() };
        }
        if (signal.aborted) {
          if (messages === null) return;
          continue;
        }
        if (handover?.failed && !goingAway) {
          handover = null;
          renewAt = performance.now() + RENEW_AGAIN_MS;
          renewal = nudgeLater(socket, RENEW_AGAIN_MS);
        }
        if (handover === null && messages !== null && (goingAway || performance.now() >= renewAt)) {
          handover = new Handover(this.#open(signal), socket, this.#reader);
          if (messages.length > 0) handover.note(messages);
        }
        const next = handover?.take(messages === null) ?? null;
        if (next !== null) {
          this.#rest(socket);
          socket.abandon("replaced by a newer connection");
          socket = next;
          handover = null;
          goingAway = false;
          clearTimeout(renewal);
          renewAt = performance.now() + renewAfterMs;
          renewal = nudgeLater(socket, renewAfterMs);
          yield { kind: "notice", message: "the connection was replaced by a newer one, without a break" };
          continue;
        }
        if (messages === null) break;
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
      clearTimeout(renewal);
      handover?.drop();
      socket.abandon("stopped");
    }
    this.#rest(socket);
    const reason = socket.end ?? "the connection ended";
    if (goingAway) yield* this.#lost(`${reason}, as it had announced`, 0, null);
    else yield* this.#broke(socket, reason);
  }

  #open(signal: AbortSignal): Promise<TradeSocket> {
    this.#budget.spend(performance.now());
    return TradeSocket.open(this.#url, this.#socketOptions, signal);
  }

  /** A connection that held for a minute and carried data earns a fresh start of the backoff. */
  #rest(socket: TradeSocket): void {
    if (socket.heard && performance.now() - socket.openedAt >= HEALTHY_MS) this.#backoff.reset();
  }

  async *#failed({ reason, hint, status, retryAfterMs }: ConnectFailure): AsyncGenerator<Batch> {
    const ceiling = this.#backoff.ceilingMs;
    const toldOff = status === 429 || status === 418
      ? Math.max(ceiling, Math.min(this.#options.retryMaxMs, TOLD_OFF_MS))
      : 0;
    const wait = retryAfterMs > 0 ? retryAfterMs : toldOff;
    yield* this.#lost(reason, Math.max(this.#backoff.next(), wait), hint);
  }

  async *#broke(socket: TradeSocket, reason: string): AsyncGenerator<Batch> {
    const { symbol, staleMs } = this.#options;
    const silent = !socket.heard && !this.#everHeard && reason.startsWith("no data");
    const hint = silent
      ? `Is ${symbol} a symbol of this exchange? It accepts unknown ones and then sends nothing. ` +
        `For a symbol that trades less often than every ${staleMs} ms raise --stale.`
      : null;
    yield* this.#lost(silent ? `no trade of ${symbol} came: ${reason}` : reason, this.#backoff.next(), hint);
  }

  async *#lost(reason: string, waitMs: number, hint: string | null): AsyncGenerator<Batch> {
    const { attempts, signal } = this.#options;
    if (attempts !== null && this.#tries >= attempts) {
      const advice = hint === null ? "" : ` ${hint}`;
      throw new ExchangeUnreachable(
        `Gave up after ${this.#tries} failed tries in a row: ${reason}.${advice}`,
      );
    }
    const retryInMs = Math.max(waitMs, Math.ceil(this.#budget.waitMs(performance.now())));
    yield { kind: "disconnected", reason, retryInMs, hint };
    await pause(retryInMs, signal);
  }

  async #stayInBudget(): Promise<void> {
    const { signal } = this.#options;
    await pause(this.#budget.waitMs(performance.now()), signal);
    this.#budget.spend(performance.now());
  }
}

/** Lets the reading loop look up after `ms`, however quiet the stream is. */
function nudgeLater(socket: TradeSocket, ms: number): ReturnType<typeof setTimeout> {
  return setTimeout(() => socket.nudge(), ms);
}

/** Waits; an abort ends the wait. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return;
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
