/** Standard output as views write to it: a live run never waits for its reader, a backtest always does. */
import { EventLines } from "./terminal/event_lines.ts";
import type { AsyncSink } from "./terminal/outlet.ts";
import { writeUntil } from "./terminal/terminal.ts";

/** Text on its way to standard output, in whole lines. */
export interface TextOutput {
  /** Adds lines. */
  add(lines: string): void;
  /** Writes what was added, as far as possible without waiting. */
  flush(): void;
  /** Null if more can be added. Otherwise resolves once the reader has caught up. */
  ready(): Promise<void> | null;
  /** Why nothing more can be written; null while all is well. */
  readonly broken: Error | null;
  /** Writes what is left, as far as its reader reads it. */
  close(): Promise<void>;
}

/** How long a reader of standard output may take after the user has asked for the end. */
const OUTPUT_GRACE_MS = 1_150;

/** The output of a live run. The run continues whatever the reader does. */
export class LiveOutput implements TextOutput {
  readonly #lines: EventLines;
  readonly #signal: AbortSignal;
  readonly #stop: AbortSignal;
  /** When the user asked for the end. */
  #askedAt: number | null = null;

  /**
   * `signal` is aborted when the user asks for the end, and `stop` when the run ends for any reason. See EventLines.
   */
  constructor(
    sink: AsyncSink,
    { signal, stop, onBroken }: {
      readonly signal: AbortSignal;
      readonly stop: AbortSignal;
      readonly onBroken: () => void;
    },
  ) {
    this.#signal = signal;
    this.#stop = stop;
    signal.addEventListener("abort", () => this.#askedAt = performance.now());
    this.#lines = new EventLines(sink, onBroken);
  }

  add(lines: string): void {
    this.#lines.addText(lines);
  }

  flush(): void {
    this.#lines.flush();
  }

  ready(): Promise<void> | null {
    return this.#lines.isCrowded ? this.#lines.caughtUp(this.#stop) : null;
  }

  get broken(): Error | null {
    return this.#lines.broken;
  }

  async close(): Promise<void> {
    this.#lines.flush();
    const now = performance.now();
    const askedAt = this.#askedAt ?? now;
    await this.#lines.settled(this.#signal, Math.max(0, OUTPUT_GRACE_MS - (now - askedAt)), askedAt);
  }
}

/** The output of a backtest. The backtest waits for its reader. */
export class WaitingOutput implements TextOutput {
  readonly broken = null;
  readonly #sink: AsyncSink;
  readonly #stop: AbortSignal;
  #text: string[] = [];

  /** Once `stop` is aborted, a reader that does not read gets only a little more time. */
  constructor(sink: AsyncSink, stop: AbortSignal) {
    this.#sink = sink;
    this.#stop = stop;
  }

  add(lines: string): void {
    this.#text.push(lines);
  }

  flush(): void {}

  /** Throws as `writeUntil` does. */
  ready(): Promise<void> | null {
    const text = this.#text.join("");
    this.#text = [];
    return text === "" ? null : writeUntil(this.#stop, this.#sink, text);
  }

  async close(): Promise<void> {
    await this.ready();
  }
}
