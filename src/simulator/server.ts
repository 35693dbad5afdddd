import { symbolIn } from "../domain/market/symbol.ts";
import { type Fault, type FaultAction, FaultPlan } from "./faults.ts";
import { assertLocal } from "./host_guard.ts";
import { Refused } from "../domain/process/http_head.ts";
import { formatResponse, type HttpRequest, readRequest } from "./http_request.ts";
import { Market } from "./market.ts";
import { priceProcess } from "./price_process.ts";
import { Refusals } from "./refusals.ts";
import { Rest, type RestAnswer } from "./rest.ts";
import { closeQuietly, Session, writeAll } from "./session.ts";
import { Subscriptions } from "./subscriptions.ts";
import type { ExchangeTrade } from "./trade.ts";
import { acceptUpgrade, asksForUpgrade } from "./websocket.ts";

/** How the built-in exchange behaves. Times are in milliseconds. */
export interface ExchangeOptions {
  /** Default 127.0.0.1. */
  readonly hostname?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Names that `Host` and `Origin` may have in addition to those of loopback, in lower case. Default: none. */
  readonly hosts?: readonly string[];
  /** Certificate chain and private key, both PEM: then it serves `wss:` and `https:`. Default none. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** The one symbol that is traded, in upper case. Default BTCUSDT. */
  readonly symbol?: string;
  /** Decides the price process and the random faults. Default 1. */
  readonly seed?: number;
  /** Mean trades per second of market time. Default 20. */
  readonly rate?: number;
  /** How many times faster than real time. Default 1; Infinity: as fast as the fastest client reads. */
  readonly speed?: number;
  /** Id of the first trade of the price process. Default 1. */
  readonly firstId?: number;
  /** Time since 1970 from which the price process counts. Default: when market time starts. */
  readonly startTime?: number;
  /**
   * Served instead of the price process; must not throw. After the last one, connections stay open without
   * data.
   */
  readonly trades?: Iterable<ExchangeTrade>;
  /** Default true: market time starts when the first client subscribes to a stream that has data. */
  readonly startOnFirstSubscriber?: boolean;
  /** Default none. */
  readonly faults?: readonly Fault[];
  /** Default 20 s. */
  readonly pingEveryMs?: number;
  /** Default 60 s. */
  readonly pongWithinMs?: number;
  /** The age at which a connection is closed. Default 24 h. */
  readonly lifetimeMs?: number;
  /** Between the `serverShutdown` notice and closing. Default 10 s. */
  readonly shutdownNoticeMs?: number;
  /**
   * How long a half-open connection lasts: systems drop one on which nothing is acknowledged. Default 15 min.
   */
  readonly halfOpenMs?: number;
  /** Trades kept for REST and for clients that read slowly. Default 100,000. */
  readonly historyLimit?: number;
  /** Called with every REST request and its answer. Returns the answer to send. Must not throw. */
  readonly onRest?: (url: URL, answer: RestAnswer) => RestAnswer;
  /** Closes the exchange when it aborts. */
  readonly signal?: AbortSignal;
  /** Called with each event; must not throw. */
  readonly onEvent?: (event: ExchangeEvent) => void;
}

/** An event in the exchange. `client` numbers the WebSocket connections from 1. */
export type ExchangeEvent =
  | { readonly type: "listening"; readonly endpoint: string; readonly restEndpoint: string }
  | { readonly type: "connected"; readonly client: number; readonly path: string }
  | { readonly type: "disconnected"; readonly client: number; readonly reason: string }
  | { readonly type: "refused"; readonly status: number; readonly path: string }
  | { readonly type: "fault"; readonly fault: FaultAction; readonly released: number }
  | { readonly type: "ended"; readonly released: number };

interface Upgraded {
  readonly request: HttpRequest;
  readonly path: string;
  readonly subscriptions: Subscriptions;
}

const HEAD_WITHIN_MS = 10_000;
const CLOSE_WITHIN_MS = 250;
const ACCEPT_AGAIN_MS = 50;
/**
 * The most half-open connections at a time; a plan of random faults would otherwise use up the file
 * descriptors.
 */
const MOST_ABANDONED = 64;

/**
 * An exchange of one symbol that speaks Binance's public protocol, WebSocket and REST, on one port, and fails on
 * request. Needs permission to listen on its host.
 *
 * ```ts ignore
 * await using exchange = BuiltInExchange.listen({ seed: 7, faults: parseFaults("drop@2000") });
 * const socket = new WebSocketStream(`${exchange.endpoint}/ws/btcusdt@trade`);
 * ```
 */
