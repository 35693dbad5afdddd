/**
 * The server of the live page: HTTP/1.1 over one connection for each request. It understands GET and HEAD and changes
 * nothing. Whatever a client does, it holds one of a limited number of connections, for a limited time and with limited
 * memory.
 */
import { type GuardOptions, mustBeAllowed } from "./request_guard.ts";
import { type HttpHead, REASONS, Refused } from "../../domain/process/http_head.ts";
import { readHead } from "./request_head.ts";

/** The answer to a request. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  /** The whole body, or a stream that is sent until it ends or the client leaves. */
  readonly body: string | ((signal: AbortSignal) => AsyncIterable<Uint8Array>);
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers the requests for one path. */
export type Route = (request: HttpHead) => Answer;

/** Where a server listens, and what it answers. */
export interface PageServerOptions extends GuardOptions {
  readonly hostname: string;
  readonly port: number;
  /** By path. */
  readonly routes: Readonly<Record<string, Route>>;
  /** Must not throw. */
  readonly onFailure: (error: unknown) => void;
  /** Called with the number of open connections whenever it has changed; must not throw. */
  readonly onConnections?: (open: number) => void;
  /** Default: `LIMITS`. */
  readonly limits?: Partial<Limits>;
}

interface Limits {
  /** The most connections at a time; more are closed unanswered. */
  readonly connections: number;
  /** How long the head of a request may take, ms. */
  readonly headMs: number;
  /** How long a client may take to accept what is sent, ms. */
  readonly acceptMs: number;
  /** How long a client that was answered may continue to send, ms. */
  readonly lingerMs: number;
}

const LIMITS: Limits = { connections: 256, headMs: 5_000, acceptMs: 10_000, lingerMs: 500 };
/** The bytes of one write; a client that accepts this much in time is not stuck. */
const CHUNK = 1 << 16;
/** The most bytes after the head of a request that are read and ignored. */
const MOST_IGNORED = 1 << 18;

/** Sent with every answer, so that no answer is stored, framed, sniffed, or read by another site. */
const ALWAYS: Readonly<Record<string, string>> = {
  "Cache-Control": "no-store",
  "Content-Security-Policy":
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Connection": "close",
};

/** A server that listens until it is disposed. */
export class PageServer implements AsyncDisposable {
  readonly #listener: Deno.TcpListener;
  readonly #options: PageServerOptions;
  readonly #limits: Limits;
  readonly #closing = new AbortController();
  readonly #tasks = new Set<Promise<void>>();
  readonly #open = new Set<Deno.Conn>();

  /**
   * Starts listening. Throws Deno.errors.AddrInUse if the port is taken, and Deno.errors.NotCapable without the
   * permission.
   */
  static listen(options: PageServerOptions): PageServer {
    return new PageServer(options);
  }

  private constructor(options: PageServerOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    const { hostname, port } = options;
    this.#listener = Deno.listen({ hostname, port });
    this.#track(this.#accept());
  }

