/** Writes text as fast as its reader reads it, while everything else continues. */

/** Where text goes: a file descriptor whose write waits for its reader without holding up anything else. */
export interface AsyncSink {
  write(bytes: Uint8Array): Promise<number>;
}

/** Options of an outlet. */
export interface OutletOptions {
  /** The most characters that may wait. */
  readonly room: number;
  /** Called when a write fails, with the text that was waiting, which is lost, and with the error. */
  readonly onLost?: (text: string, error: unknown) => void;
  /** Called whenever everything has been written, but not after a loss. */
  readonly onDrained?: () => void;
}

const ENCODER = new TextEncoder();
/** The size of a write. A reader that takes this much counts as reading. */
const WRITE_BYTES = 16 * 1024;
/** Strings are joined up to this length, so that many of them cost one write. */
const JOINED_CHARACTERS = 64 * 1024;
/** If more than this waits, it is worth waiting for a slow reader, which must read all of it in time at the end. */
const CROWD_CHARACTERS = 64 * 1024;
/** A reader that has read nothing for this long is stuck, not slow. */
const SLOW_MS = 3_000;

/**
 * Writes strings in order, one write at a time, and keeps a bounded number of characters meanwhile. A failed write
 * loses all text that waits, but does not prevent later writes.
 */
export class Outlet {
  readonly #sink: AsyncSink;
  readonly #options: OutletOptions;
  #queue: string[] = [];
  #waiting = 0;
  #writing: Promise<void> | null = null;
  /** When the reader last read something, or when text was offered to a reader that had read everything. */
  #movedAt = 0;
  #onMoved: PromiseWithResolvers<void> | null = null;

  constructor(sink: AsyncSink, options: OutletOptions) {
    this.#sink = sink;
    this.#options = options;
  }

  /** Characters that are not written yet. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Adds `text` to be written. Returns false, and adds nothing, if there is no room for it. */
  write(text: string): boolean {
    if (text === "") return true;
    // A text larger than the whole room fits if nothing else waits.
    if (this.#waiting > 0 && this.#waiting + text.length > this.#options.room) return false;
    this.#queue.push(text);
    this.#waiting += text.length;
    if (this.#writing === null) {
      this.#movedAt = performance.now();
      this.#writing = this.#run();
    }
    return true;
  }

  /** Resolves once nothing is waiting: everything has been written or lost. */
  async drained(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
  }

  /** Whether much text waits although the reader reads, because it is slower than the writer. */
  get isCrowded(): boolean {
    return this.#waiting > CROWD_CHARACTERS && performance.now() - this.#movedAt < SLOW_MS;
  }

  /** When the reader last read something, or when text was last offered while nothing waited. */
  get movedAt(): number {
    return this.#movedAt;
  }

  /** Resolves when the reader reads something, or after `ms`. */
  async moved(ms: number): Promise<void> {
    const moved = this.#onMoved ??= Promise.withResolvers();
    const timer = setTimeout(moved.resolve, ms);
    await moved.promise;
    clearTimeout(timer);
    if (this.#onMoved === moved) this.#onMoved = null;
  }

  async #run(): Promise<void> {
    // Waits so that this write includes everything that is added in this turn.
    await null;
    while (this.#queue.length > 0) {
      const text = this.#take();
      try {
        for (let bytes = ENCODER.encode(text); bytes.length > 0;) {
          bytes = bytes.subarray(await this.#sink.write(bytes.subarray(0, WRITE_BYTES)));
          this.#movedAt = performance.now();
        }
        this.#waiting -= text.length;
        this.#onMoved?.resolve();
        this.#onMoved = null;
        if (this.#queue.length === 0) this.#options.onDrained?.();
      } catch (error) {
        const lost = text + this.#queue.join("");
        this.#queue = [];
        this.#waiting = 0;
        this.#options.onLost?.(lost, error);
      }
    }
    this.#writing = null;
  }

  /** The next strings, joined. */
  #take(): string {
    let count = 0;
    for (let length = 0; count < this.#queue.length && length < JOINED_CHARACTERS; count++) {
      length += this.#queue[count]!.length;
    }
    return this.#queue.splice(0, count).join("");
  }
}
