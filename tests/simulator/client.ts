import type { BuiltInExchange } from "../../src/simulator/server.ts";

/** A trade message as the stream carries it. */
export interface TradeMessage {
  readonly e: string;
  readonly E: number;
  readonly s: string;
  readonly t: number;
  readonly p: string;
  readonly q: string;
  readonly T: number;
  readonly m: boolean;
  readonly M: boolean;
}

/** A WebSocket client for tests: frames on request, and how the connection ended. */
export class Client implements AsyncDisposable {
  readonly #socket: WebSocketStream;
  readonly #reader: ReadableStreamDefaultReader<string | Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<string | Uint8Array>;

  private constructor(socket: WebSocketStream, connection: WebSocketConnection) {
    this.#socket = socket;
    this.#reader = connection.readable.getReader();
    this.#writer = connection.writable.getWriter();
    this.#reader.closed.catch(() => {});
    this.#writer.closed.catch(() => {});
    this.#socket.closed.catch(() => {});
  }

  static async connect(exchange: BuiltInExchange, path = "/ws/btcusdt@trade"): Promise<Client> {
    const socket = new WebSocketStream(exchange.endpoint + path);
    socket.closed.catch(() => {});
    return new Client(socket, await socket.opened);
  }

  /** The next frame; null when the connection has ended in any way. */
  async next(): Promise<string | Uint8Array | null> {
    try {
      const { value, done } = await this.#reader.read();
      return done ? null : value;
    } catch {
      return null;
    }
  }

  /** The next frame, which must be JSON. */
  // deno-lint-ignore no-explicit-any
  async json(): Promise<any> {
    const frame = await this.next();
    if (typeof frame !== "string") throw new TypeError(`Expected a text frame: got ${frame}`);
    return JSON.parse(frame);
  }

  async trades(count: number): Promise<TradeMessage[]> {
    const trades: TradeMessage[] = [];
    while (trades.length < count) trades.push(await this.json());
    return trades;
  }

  async ids(count: number): Promise<number[]> {
    return (await this.trades(count)).map((trade) => trade.t);
  }

  /** Every frame until the connection ends. */
  async rest(): Promise<(string | Uint8Array)[]> {
    const frames: (string | Uint8Array)[] = [];
    for (let frame = await this.next(); frame !== null; frame = await this.next()) frames.push(frame);
    return frames;
  }

  async request(request: unknown): Promise<void> {
    await this.#writer.write(typeof request === "string" ? request : JSON.stringify(request));
  }

  /** How the connection ended; null without a closing handshake. */
  async closed(): Promise<{ code: number; reason: string } | null> {
    await this.rest();
    try {
      const { closeCode: code, reason } = await this.#socket.closed as unknown as {
        closeCode?: number;
        reason?: string;
      };
      return code === undefined || code === 0 ? null : { code, reason: reason ?? "" };
    } catch {
      return null;
    }
  }

  /** Starts the closing handshake. */
  close(): void {
    try {
      this.#socket.close();
    } catch {
      // The exchange closed it first.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.rest();
    await this.#socket.closed.catch(() => {});
    // WebSocketStream.close() starts a timer of no length, which can outlive the connection.
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** A client on plain TCP, for what a proper WebSocket client never does. */
export class RawClient implements Disposable {
  readonly conn: Deno.TcpConn;
  #bytes: Uint8Array = new Uint8Array(0);

  constructor(conn: Deno.TcpConn) {
    this.conn = conn;
  }

  static async connect(exchange: BuiltInExchange): Promise<RawClient> {
    const { hostname, port } = new URL(exchange.restEndpoint);
    return new RawClient(await Deno.connect({ hostname, port: Number(port) }));
  }

  static async upgrade(exchange: BuiltInExchange, path = "/ws"): Promise<RawClient> {
    const client = await RawClient.connect(exchange);
    await client.write(upgradeRequest(path));
    const head = await client.head();
    if (!head.startsWith("HTTP/1.1 101 ")) throw new Error(`The upgrade was refused: ${head}`);
    return client;
  }

  async write(data: string | Uint8Array): Promise<void> {
    let bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    while (bytes.length > 0) bytes = bytes.subarray(await this.conn.write(bytes));
  }

  /** The head of an answer. */
  async head(): Promise<string> {
    while (true) {
      const text = new TextDecoder().decode(this.#bytes);
      const end = text.indexOf("\r\n\r\n");
      if (end >= 0) {
        this.#bytes = this.#bytes.subarray(end + 4);
        return text.slice(0, end);
      }
      if (!await this.#more()) return text;
    }
  }

  /** Everything until the exchange ends the connection, as text. */
  async all(): Promise<string> {
    while (await this.#more());
    return new TextDecoder().decode(this.#bytes);
  }

  /** The next frame; null when the connection has ended. */
  async frame(): Promise<{ opcode: number; payload: Uint8Array; text: string } | null> {
    while (true) {
      const [first = 0, second = 0] = this.#bytes;
      if (this.#bytes.length >= 4) {
        const long = second === 126;
        const length = long ? this.#bytes[2]! * 256 + this.#bytes[3]! : second;
        const start = long ? 4 : 2;
        if (this.#bytes.length >= start + length) {
          const payload = this.#bytes.slice(start, start + length);
          this.#bytes = this.#bytes.subarray(start + length);
          return { opcode: first & 0x0f, payload, text: new TextDecoder().decode(payload) };
        }
      } else if (this.#bytes.length >= 2 && second <= this.#bytes.length - 2) {
        const payload = this.#bytes.slice(2, 2 + second);
        this.#bytes = this.#bytes.subarray(2 + second);
        return { opcode: first & 0x0f, payload, text: new TextDecoder().decode(payload) };
      }
      if (!await this.#more()) return null;
    }
  }

  /** The code of the close frame, skipping other frames; null when the connection ends without one. */
  async closeCode(): Promise<number | null> {
    for (let frame = await this.frame(); frame !== null; frame = await this.frame()) {
      if (frame.opcode === 8) return frame.payload[0]! * 256 + frame.payload[1]!;
    }
    return null;
  }

  async #more(): Promise<boolean> {
    const buffer = new Uint8Array(65_536);
    const read = await this.conn.read(buffer).catch(() => null);
    if (read === null) return false;
    const joined = new Uint8Array(this.#bytes.length + read);
    joined.set(this.#bytes);
    joined.set(buffer.subarray(0, read), this.#bytes.length);
    this.#bytes = joined;
    return true;
  }

  [Symbol.dispose](): void {
    this.conn.close();
  }
}

export function upgradeRequest(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n` +
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
}

/** A frame as a client sends it. */
export function clientFrame(
  opcode: number,
  payload: string | Uint8Array = "",
  { final = true, masked = true } = {},
): Uint8Array<ArrayBuffer> {
  const data = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
  const header = data.length < 126 ? 2 : data.length < 65_536 ? 4 : 10;
  const mask = [0x12, 0x34, 0x56, 0x78];
  const frame = new Uint8Array(header + (masked ? 4 : 0) + data.length);
  frame[0] = (final ? 0x80 : 0) | opcode;
  frame[1] = (masked ? 0x80 : 0) | (header === 2 ? data.length : header === 4 ? 126 : 127);
  const view = new DataView(frame.buffer);
  if (header === 4) view.setUint16(2, data.length);
  if (header === 10) view.setBigUint64(2, BigInt(data.length));
  if (masked) frame.set(mask, header);
  const start = frame.length - data.length;
  data.forEach((byte, index) => frame[start + index] = masked ? byte ^ mask[index & 3]! : byte);
  return frame;
}
