import type { FaultAction } from "./faults.ts";
import { Heartbeat, Timers } from "./heartbeat.ts";
import { malformedFrames } from "./malformed.ts";
import type { Market } from "./market.ts";
import { aggregateStream, type MessageFormat, MessageWriter, tradeStream } from "./messages.ts";
import type { Subscriptions } from "./subscriptions.ts";
import type { ExchangeTrade } from "./trade.ts";
import {
  ClientFrames,
  type ClientMessage,
  encodeClose,
  encodeMessage,
  encodePong,
  ProtocolError,
  ServerFrames,
} from "./websocket.ts";

/** What a connection needs to be served. */
export interface SessionOptions {
  readonly conn: Deno.Conn;
  readonly market: Market;
  readonly format: MessageFormat;
  readonly subscriptions: Subscriptions;
  /** All in milliseconds. */
  readonly pingEveryMs: number;
  readonly pongWithinMs: number;
  readonly lifetimeMs: number;
  readonly shutdownNoticeMs: number;
  readonly halfOpenMs: number;
}

const WRITE_SIZE = 64 * 1024;
const CLOSE_WITHIN_MS = 1000;
const INBOUND_PER_SECOND = 5;

/**
 * One WebSocket connection: reads what the client asks for, and sends it the tape from where it is when the
 * client subscribes. A single loop writes, and waits for the socket; a client that reads slowly holds up only
 * itself.
 */
