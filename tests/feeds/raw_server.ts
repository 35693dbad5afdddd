/** A server on bare TCP that does whatever a test wants, even what no exchange should. */
import { type HttpRequest, readRequest } from "../../src/simulator/http_request.ts";
import { acceptUpgrade, asksForUpgrade, ClientFrames, encodeMessage } from "../../src/simulator/websocket.ts";
import { within } from "../support/penstock.ts";

/** A client's connection after its request was read. */
export class Visit {
  readonly request: HttpRequest;
  /** Counts the connections from 1. */
  readonly number: number;
  /** When it connected, by `performance.now()`. */
  readonly at = performance.now();
  readonly #conn: Deno.TcpConn;

  constructor(conn: Deno.TcpConn, request: HttpRequest, number: number) {
    this.#conn = conn;
    this.request = request;
    this.number = number;
  }

  /** Whether the client wants a WebSocket. */
  get isWebSocket(): boolean {
    return asksForUpgrade(this.request);
  }

  /** Opens the WebSocket. */
  upgrade(): Promise<void> {
    return this.write(acceptUpgrade(this.request));
  }

  /** Sends a frame: text, or binary for bytes. */
  send(message: string | Uint8Array): Promise<void> {
    return this.write(encodeMessage(message));
  }

  /** Answers in HTTP and ends the connection. */
  async answer(status: number, headers: Record<string, string> = {}): Promise<void> {
    const lines = Object.entries({ "Content-Length": "0", "Connection": "close", ...headers })
      .map(([name, value]) => `${name}: ${value}\r\n`);
    await this.write(new TextEncoder().encode(`HTTP/1.1 ${status} No\r\n${lines.join("")}\r\n`));
    this.end();
  }

  async write(bytes: Uint8Array): Promise<void> {
    let rest = bytes;
    while (rest.length > 0) rest = rest.subarray(await this.#conn.write(rest));
  }

  /** Reads what the client sends, which is masked, until it closes or is gone. */
  async untilGoodbye(): Promise<void> {
    const bytes = new Uint8Array(1024);
    // A client of these tests sends nothing but pongs, each in one piece, and at last a closing frame.
    for (let read = await this.#conn.read(bytes); read !== null; read = await this.#conn.read(bytes)) {
      if ((bytes[0]! & 0x0f) === 8) return;
    }
  }

  /** The first `count` texts that the client sends. */
  async receive(count: number): Promise<string[]> {
    const decoder = new ClientFrames();
    const texts: string[] = [];
    const bytes = new Uint8Array(1024);
    while (texts.length < count) {
      const read = await this.#conn.read(bytes);
      if (read === null) throw new Error(`The client left after ${texts.length} of ${count} texts`);
      for (const message of decoder.push(bytes.slice(0, read))) {
        if (message.type === "text") texts.push(message.text);
      }
    }
    return texts;
  }

  /** Ends the connection without a closing handshake. */
  end(): void {
    try {
      this.#conn.close();
    } catch {
      // The client was faster.
    }
  }
}

/** Listens on loopback until it is disposed; `serve` does the rest. */
export class RawServer implements AsyncDisposable {
  readonly endpoint: string;
  readonly visits: Visit[] = [];
  readonly #listener: Deno.TcpListener;
  readonly #conns: Deno.TcpConn[] = [];
  readonly #running: Promise<void>[] = [];

  private constructor(serve: ((visit: Visit) => Promise<void>) | null, greeting: string | null = null) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.endpoint = `ws://127.0.0.1:${this.#listener.addr.port}`;
    this.#running.push(this.#accept(serve, greeting));
  }

  /** `serve` gets every client after its request was read. With null nothing is ever read or answered. */
  static listen(serve: ((visit: Visit) => Promise<void>) | null): RawServer {
    return new RawServer(serve);
  }

  /** A port where an HTTP server would be, which answers every request with plain text. */
  static speaksPlainly(): RawServer {
    return new RawServer(null, "HTTP/1.1 400 Bad Request\r\n\r\n");
  }

  /** The connections ever accepted. */
  get accepted(): number {
    return this.#conns.length;
  }

  async #accept(serve: ((visit: Visit) => Promise<void>) | null, greeting: string | null): Promise<void> {
    try {
      for await (const conn of this.#listener) {
        conn.setNoDelay();
        this.#conns.push(conn);
        if (greeting !== null) await conn.write(new TextEncoder().encode(greeting));
        if (serve !== null) this.#running.push(this.#serve(conn, serve));
      }
    } catch {
      // It was closed.
    }
  }

  async #serve(conn: Deno.TcpConn, serve: (visit: Visit) => Promise<void>): Promise<void> {
    try {
      const request = await readRequest(conn);
      if (request === null) return;
      const visit = new Visit(conn, request, this.visits.length + 1);
      this.visits.push(visit);
      await serve(visit);
    } catch {
      // The client has left.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const conn of this.#conns) {
      try {
        conn.close();
      } catch {
        // It had ended before.
      }
    }
    await Promise.all(this.#running);
  }
}

/** The ends of all WebSockets opened since the last test, including abandoned ones. */
const ends: Promise<unknown>[] = [];

globalThis.WebSocketStream = class extends WebSocketStream {
  constructor(...args: ConstructorParameters<typeof WebSocketStream>) {
    super(...args);
    ends.push(this.closed.catch(() => {}));
  }
};

/** A test that abandons WebSockets. It ends once they are gone, each at the latest when `body` disposes its server. */
export function socketTest(name: string, body: () => Promise<void>): void {
  Deno.test(name, async () => {
    await body();
    while (ends.length > 0) await within(Promise.all(ends.splice(0)), "the end of the WebSockets");
    // Closing one starts a timer of no length, which can outlive it, but not this one.
    await new Promise((resolve) => setTimeout(resolve, 1));
  });
}

/** A trade in the format of the stream. */
export function tradeMessage(id: number): string {
  return `{"e":"trade","E":1700000000000,"s":"BTCUSDT","t":${id},"p":"100.00000000","q":"0.00100000",` +
    `"T":1700000000000,"m":true,"M":true}`;
}
