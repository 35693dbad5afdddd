/** The network between one process and the exchange, in virtual time: sockets and requests that fail as real ones do. */
import type { Random } from "../../src/simulator/random.ts";
import type { RestAnswer } from "../../src/simulator/rest.ts";
import { Session, type SimulatedExchange } from "./simulated_exchange.ts";
import type { Trace } from "./trace.ts";
import type { VirtualTime } from "./virtual_time.ts";

/** How a complete outage shows: connections are refused at once, or hang. */
export type Outage = "refused" | "silent" | "no-name";

/** The current state of the network, which all processes share. */
export class Weather {
  /** Whether every HTTP request fails once and succeeds at the second try. */
  stutters = false;
  readonly #time: VirtualTime;
  #outage: Outage | null = null;
  #restTrouble = 0;
  /** When either ended last, ms. */
  #outageAt = -Infinity;
  #troubleAt = -Infinity;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  /** The current outage, or null. */
  get outage(): Outage | null {
    return this.#outage;
  }

  set outage(outage: Outage | null) {
    this.#outage = outage;
    this.#outageAt = this.#time.now;
  }

  /** The share of HTTP requests that fail, 0 to 1. */
  get restTrouble(): number {
    return this.#restTrouble;
  }

  set restTrouble(share: number) {
    if (this.#restTrouble > 0) this.#troubleAt = this.#time.now;
    this.#restTrouble = share;
  }

  /** The time since the last outage, ms. */
  get openMs(): number {
    return this.#outage === null ? this.#time.now - this.#outageAt : 0;
  }

  /** The time since the last outage or failed request, ms. */
  get fairMs(): number {
    return this.#restTrouble > 0 ? 0 : Math.min(this.openMs, this.#time.now - this.#troubleAt);
  }
}

/** Options of a process's network. */
export interface NetworkOptions {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly exchange: SimulatedExchange;
  readonly weather: Weather;
  readonly trace: Trace;
  readonly isAlive: () => boolean;
}

const REFUSED = "tcp connect error: Connection refused (os error 111)";
const NO_NAME = "dns error: failed to lookup address information: Name or service not known";
/** How long the system takes to notice that nobody answers. */
const CONNECT_TIMEOUT_MS = 130_000;

/** The network of one process. */
export class SimulatedNetwork {
  readonly #options: NetworkOptions;
  readonly #sockets = new Set<SimulatedSocket>();
  /** The request that has just failed because the network stutters. */
  #stuttered: string | null = null;

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  /** The class of sockets that connect to the exchange. */
  get sockets(): typeof WebSocketStream {
    const options = this.#options;
    const sockets = this.#sockets;
    return class extends SimulatedSocket {
      constructor(url: string, { signal }: WebSocketStreamOptions = {}) {
        super(url, options, signal);
        sockets.add(this);
      }
    } as unknown as typeof WebSocketStream;
  }

  #troubleOf({ href }: URL): Trouble | null {
    const { random, weather } = this.#options;
    if (weather.stutters) {
      const isAgain = this.#stuttered === href;
      this.#stuttered = isAgain ? null : href;
      return isAgain ? null : STUTTER;
    }
    return random.uniform() < weather.restTrouble ? TROUBLES[random.below(TROUBLES.length)]! : null;
  }

  /** The process is gone, and the system closes its connections. */
  close(): void {
    for (const socket of this.#sockets) socket.lose();
    this.#sockets.clear();
  }

  readonly fetch = (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    const { time, random, exchange, weather, trace, isAlive } = this.#options;
    const url = new URL(String(input));
    const signal = init.signal ?? null;
    if (signal?.aborted) return Promise.reject(signal.reason);
    const later = (ms: number, action: () => void) => time.after(ms, () => void (isAlive() && action()));
    signal?.addEventListener("abort", () => later(0, () => reject(signal.reason)));
    const failed = (why: string) => {
      trace.add(time.now, `request ${url.pathname}${url.search} failed: ${why}`);
      reject(new TypeError(`error sending request for url (${url}): client error (Connect): ${why}`));
    };
    const latencyMs = 5 + random.below(120);
    if (weather.outage === "refused") later(latencyMs, () => failed(REFUSED));
    else if (weather.outage === "no-name") later(latencyMs, () => failed(NO_NAME));
    else if (weather.outage === "silent") {
      later(CONNECT_TIMEOUT_MS, () => failed("tcp connect error: timed out"));
    } else {
      const trouble = this.#troubleOf(url);
      later(latencyMs, () => {
        const answer = exchange.answer(url);
        const changed: Changed | null = trouble === null ? answer : trouble(answer, random);
        if (changed === null) return;
        trace.add(
          time.now,
          `request ${url.pathname}${url.search}: ${changed.status} ${changed.body.length}` +
            `${changed.isCut ? " cut" : ""}`,
        );
        resolve(new Response(changed.isCut ? cutBody(changed.body) : changed.body, changed));
      });
    }
    return promise;
  };
}

type Trouble = (answer: RestAnswer, random: Random) => Changed | null;

type Changed = RestAnswer & { readonly isCut?: boolean };

/** The answer with a random fault; null if none arrives. */
const TROUBLES: readonly Trouble[] = [
  () => null,
  () => ({ status: 500, body: "<html>Internal error</html>", headers: {} }),
  () => ({ status: 503, body: `{"code":-1000,"msg":"Unavailable"}`, headers: { "Retry-After": "2" } }),
  () => ({
    status: 429,
    body: `{"code":-1003,"msg":"Too many requests"}`,
    headers: { "Retry-After": "3" },
  }),
  () => ({ status: 418, body: `{"code":-1003,"msg":"Banned"}`, headers: { "Retry-After": "20" } }),
  () => ({ status: 403, body: "<html>Forbidden</html>", headers: {} }),
  (answer) => ({ ...answer, body: "<html>not what you asked for</html>" }),
  (answer, random) => ({ ...answer, body: answer.body.slice(0, random.below(answer.body.length)) }),
  (answer, random) => ({
    ...answer,
    body: answer.body.slice(0, random.below(answer.body.length)),
    isCut: true,
  }),
  (answer) => ({ ...answer, body: `{"rows":${answer.body}}` }),
];

/** A body whose connection breaks after this much. */
function cutBody(text: string): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text));
      controller.error(new TypeError("error reading a body from connection"));
    },
  });
}

