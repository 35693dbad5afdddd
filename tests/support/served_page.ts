/** The live page of some journals in the process of its test, with quick polls. */
import { serve } from "../../src/commands/watch/serving.ts";

/** A page that is served until it is disposed. */
export class ServedPage implements AsyncDisposable {
  readonly url: string;
  /** What it logged. */
  readonly lines: readonly string[];
  readonly #ending: AbortController;
  readonly #served: Promise<void>;

  /** Serves the page of these journals on a free port. */
  static async open(paths: readonly string[], { pollMs = 20, notifiedMs = 20 } = {}): Promise<ServedPage> {
    const ending = new AbortController();
    const listening = Promise.withResolvers<number>();
    const lines: string[] = [];
    const served = serve({
      ...{
        version: "1.2.3",
        paths,
        pollMs,
        notifiedMs,
        names: [],
        token: null,
        isPrivate: true,
        isOwnProcess: false,
      },
      listen: { hostname: "127.0.0.1", port: 0 },
      log: ({ text }) => lines.push(text),
      onListening: listening.resolve,
      signal: ending.signal,
    });
    served.catch(listening.reject);
    return new ServedPage(`http://127.0.0.1:${await listening.promise}`, lines, ending, served);
  }

  private constructor(
    url: string,
    lines: readonly string[],
    ending: AbortController,
    served: Promise<void>,
  ) {
    this.url = url;
    this.lines = lines;
    this.#ending = ending;
    this.#served = served;
  }

  /** What a GET of `path` answers. */
  async get(path: string): Promise<{ readonly status: number; readonly text: string }> {
    const response = await fetch(this.url + path);
    return { status: response.status, text: await response.text() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#served;
  }
}