  /** The port that it listens on. */
  get port(): number {
    return (this.#listener.addr as Deno.NetAddr).port;
  }

  /** Closes every connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#listener.close();
    for (const conn of this.#open) close(conn);
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
  }

  async #accept(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      let conn: Deno.TcpConn;
      try {
        conn = await this.#listener.accept();
      } catch (error) {
        if (this.#closing.signal.aborted) return;
        // The client left before it was accepted, or no file descriptor was free.
        this.#options.onFailure(error);
        await new Promise((resolve) => setTimeout(resolve, 50));
        continue;
      }
      if (this.#open.size >= this.#limits.connections) {
        close(conn);
        continue;
      }
      this.#open.add(conn);
      this.#options.onConnections?.(this.#open.size);
      this.#track(
        this.#serve(conn).finally(() => {
          close(conn);
          this.#open.delete(conn);
          this.#options.onConnections?.(this.#open.size);
        }),
      );
    }
  }

  async #serve(conn: Deno.TcpConn): Promise<void> {
    let request: HttpHead | null = null;
    try {
      let answer: Answer;
      try {
        request = await this.#within(this.#limits.headMs, conn, () => readHead(conn));
        if (request === null) return;
        answer = this.#answerTo(request);
      } catch (error) {
        answer = this.#refusal(error);
      }
      await this.#send(conn, answer, request?.method === "HEAD");
      await this.#linger(conn);
    } catch (error) {
      // The client has gone, or accepts nothing, or this server is closing.
      if (!isOfConnection(error)) this.#options.onFailure(error);
    }
  }

  #answerTo(request: HttpHead): Answer {
    mustBeAllowed(request, this.#options);
    const { routes } = this.#options;
    const { pathname } = request.url;
    if (!Object.hasOwn(routes, pathname)) throw new Refused(404, "This address does not exist");
    return routes[pathname]!(request);
  }

  #refusal(error: unknown): Answer {
    if (isOfConnection(error)) throw error;
    if (!(error instanceof Refused)) this.#options.onFailure(error);
    const { status, message, headers } = error instanceof Refused
      ? error
      : new Refused(500, "This request failed; the log of penstock watch says why");
    return { status, headers, type: "text/plain; charset=utf-8", body: `${message}\n` };
  }

  async #send(conn: Deno.TcpConn, { status, type, body, headers }: Answer, isHead: boolean): Promise<void> {
    const bytes = typeof body === "string" ? new TextEncoder().encode(body) : null;
    const head = {
      ...ALWAYS,
      "Content-Type": type,
      ...(bytes === null ? {} : { "Content-Length": String(bytes.length) }),
      ...headers,
    };
    const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`);
    const start = new TextEncoder().encode(
      `HTTP/1.1 ${status} ${REASONS[status] ?? "Status"}\r\n${lines.join("")}\r\n`,
    );
    await this.#write(conn, start);
    if (isHead) return;
    if (bytes !== null) return await this.#write(conn, bytes);
    const gone = new AbortController();
    const signal = AbortSignal.any([gone.signal, this.#closing.signal]);
    // A client has nothing more to send, so this read ends only when the client leaves.
    const watching = conn.read(new Uint8Array(1)).catch(() => null).then(() => gone.abort());
    try {
      for await (const chunk of (body as Exclude<Answer["body"], string>)(signal)) {
        await this.#write(conn, chunk);
      }
    } finally {
      gone.abort();
      close(conn);
      await watching;
    }
  }

  /** Lets the client read its answer: closing a connection with unread data resets it, and the answer is lost. */
  async #linger(conn: Deno.TcpConn): Promise<void> {
    await conn.closeWrite();
    const bytes = new Uint8Array(CHUNK);
    let left = MOST_IGNORED;
    await this.#within(this.#limits.lingerMs, conn, async () => {
      for (let read = await conn.read(bytes); read !== null && left > 0; read = await conn.read(bytes)) {
        left -= read;
      }
    });
  }

  async #write(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + CHUNK);
      at += await this.#within(this.#limits.acceptMs, conn, () => conn.write(part));
    }
  }

  /** Closes the connection if `work` takes longer than `ms`. */
  async #within<T>(ms: number, conn: Deno.Conn, work: () => Promise<T>): Promise<T> {
    const timer = setTimeout(() => close(conn), ms);
    try {
      return await work();
    } finally {
      clearTimeout(timer);
    }
  }

  #track(task: Promise<void>): void {
    this.#tasks.add(task);
    void task.finally(() => this.#tasks.delete(task));
  }
}

function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

/** Whether an error means that a connection has ended. */
function isOfConnection(error: unknown): boolean {
  return [
    Deno.errors.BadResource,
    Deno.errors.BrokenPipe,
    Deno.errors.ConnectionReset,
    Deno.errors.ConnectionAborted,
    Deno.errors.Interrupted,
    Deno.errors.NotConnected,
    Deno.errors.TimedOut,
  ].some((one) => error instanceof one);
}
