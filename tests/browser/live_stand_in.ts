/** A stand-in for the server of `penstock watch`: it sends its page what a test says. */
import type { LiveEntry, LiveRun } from "../../src/views/page/live_message.ts";
import type { HtmlDocument } from "../../src/views/report/html_document.ts";
import { livePage } from "../../src/views/page/live_page.ts";

/** The server, on a free port of loopback. */
export class StandIn implements AsyncDisposable {
  /** The ids with which browsers came: empty for a first connection. */
  readonly ids: string[] = [];
  /** Answers instead of a stream while it is not null. */
  refusal: number | null = null;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #streams = new Set<ReadableStreamDefaultController<Uint8Array>>();
  readonly #entries: LiveEntry[][] = [];
  #runs: readonly LiveRun[] = [];

  static async start(): Promise<StandIn> {
    return new StandIn(await livePage());
  }

  private constructor({ html, policy }: HtmlDocument) {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/") {
        return new Response(html, {
          headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": policy },
        });
      }
      if (pathname !== "/events") return new Response(null, { status: 404 });
      return this.#stream(request.headers.get("last-event-id") ?? "");
    });
  }

  /** The page's address. */
  get address(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/`;
  }

  /** The last state of all runs, with all points. */
  get runs(): readonly LiveRun[] {
    return this.#runs;
  }

  /** Sends the state of all runs, with points that are new, and keeps it with all points for those that connect later. */
  state(runs: readonly LiveRun[]): void {
    const before = this.#runs;
    this.#runs = runs.map((run, at) => ({ ...run, points: [...before[at]?.points ?? [], ...run.points] }));
    this.#send("state", { runs });
  }

  /** Sends entries of one run, and keeps them. */
  entries(run: number, entries: readonly LiveEntry[]): void {
    (this.#entries[run] ??= []).push(...entries);
    this.#send("entries", { run, entries });
  }

  /** Ends all connections. */
  cut(): void {
    for (const stream of this.#streams) stream.close();
    this.#streams.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await this.#server.shutdown();
  }

  #stream(id: string): Response {
    this.ids.push(id);
    if (this.refusal !== null) return new Response("no", { status: this.refusal });
    let own: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (stream) => {
        own = stream;
        this.#streams.add(stream);
        if (this.#runs.length === 0) return;
        stream.enqueue(this.#message("state", { runs: this.#runs }));
        for (const [run, entries] of this.#entries.entries()) {
          const after = Number(id.split(",")[run] ?? 0);
          // One too many: what a browser has already is not shown twice.
          const missed = entries.filter(({ seq }) => seq >= after);
          if (missed.length > 0) stream.enqueue(this.#message("entries", { run, entries: missed }));
        }
      },
      cancel: () => {
        if (own !== undefined) this.#streams.delete(own);
      },
    });
    return new Response(body, {
      headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
    });
  }

  #send(type: string, data: unknown): void {
    for (const stream of this.#streams) stream.enqueue(this.#message(type, data));
  }

  #message(type: string, data: unknown): Uint8Array {
    const id = this.#runs.map((_, run) => this.#entries[run]?.at(-1)?.seq ?? 0).join(",");
    return new TextEncoder().encode(`: ping\nid: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
  }
}
