/** An HTTP server on loopback that answers as a test says: well, badly, in pieces, or not at all. */

/** A request as it arrived. */
export interface Received {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What to do with a request: an answer, bytes as they are before the connection is closed, or nothing at all. */
export type Reply =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  | { readonly raw: string }
  | "hang";

/** Decides about the request number `at`, from 0 on. */
export type Script = (request: Received, at: number) => Reply | Promise<Reply>;

/** The server. It reads one request from each connection. */
export class FakeService implements AsyncDisposable {
  /** All requests, in the order of their arrival. */
  readonly requests: Received[] = [];
  readonly #listener: Deno.TcpListener;
  readonly #open = new Set<Deno.TcpConn>();
  readonly #work: Promise<void>;
  readonly #waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  /** Listens on `port`, by default on any. */
  constructor(public script: Script, port = 0) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port });
    this.#work = this.#accept();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Resolves once so many requests have arrived. */
  arrived(count: number): Promise<void> {
    if (this.requests.length >= count) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ count, resolve });
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const conn of this.#open) close(conn);
    await this.#work;
  }

  async #accept(): Promise<void> {
    const handling: Promise<void>[] = [];
    try {
      for await (const conn of this.#listener) handling.push(this.#handle(conn));
    } catch {
      // The listener was closed while it waited.
    }
    await Promise.all(handling);
  }

  async #handle(conn: Deno.TcpConn): Promise<void> {
    this.#open.add(conn);
    try {
      const request = await readRequest(conn);
      if (request === null) return;
      this.requests.push(request);
      const at = this.requests.length - 1;
      const reply = this.script(request, at);
      for (const { count, resolve } of this.#waiting) if (this.requests.length >= count) resolve();
      const said = await reply;
      // Reads on until the other side gives up.
      if (said === "hang") { while (await conn.read(new Uint8Array(64)) !== null); }
      else await writeAll(conn, "raw" in said ? said.raw : answerText(said));
    } catch {
      // The other side, or the test, has closed the connection.
    } finally {
      this.#open.delete(conn);
      close(conn);
    }
  }
}

function answerText(
  { status, headers = {}, body = "" }: Exclude<Reply, string | { readonly raw: string }>,
): string {
  const fields = {
    "content-length": String(new TextEncoder().encode(body).length),
    connection: "close",
    ...headers,
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} X\r\n${lines.join("")}\r\n${body}`;
}

async function readRequest(conn: Deno.TcpConn): Promise<Received | null> {
  let bytes = new Uint8Array();
  const chunk = new Uint8Array(16_384);
  for (;;) {
    // In ASCII, where a byte is a character.
    const text = new TextDecoder("ascii").decode(bytes);
    const end = text.indexOf("\r\n\r\n");
    if (end >= 0) {
      const [first = "", ...lines] = text.slice(0, end).split("\r\n");
      const headers = Object.fromEntries(lines.map((line) => {
        const at = line.indexOf(":");
        return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
      }));
      const body = bytes.subarray(end + 4);
      if (body.length >= Number(headers["content-length"] ?? 0)) {
        const [method = "", path = ""] = first.split(" ");
        return { method, path, headers, body: new TextDecoder().decode(body) };
      }
    }
    const count = await conn.read(chunk);
    if (count === null) return null;
    const longer = new Uint8Array(bytes.length + count);
    longer.set(bytes);
    longer.set(chunk.subarray(0, count), bytes.length);
    bytes = longer;
  }
}

async function writeAll(conn: Deno.TcpConn, text: string): Promise<void> {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(await conn.write(bytes));
}

function close(conn: Deno.TcpConn): void {
  try {
    conn.close();
  } catch {
    // It was closed before.
  }
}
