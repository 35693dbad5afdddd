/**
 * Server-sent events (WHATWG HTML, 9.2) read with `fetch`. An EventSource hides comments, so it cannot distinguish a
 * dead connection from a quiet one, and it does not reconnect after a 502 from a proxy.
 */

/** One event of a stream. */
export interface StreamEvent {
  /** `message` if the stream does not say. */
  readonly type: string;
  readonly data: string;
}

/** What to do with a connection's events. */
export interface StreamHandlers {
  /** Called when the server has answered, before its first event. */
  onUp(): void;
  /** Called for each event in turn. An event whose handler throws counts as not received, and is sent again. */
  onEvent(event: StreamEvent): void;
  /** Called with the reason when the connection is lost, and for every attempt that fails. */
  onDown(reason: string): void;
}

/** A connection without a byte for this long is dead: the server sends something every 15 s. */
const QUIET_MS = 40_000;
/** A page that comes back into view after this long without a byte reconnects at once. */
const QUIET_IN_VIEW_MS = 20_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
/** More than any message of the server, characters. */
const MOST_BUFFERED = 1 << 23;

/**
 * Stays connected to `address` until `signal` is aborted. After losing the connection, it asks for everything after the
 * last id.
 */
export async function follow(address: string, handlers: StreamHandlers, signal: AbortSignal): Promise<void> {
  let lastId = "";
  let wait = FIRST_WAIT_MS;
  while (!signal.aborted) {
    const watchdog = new Watchdog(signal);
    let isUp = false;
    try {
      const response = await fetch(address, {
        headers: { accept: "text/event-stream", ...(lastId === "" ? {} : { "last-event-id": lastId }) },
        cache: "no-store",
        signal: watchdog.signal,
      });
      if (!response.ok || response.body === null) {
        await response.body?.cancel();
        throw new Error(`the server answered ${response.status} ${response.statusText}`.trim());
      }
      isUp = true;
      watchdog.restart();
      handlers.onUp();
      for await (const event of eventsIn(response.body, () => watchdog.restart())) {
        if (event.data !== "") handle(event, handlers);
        lastId = event.id ?? lastId;
        wait = FIRST_WAIT_MS;
      }
      throw new Error("the server has closed the connection");
    } catch (error) {
      if (signal.aborted) return;
      handlers.onDown(watchdog.reason ?? reasonOf(error, isUp));
    } finally {
      watchdog.end();
    }
    await pause(wait * (0.75 + Math.random() / 2), signal);
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  }
}

function handle(event: StreamEvent, handlers: StreamHandlers): void {
  try {
    handlers.onEvent(event);
  } catch (error) {
    throw new Error(`this page cannot read what the server sent (${error}): load it again`);
  }
}

/** Why there is no connection. Browsers report little about it, and each in its own words. */
function reasonOf(error: unknown, wasUp: boolean): string {
  if (error instanceof TypeError) return wasUp ? "the connection broke" : "the server cannot be reached";
  return error instanceof Error ? error.message : String(error);
}

/**
 * The events of a stream. Calls `onData` for everything that arrives, even comments. Throws an Error for a line without
 * an end.
 */
export async function* eventsIn(
  body: ReadableStream<Uint8Array>,
  onData: () => void = () => {},
): AsyncGenerator<StreamEvent & { readonly id: string | null }> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .getReader();
  let rest = "";
  let [type, data, id]: [string, string[], string | null] = ["", [], null];
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      onData();
      const lines = (rest + read.value).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop()!;
      if (rest.length > MOST_BUFFERED) throw new Error("the server sent a line without an end");
      for (const line of lines) {
        if (line === "") {
          if (data.length > 0 || id !== null) yield { type: type || "message", data: data.join("\n"), id };
          [type, data, id] = ["", [], null];
          continue;
        }
        const [, field = "", value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line)!;
        if (field === "event") type = value;
        else if (field === "data") data.push(value);
        else if (field === "id" && !value.includes("\0")) id = value;
      }
    }
  } finally {
    await reader.cancel().catch(() => {
      // The connection had already failed, which ended the loop.
    });
  }
}

/** Ends a connection if nothing arrives for too long. */
class Watchdog {
  readonly signal: AbortSignal;
  /** Why it ended the connection; null if it did not. */
  reason: string | null = null;
  readonly #own = new AbortController();
  readonly #timer: ReturnType<typeof setInterval>;
  #lastAt = Date.now();

  constructor(outer: AbortSignal) {
    this.signal = AbortSignal.any([outer, this.#own.signal]);
    this.#timer = setInterval(() => this.#look(QUIET_MS), QUIET_MS / 4);
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.#look(QUIET_IN_VIEW_MS);
    }, { signal: this.#own.signal });
    addEventListener("offline", () => this.#stop("this device is offline"), { signal: this.#own.signal });
  }

  /** Called when something has arrived. */
  restart(): void {
    this.#lastAt = Date.now();
  }

  /** Called when the connection has ended. */
  end(): void {
    clearInterval(this.#timer);
    this.#own.abort();
  }

  #look(most: number): void {
    const quiet = Date.now() - this.#lastAt;
    if (quiet > most) this.#stop(`nothing has arrived for ${Math.round(quiet / 1000)} s`);
  }

  #stop(reason: string): void {
    this.reason = reason;
    this.#own.abort();
  }
}

/** Waits, but no longer than until the device is online again or the page comes into view. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const own = new AbortController();
    const end = (): void => {
      clearTimeout(timer);
      own.abort();
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end, { signal: own.signal });
    addEventListener("online", end, { signal: own.signal });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") end();
    }, { signal: own.signal });
  });
}