export class Session {
  readonly #options: SessionOptions;
  readonly #writer: MessageWriter;
  readonly #frames: ServerFrames;
  readonly #urgent: Uint8Array[] = [];
  readonly #timers = new Timers();
  readonly #heartbeat: Heartbeat;
  readonly #released = Promise.withResolvers<void>();
  readonly #inbound: number[] = [];
  #cursor: number;
  #wantsTrades = false;
  #wantsAggregates = false;
  /** It sends data; it is open but sends none; it is neither read, written nor closed; it has ended. */
  #state: "flowing" | "stalled" | "abandoned" | "ended" = "flowing";
  #answersClose = true;
  #delayed = false;
  #reached: FaultAction | null = null;
  /** The newest trade before the cursor: at full speed the market is ahead of it. */
  #last: ExchangeTrade | null = null;
  #closing: { frame: Uint8Array; then: "await answer" | "end"; sent: boolean } | null = null;
  #wake: () => void = () => {};
  #reason = "";

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#writer = new MessageWriter(options.format);
    // The symbol is the only part of a trade that may be in another script.
    this.#frames = new ServerFrames(WRITE_SIZE, /^[ -~]*$/.test(options.format.symbol));
    this.#cursor = options.market.tape.entries.end;
    this.#heartbeat = new Heartbeat({
      timers: this.#timers,
      everyMs: options.pingEveryMs,
      withinMs: options.pongWithinMs,
      send: (frame) => this.#sendUrgently(frame),
      onStale: () => this.close(1008, "Pong timeout"),
    });
  }

  /** Why it ended, for people; empty until then. */
  get reason(): string {
    return this.#reason;
  }

  /** Whether reading, writing and closing have stopped until `halfOpenMs` have passed or {@link shutDown}. */
  get abandoned(): boolean {
    return this.#state === "abandoned";
  }

  /** Serves the client until the connection has ended; never rejects. `first`: bytes that came with the handshake. */
  async run(first: Uint8Array<ArrayBuffer>): Promise<void> {
    const { conn, market, lifetimeMs } = this.#options;
    const unlisten = market.listen(() => this.#follow());
    this.#timers.after(lifetimeMs, () => this.close(1001, "The connection has reached its lifetime"));
    this.#subscribed();
    await Promise.all([this.#readLoop(first), this.#writeLoop()]);
    unlisten();
    if (this.abandoned) await this.#released.promise;
    this.#end("closed");
    closeQuietly(conn);
  }

  /** Sends this text as it is, before any data. */
  send(text: string): void {
    this.#sendUrgently(encodeMessage(text));
  }

  /** Starts a closing handshake, which the client has a second to answer. */
  close(code: number, reason: string): void {
    if (this.#closing !== null || this.abandoned) return;
    this.#reason ||= reason;
    this.#closing = { frame: encodeClose(code, reason), then: "await answer", sent: false };
    this.#timers.after(CLOSE_WITHIN_MS, () => this.#end(reason));
    this.#wake();
  }

  /** Ends it because the exchange closes: with a closing handshake if the connection still works, otherwise at once. */
  shutDown(withinMs: number): void {
    if (this.#state === "flowing") {
      this.close(1001, "The exchange is closing");
      this.#timers.after(withinMs, () => this.#end("the exchange closed"));
    } else {
      this.#end("the exchange closed");
    }
    this.#released.resolve();
  }

  #end(reason: string): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#reason ||= reason;
    this.#timers.end();
    closeQuietly(this.#options.conn);
    this.#wake();
  }

  async #readLoop(first: Uint8Array<ArrayBuffer>): Promise<void> {
    const { conn } = this.#options;
    const decoder = new ClientFrames();
    const buffer = new Uint8Array(16 * 1024);
    let chunk = first;
    let broken = false;
    try {
      while (true) {
        if (!broken) broken = !this.#receiveAll(decoder, chunk);
        const read = await conn.read(buffer);
        if (this.#state === "abandoned" || this.#state === "ended") return;
        if (read === null) return this.#end("the client ended the connection");
        chunk = buffer.subarray(0, read);
      }
    } catch (error) {
      if (!this.abandoned) {
        this.#end(`the connection failed: ${error instanceof Error ? error.message : error}`);
      }
    }
  }

  /** False when the bytes break the protocol; what follows is then only read to let the close frame arrive. */
  #receiveAll(decoder: ClientFrames, chunk: Uint8Array<ArrayBuffer>): boolean {
    try {
      for (const message of decoder.push(chunk)) this.#receive(message);
      return true;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.close(error.code, error.message);
      return false;
    }
  }

  #receive(message: ClientMessage): void {
    if (message.type === "close") return this.#receiveClose(message.code);
    if (this.#closing !== null) return;
    if (message.type !== "pong" && this.#tooManyRequests()) return this.close(1008, "Too many requests");
    switch (message.type) {
      case "ping":
        return this.#sendUrgently(encodePong(message.payload));
      case "pong":
        return this.#heartbeat.receive(message.payload);
      case "binary":
        return this.close(1003, "Requests must be text");
      case "text":
        this.send(this.#options.subscriptions.answer(message.text));
        this.#subscribed();
    }
  }

  #tooManyRequests(): boolean {
    const now = performance.now();
    this.#inbound.push(now);
    return this.#inbound.length > INBOUND_PER_SECOND && now - this.#inbound.shift()! < 1000;
  }

  #receiveClose(code: number | null): void {
    if (!this.#answersClose) return;
    if (this.#closing?.sent) return this.#end(this.#reason);
    this.#reason ||= `closed by the client${code === null ? "" : ` with ${code}`}`;
    this.#closing = { frame: encodeClose(code), then: "end", sent: false };
    this.#timers.after(CLOSE_WITHIN_MS, () => this.#end(this.#reason));
    this.#wake();
  }

  #subscribed(): void {
    const { market, format: { symbol }, subscriptions } = this.#options;
    const idle = !this.#wantsTrades && !this.#wantsAggregates;
    this.#wantsTrades = subscriptions.has(tradeStream(symbol));
    this.#wantsAggregates = subscriptions.has(aggregateStream(symbol));
    if (!idle || (!this.#wantsTrades && !this.#wantsAggregates)) return;
    const { entries } = market.tape;
    // The client that starts the market also gets the faults that come before the first trade.
    this.#cursor = market.isOpen ? entries.end : entries.start;
    market.start();
    this.#wake();
  }

  /**
   * Runs when the tape has grown. It checks here, not in the write loop, which a client that does not read
   * blocks.
   */
  #follow(): void {
    const isTooSlow = this.#cursor < this.#options.market.tape.entries.start;
    if (isTooSlow && this.#state === "flowing") this.close(1008, "The client reads too slowly");
    this.#wake();
  }

  async #writeLoop(): Promise<void> {
    const { conn } = this.#options;
    try {
      while (this.#state === "flowing" || this.#state === "stalled") {
        const urgent = this.#urgent.shift();
        if (urgent !== undefined) {
          await writeAll(conn, urgent);
        } else if (this.#closing !== null) {
          this.#closing.sent = true;
          await writeAll(conn, this.#closing.frame);
          if (this.#closing.then === "end") this.#end(this.#reason);
          return;
        } else if (this.#state === "flowing" && !this.#delayed && this.#collect()) {
          await writeAll(conn, this.#frames.take());
          this.#injectFault();
        } else {
          const { promise, resolve } = Promise.withResolvers<void>();
          this.#wake = resolve;
          await promise;
        }
      }
    } catch (error) {
      this.#end(`the connection failed: ${error instanceof Error ? error.message : error}`);
    }
  }

  /** Turns the next entries of the tape into frames, up to a fault or a full buffer; false when there are none. */
  #collect(): boolean {
    const { market } = this.#options;
    const { entries } = market.tape;
    const frames = this.#frames;
    if (this.#cursor === entries.end && (this.#wantsTrades || this.#wantsAggregates)) market.pull();
    if (this.#closing !== null) return false;
    const from = this.#cursor;
    for (; this.#cursor < entries.end; this.#cursor++) {
      const entry = entries.at(this.#cursor)!;
      if (entry.kind === "fault") {
        this.#cursor++;
        this.#reached = entry.fault;
        return true;
      }
      if (entry.kind === "trade") {
        if (this.#wantsTrades && !frames.add(this.#writer.trade(entry.trade))) return true;
        this.#last = entry.trade;
      } else if (this.#wantsAggregates && !frames.add(this.#writer.aggregate(entry.aggregate))) {
        return true;
      }
    }
    return this.#cursor > from;
  }

  /** Carries out the fault that has been reached on the tape, if there is one. */
  #injectFault(): void {
    const fault = this.#reached;
    if (fault === null || this.#closing !== null || this.#state !== "flowing") return;
    this.#reached = null;
    switch (fault.kind) {
      case "drop":
      case "refuse":
        return this.#end(`fault: ${fault.kind}`);
      case "close":
        return this.close(1001, "fault: close");
      case "no-close":
        this.#answersClose = false;
        this.#state = "stalled";
        return;
      case "stall":
        this.#state = "stalled";
        return;
      case "half-open":
        this.#state = "abandoned";
        this.#reason = "fault: half-open";
        this.#timers.clear();
        this.#timers.after(this.#options.halfOpenMs, () => this.shutDown(0));
        return;
      case "slow":
        this.#delayed = true;
        this.#timers.after(fault.delayMs, () => {
          this.#delayed = false;
          this.#wake();
        });
        return;
      case "malformed":
        return this.#sendMalformed();
      case "shutdown":
        this.send(this.#writer.serverShutdown(this.#last?.time ?? Date.now()));
        this.#timers.after(
          this.#options.shutdownNoticeMs,
          () => this.close(1001, "The server is shutting down"),
        );
        return;
    }
  }

  #sendMalformed(): void {
    if (this.#last === null) return;
    const { symbol } = this.#options.format;
    for (const frame of malformedFrames(this.#writer, symbol, this.#last)) {
      this.#sendUrgently(encodeMessage(frame));
    }
  }

  #sendUrgently(frame: Uint8Array): void {
    if (this.#state !== "flowing" && this.#state !== "stalled") return;
    this.#urgent.push(frame);
    this.#wake();
  }
}

/** Writes all of `bytes`; a socket may take only a part at a time. */
export async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) written += await conn.write(bytes.subarray(written));
}

/** Closes a connection that may be closed already. */
export function closeQuietly(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // A deadline, the other side or an error closed it first.
  }
}
