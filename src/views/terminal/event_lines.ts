/** Events on standard output, one JSON object per line. None is dropped, and a reader that fails is noticed. */
import { type AsyncSink, Outlet } from "./outlet.ts";
import { beforeGraceEnds, OutputStuck, printableJson, ReaderGone } from "./terminal.ts";

const FLUSH_CHARACTERS = 64 * 1024;
/** The most text kept for a reader that reads nothing: about ten thousand events. */
const ROOM_CHARACTERS = 4 * 1024 * 1024;

const LOOK_UP_MS = 100;
/**
 * If a reader reads anything within the first of these times after the user has asked for the end, it gets the second
 * to read the rest.
 */
const MOVING_MS = 2_000;
const STILL_READS_MS = 4_000;

/** Events on their way out. */
export class EventLines {
  readonly #outlet: Outlet;
  readonly #room: number;
  readonly #onBroken: () => void;
  #text = "";
  #broken: Error | null = null;

  /** Keeps up to `room` characters while `sink` accepts none. Calls `onBroken` once, when no more can be written. */
  constructor(sink: AsyncSink, onBroken: () => void, room: number = ROOM_CHARACTERS) {
    this.#onBroken = onBroken;
    this.#room = room;
    this.#outlet = new Outlet(sink, { room, onLost: (_text, error) => this.#break(lossBy(error)) });
  }

  /** Why nothing more can be written: OutputStuck, ReaderGone or the error of a write; null while all is well. */
  get broken(): Error | null {
    return this.#broken;
  }

  /** Whether the reader is slower than the events, so that it is time to wait for it. */
  get isCrowded(): boolean {
    return this.#broken === null && this.#outlet.isCrowded;
  }

  /** Waits for a reader that reads slowly, until `stop` asks for the end. */
  async caughtUp(stop: AbortSignal): Promise<void> {
    while (this.isCrowded && !stop.aborted) await this.#outlet.moved(LOOK_UP_MS);
  }

  /** Adds one event. It is written now or at the next `flush`. */
  add(event: unknown): void {
    this.addText(`${printableJson(event)}\n`);
  }

  /** Adds whole lines that are not events. */
  addText(lines: string): void {
    if (this.#broken !== null) return;
    this.#text += lines;
    if (this.#text.length >= FLUSH_CHARACTERS) this.flush();
  }

  /** Writes what has been added. */
  flush(): void {
    const text = this.#text;
    this.#text = "";
    if (this.#broken !== null || this.#outlet.write(text)) return;
    const what = `standard output is not read: more than ${this.#room} characters would be waiting for it`;
    this.#break(new OutputStuck(`${what}, and events are not dropped`));
  }

  /** Resolves once nothing is waiting: everything has been written or lost. */
  drained(): Promise<void> {
    return this.#outlet.drained();
  }

  /**
   * Waits until everything is written. Once `stop` is aborted, waits at most `graceMs`, or a few seconds if the reader
   * has read anything since `askedAt`, when the user asked for the end. What is not written by then is lost.
   */
  async settled(stop: AbortSignal, graceMs: number, askedAt = performance.now()): Promise<void> {
    if (this.#broken !== null || await beforeGraceEnds(this.drained(), stop, graceMs)) return;
    const until = performance.now() + STILL_READS_MS;
    const stillReads = (now: number): boolean => {
      const { movedAt } = this.#outlet;
      return movedAt > askedAt && now - movedAt < MOVING_MS && now < until;
    };
    while (this.#outlet.waiting > 0 && stillReads(performance.now())) await this.#outlet.moved(LOOK_UP_MS);
    const { waiting } = this.#outlet;
    if (waiting === 0) return;
    this.#break(
      new OutputStuck(`standard output is not read: the last ${waiting} characters for it are lost`),
    );
  }

  #break(error: Error): void {
    if (this.#broken !== null) return;
    this.#broken = error;
    this.#onBroken();
  }
}

/** Why text was lost. A pipe without a reader and a closed terminal count as the same. */
function lossBy(error: unknown): Error {
  const { code } = error as { readonly code?: string };
  if (error instanceof Deno.errors.BrokenPipe || code === "EIO" || code === "EPIPE") {
    return new ReaderGone("standard output no longer has a reader, and events are not dropped");
  }
  return error instanceof Error ? error : new Error(String(error));
}