export class BuiltInExchange implements AsyncDisposable {
  /** Where WebSocket clients connect: `ws://host:port`, with TLS `wss:`. */
  readonly endpoint: string;
  /** Where REST clients send requests: `http://host:port`, with TLS `https:`. */
  readonly restEndpoint: string;
  readonly #listener: Deno.TcpListener | Deno.TlsListener;
  readonly #symbol: string;
  readonly #market: Market;
  readonly #rest: Rest;
  readonly #refusals = new Refusals();
  readonly #sessions = new Set<Session>();
  readonly #requests = new Set<Deno.Conn>();
  readonly #tasks = new Set<Promise<void>>();
  readonly #timing: Required<
    Pick<ExchangeOptions, "pingEveryMs" | "pongWithinMs" | "lifetimeMs" | "shutdownNoticeMs" | "halfOpenMs">
  >;
  readonly #hosts: readonly string[];
  readonly #signal: AbortSignal | undefined;
  readonly #emit: (event: ExchangeEvent) => void;
  readonly #onRest: (url: URL, answer: RestAnswer) => RestAnswer;
  #accepted = 0;
  #closed: Promise<void> | null = null;

  /**
   * Starts to listen.
   *
   * @throws {RangeError} when an option is out of range
   * @throws {Deno.errors.AddrInUse} when the port is taken
   * @throws {Deno.errors.NotCapable} without permission to listen there
   */
  static listen(options: ExchangeOptions = {}): BuiltInExchange {
    return new BuiltInExchange(options);
  }