/** How the first try of a request fails while the network stutters. */
const STUTTER: Trouble = () => ({ status: 502, body: "<html>Bad gateway</html>", headers: {} });

/** A simulated WebSocketStream, with the parts that a feed uses. */
class SimulatedSocket {
  readonly url: string;
  readonly #options: NetworkOptions;
  readonly #opened = Promise.withResolvers<
    {
      readable: ReadableStream<string | Uint8Array>;
      writable: WritableStream;
      extensions: string;
      protocol: string;
    }
  >();
  readonly #closed = Promise.withResolvers<{ closeCode: number; reason: string }>();
  #session: Session | null = null;
  #controller: ReadableStreamDefaultController<string | Uint8Array> | null = null;
  #isOver = false;

  constructor(url: string, options: NetworkOptions, signal: AbortSignal | undefined) {
    const { time, random, weather } = options;
    this.url = url;
    this.#options = options;
    this.#opened.promise.catch(() => {});
    this.#closed.promise.catch(() => {});
    signal?.addEventListener("abort", () => {
      if (this.#session === null) this.#fail(signal.reason);
    });
    const later = (ms: number, action: () => void) =>
      time.after(ms, () => void (options.isAlive() && !this.#isOver && action()));
    const latencyMs = 20 + random.below(300);
    const refuse = (why: string) => this.#fail(new Error(`failed to connect to WebSocket: ${why}`));
    if (weather.outage === "refused") later(latencyMs, () => refuse(REFUSED));
    else if (weather.outage === "no-name") later(latencyMs, () => refuse(NO_NAME));
    else if (weather.outage === "silent") later(CONNECT_TIMEOUT_MS, () => refuse("timed out"));
    else if (random.below(25) > 0) later(latencyMs, () => this.#connect(refuse));
    // Otherwise the handshake is never answered.
  }

  get opened() {
    return this.#opened.promise;
  }

  get closed() {
    return this.#closed.promise;
  }

  close(): void {
    this.#session?.clientCloses();
  }

  /** The process is gone. */
  lose(): void {
    this.#isOver = true;
    this.#session?.clientGone();
  }

  #connect(refuse: (why: string) => void): void {
    const { time, exchange, trace } = this.#options;
    const session = exchange.connect({
      deliver: (frames) => {
        if (this.#isOver) return;
        trace.add(time.now, `frames ${frames.length} ${frames.map((frame) => idIn(frame)).join()}`);
        for (const frame of frames) this.#controller!.enqueue(frame);
      },
      close: (code, reason) => {
        if (this.#isOver) return;
        this.#isOver = true;
        trace.add(time.now, `closed ${code}`);
        this.#closed.resolve({ closeCode: code ?? 0, reason });
        this.#controller!.close();
      },
      reset: () => {
        if (this.#isOver) return;
        this.#isOver = true;
        trace.add(time.now, "reset");
        const error = new Error("Connection reset by peer (os error 104)");
        this.#closed.reject(error);
        this.#controller!.error(error);
      },
    });
    trace.add(time.now, typeof session === "number" ? `refused ${session}` : "connected");
    if (!(session instanceof Session)) return refuse(`Invalid status code: ${session}`);
    this.#session = session;
    const readable = new ReadableStream<string | Uint8Array>({
      start: (made) => void (this.#controller = made),
    });
    this.#opened.resolve({ readable, writable: new WritableStream(), extensions: "", protocol: "" });
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#opened.reject(error);
    this.#closed.reject(error);
  }
}

/** A short name for a frame in a trace. */
function idIn(frame: string | Uint8Array): string {
  return typeof frame === "string" ? /"t":(\d+),/.exec(frame)?.[1] ?? `${frame.length}` : "binary";
}
