/** A browser's side of server-sent events, as far as a test needs it. */

/** One event, its data as JSON. */
export interface ReceivedEvent {
  readonly type: string;
  readonly id: string;
  // deno-lint-ignore no-explicit-any
  readonly data: any;
}

/** A connection to a stream of events; leaving its scope closes it. */
export class EventClient implements AsyncDisposable {
  readonly #closing = new AbortController();
  readonly #reader: ReadableStreamDefaultReader<string>;
  #rest = "";
  /** The id of the last event that was received. */
  lastId = "";

  /** Connects to `url`; with the id of the last event that was received before, if there is one. */
  static async open(url: string, lastId = ""): Promise<EventClient> {
    const closing = new AbortController();
    const headers = lastId === "" ? {} : { "last-event-id": lastId };
    const response = await fetch(url, { headers, signal: closing.signal });
    if (response.headers.get("content-type") !== "text/event-stream; charset=utf-8") {
      throw new Error(`no stream: ${response.status} ${await response.text()}`);
    }
    return new EventClient(response.body!.pipeThrough(new TextDecoderStream()).getReader(), closing);
  }

  private constructor(reader: ReadableStreamDefaultReader<string>, closing: AbortController) {
    this.#reader = reader;
    this.#closing = closing;
  }

  /** The next event. Throws an Error at the end of the stream, and for a line that no event has. */
  async next(): Promise<ReceivedEvent> {
    for (;;) {
      const end = this.#rest.indexOf("\n\n");
      if (end >= 0) {
        const lines = this.#rest.slice(0, end).split("\n");
        this.#rest = this.#rest.slice(end + 2);
        const event = eventIn(lines);
        if (event === null) continue;
        this.lastId = event.id;
        return event;
      }
      const { value, done } = await this.#reader.read();
      if (done) throw new Error("the stream ended");
      this.#rest += value;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#reader.cancel().catch(() => {
      // It is aborted, which is what was asked for.
    });
  }
}

/** Null for comments and for advice to the browser. */
function eventIn(lines: readonly string[]): ReceivedEvent | null {
  const fields = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = /^(event|data|id|retry)?: ?(.*)$/s.exec(line) ?? [];
    if (value === undefined) throw new Error(`no line of an event: ${JSON.stringify(line)}`);
    if (name !== undefined && fields.has(name)) throw new Error(`${name} twice in one event`);
    if (name !== undefined) fields.set(name, value);
  }
  const data = fields.get("data");
  if (data === undefined) return null;
  return { type: fields.get("event") ?? "message", id: fields.get("id") ?? "", data: JSON.parse(data) };
}