  private constructor(options: ExchangeOptions) {
    const { hostname = "127.0.0.1", port = 0, symbol = "BTCUSDT", seed = 1, rate = 20, firstId = 1 } =
      options;
    if (symbol !== symbolIn(symbol)) {
      throw new RangeError(`The symbol must be in upper case: got "${symbol}"`);
    }
    this.#emit = options.onEvent ?? (() => {});
    this.#onRest = options.onRest ?? ((_url, answer) => answer);
    this.#symbol = symbol;
    this.#hosts = options.hosts ?? [];
    this.#timing = {
      pingEveryMs: options.pingEveryMs ?? 20_000,
      pongWithinMs: options.pongWithinMs ?? 60_000,
      lifetimeMs: options.lifetimeMs ?? 24 * 60 * 60_000,
      shutdownNoticeMs: options.shutdownNoticeMs ?? 10_000,
      halfOpenMs: options.halfOpenMs ?? 15 * 60_000,
    };
    this.#market = new Market({
      open: () => {
        if (options.trades !== undefined) return { trades: options.trades, origin: null };
        const startTime = options.startTime ?? Date.now();
        return { trades: priceProcess({ seed, rate, firstId, startTime }), origin: startTime };
      },
      speed: options.speed ?? 1,
      historyLimit: options.historyLimit ?? 100_000,
      faults: new FaultPlan(options.faults ?? [], seed),
      onFault: (fault, released) => this.#onFault(fault, released),
      onEnd: (released) => this.#emit({ type: "ended", released }),
    });
    // Invalid values for the price process are refused here, not when the first client connects.
    priceProcess({ seed, rate, firstId, startTime: 0 }).next();
    this.#rest = new Rest({
      symbol,
      trades: this.#market.tape.trades,
      aggregates: this.#market.tape.aggregates,
    });
    const { tls } = options;
    this.#listener = tls === undefined
      ? Deno.listen({ hostname, port })
      : Deno.listenTls({ hostname, port, ...tls });
    const addr = this.#listener.addr as Deno.NetAddr;
    const secure = tls === undefined ? "" : "s";
    const authority = `${addr.hostname.includes(":") ? `[${addr.hostname}]` : addr.hostname}:${addr.port}`;
    this.endpoint = `ws${secure}://${authority}`;
    this.restEndpoint = `http${secure}://${authority}`;
    this.#emit({ type: "listening", endpoint: this.endpoint, restEndpoint: this.restEndpoint });
    if (!(options.startOnFirstSubscriber ?? true)) this.#market.start();
    this.#track(this.#acceptLoop());
    this.#signal = options.signal;
    this.#signal?.addEventListener("abort", this.#onAbort);
    if (this.#signal?.aborted) this.#onAbort();
  }

  /** The number of WebSocket connections, without half-open ones. */
  get clients(): number {
    return this.#sessions.values().filter((session) => !session.abandoned).toArray().length;
  }

  /** The number of WebSocket connections ever accepted. */
  get connectionsAccepted(): number {
    return this.#accepted;
  }

  /** The number of trades released so far. */
  get released(): number {
    return this.#market.released;
  }

  /** Makes a fault happen now, after the trades released so far. */
  inject(fault: FaultAction): void {
    this.#market.inject(fault);
  }

  /** Sends this text as it is to every client. */
  send(text: string): void {
    for (const session of this.#sessions) session.send(text);
  }

  /** Stops listening and ends every connection; afterwards no socket, timer or promise is left. */
  close(): Promise<void> {
    this.#closed ??= this.#shutDown();
    return this.#closed;
  }

  /** The same as {@link close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #shutDown(): Promise<void> {
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#listener.close();
    this.#market.stop();
    for (const conn of this.#requests) closeQuietly(conn);
    for (const session of this.#sessions) session.shutDown(CLOSE_WITHIN_MS);
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
  }

  readonly #onAbort = () => void this.close();

  #track(task: Promise<void>): void {
    this.#tasks.add(task);
    task.finally(() => this.#tasks.delete(task));
  }

  async #acceptLoop(): Promise<void> {
    while (this.#closed === null) {
      try {
        this.#track(this.#serve(await this.#listener.accept()));
      } catch {
        // Closing is not the only cause: a client may have gone, or no file descriptor may be free at the moment.
        if (this.#closed === null) await new Promise((resolve) => setTimeout(resolve, ACCEPT_AGAIN_MS));
      }
    }
  }

  async #serve(conn: Deno.TcpConn | Deno.TlsConn): Promise<void> {
    if (this.#closed !== null) return closeQuietly(conn);
    this.#requests.add(conn);
    const deadline = setTimeout(() => closeQuietly(conn), HEAD_WITHIN_MS);
    let upgraded: Upgraded | null = null;
    try {
      if ("setNoDelay" in conn) conn.setNoDelay();
      const request = await readRequest(conn);
      if (request !== null) upgraded = await this.#answer(conn, request);
    } catch (error) {
      if (error instanceof Refused) {
        await writeAll(conn, formatResponse(error.status, error.message, error.headers)).catch(() => {});
      }
    } finally {
      clearTimeout(deadline);
      this.#requests.delete(conn);
      if (upgraded === null) closeQuietly(conn);
    }
    if (upgraded !== null) await this.#serveSession(conn, upgraded);
  }

  async #answer(conn: Deno.Conn, request: HttpRequest): Promise<Upgraded | null> {
    assertLocal(request, this.#hosts);
    const { url } = request;
    const streams = streamsOf(url);
    if (streams === null) {
      const { status, body, headers } = this.#onRest(url, this.#rest.answer(url, Date.now()));
      await writeAll(conn, formatResponse(status, body, headers));
      return null;
    }
    if (!asksForUpgrade(request)) {
      throw this.#refusals.repeat(Date.now()) ??
        new Refused(426, "This path needs a WebSocket", { Upgrade: "websocket" });
    }
    const path = url.pathname + url.search;
    const refusal = this.#refusals.take(Date.now());
    if (refusal !== null) {
      this.#emit({ type: "refused", status: refusal.status, path });
      throw refusal;
    }
    if (streams.length > Subscriptions.LIMIT) throw new Refused(400, "Too many streams");
    const answer = acceptUpgrade(request);
    await writeAll(conn, answer);
    return { request, path, subscriptions: new Subscriptions(streams) };
  }

  async #serveSession(conn: Deno.Conn, { request, path, subscriptions }: Upgraded): Promise<void> {
    if (this.#closed !== null) return closeQuietly(conn);
    const { url, rest } = request;
    const session = new Session({
      conn,
      market: this.#market,
      format: {
        symbol: this.#symbol,
        combined: url.pathname === "/stream",
        microseconds: /^microsecond$/i.test(url.searchParams.get("timeUnit") ?? ""),
      },
      subscriptions,
      ...this.#timing,
    });
    const client = ++this.#accepted;
    this.#sessions.add(session);
    this.#emit({ type: "connected", client, path });
    await session.run(rest);
    this.#sessions.delete(session);
    this.#emit({ type: "disconnected", client, reason: session.reason });
  }

  #onFault(fault: FaultAction, released: number): void {
    if (fault.kind === "refuse") this.#refusals.add(fault);
    if (fault.kind === "half-open") {
      const abandoned = this.#sessions.values().filter((session) => session.abandoned).toArray();
      for (const session of abandoned.slice(0, -MOST_ABANDONED)) session.shutDown(0);
    }
    this.#emit({ type: "fault", fault, released });
  }
}

/** The streams that a WebSocket path names; null for every other path. */
function streamsOf({ pathname, searchParams }: URL): string[] | null {
  if (pathname === "/stream") return (searchParams.get("streams") ?? "").split("/").filter(Boolean);
  if (pathname === "/ws" || pathname.startsWith("/ws/")) {
    try {
      return decodeURIComponent(pathname.slice(4)).split("/").filter(Boolean);
    } catch {
      throw new Refused(400, "The path cannot be read");
    }
  }
  return null;
}
