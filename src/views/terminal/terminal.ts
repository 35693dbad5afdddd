/** Standard output and standard error, with a live line below the printed lines. */
import { ENTER, FullScreen, LEAVE } from "./full_screen.ts";
import { type AsyncSink, Outlet } from "./outlet.ts";
import type { Row, ScreenSize } from "./styled_rows.ts";

/** Where text goes: a file descriptor with a synchronous write. */
export interface Sink {
  writeSync(bytes: Uint8Array): number;
}

const ENCODER = new TextEncoder();
/**
 * Clears from the cursor's line down. The cursor waits where the live line starts. A terminal that was made narrower
 * may have broken the live line into several; this clears all of them.
 */
const CLEAR = "\r\x1b[J";
/** Written around the live line, so that the terminal cuts it instead of wrapping it. */
const [ONE_LINE, ANY_LINES] = ["\x1b[?7l", "\x1b[?7h"] as const;

/** Writes all of `text`, in as many writes as it takes. */
export function writeText(sink: Sink, text: string): void {
  let bytes = ENCODER.encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(sink.writeSync(bytes));
}

/** Nobody reads standard output, and there is no more room to buffer text or no more time to wait. */
export class OutputStuck extends Error {
  override readonly name = "OutputStuck";
  readonly exit = "failure";
}

/** The reader of the events on standard output has gone. */
export class ReaderGone extends Error {
  override readonly name = "ReaderGone";
  readonly exit = "failure";
}

/** How long a write may wait for its reader once the user has asked for the end. */
const GRACE_MS = 1_500;

/** Whether `work` ends within `graceMs` after `stop` is aborted. Without an abort, waits as long as it takes. */
export function beforeGraceEnds(
  work: Promise<unknown>,
  stop: AbortSignal,
  graceMs: number = GRACE_MS,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onStop = (): void => {
      timer = setTimeout(() => resolve(false), graceMs);
    };
    if (stop.aborted) onStop();
    else stop.addEventListener("abort", onStop, { once: true });
    work.then(() => resolve(true), reject).finally(() => {
      clearTimeout(timer);
      stop.removeEventListener("abort", onStop);
    });
  });
}

/**
 * Writes all of `text` as fast as its reader reads it, without blocking timers and signals. Throws OutputStuck if the
 * reader has not read all of it within `graceMs` after `stop` is aborted. Throws what the write throws.
 */
export async function writeUntil(
  stop: AbortSignal,
  sink: AsyncSink,
  text: string,
  graceMs: number = GRACE_MS,
): Promise<void> {
  if (await beforeGraceEnds(writeAll(sink, text), stop, graceMs)) return;
  const what = "standard output is not read: the text that waits for its reader is lost";
  throw new OutputStuck(`${what}, ${text.length} characters and all that would have followed`);
}

async function writeAll(sink: AsyncSink, text: string): Promise<void> {
  let bytes = ENCODER.encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(await sink.write(bytes));
}

/** Control and format characters (terminal escapes, direction marks, invisible characters) and line separators. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Makes received text safe for a terminal: shows characters that could control it or stay invisible as `\u{…}`. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}

/** A value as one line of JSON that is also safe for a terminal: escapes the same characters. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replace(
    UNPRINTABLE,
    (character) =>
      character.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join(""),
  );
}

const FLUSH_CHARACTERS = 64 * 1024;

/** Collects lines, so that many of them cost one write. */
export class TextLines {
  readonly #sink: Sink;
  #text = "";

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** Adds whole lines. Writes them now or at the next `flush`. */
  add(lines: string): void {
    this.#text += lines;
    if (this.#text.length >= FLUSH_CHARACTERS) this.flush();
  }

  /** Writes what has been added. */
  flush(): void {
    const text = this.#text;
    this.#text = "";
    if (text !== "") writeText(this.#sink, text);
  }
}

/** A live line, with the cursor back at its start. */
function drawn(line: string): string {
  return line === "" ? "" : `${ONE_LINE}${line}${ANY_LINES}\r`;
}

/**
 * Whether a stream is a terminal that can redraw a line. Terminals of editors and of continuous integration call
 * themselves dumb; any other can. Assumes that it can redraw if the program may not read TERM.
 */
export function canRedraw(stream: { readonly isTerminal: () => boolean }): boolean {
  if (!stream.isTerminal()) return false;
  const isReadable = Deno.permissions.querySync({ name: "env", variable: "TERM" }).state === "granted";
  return !isReadable || Deno.env.get("TERM") !== "dumb";
}

/** Whether text for a stream gets colours: if the stream is such a terminal, unless NO_COLOR is set. */
export function hasColours(stream: { readonly isTerminal: () => boolean }): boolean {
  return canRedraw(stream) && !Deno.noColor;
}

const FALLBACK_COLUMNS = 80;

/** How wide the terminal is, in characters. */
export function columns(): number {
  try {
    return Deno.consoleSize().columns || FALLBACK_COLUMNS;
  } catch {
    // Not a terminal after all.
    return FALLBACK_COLUMNS;
  }
}

/** How a log looks on a stream. On a terminal it has colours and is wrapped to the columns. */
export function logLook(
  stream: { readonly isTerminal: () => boolean },
): { readonly colours: boolean; readonly columns: (() => number) | null } {
  return { colours: hasColours(stream), columns: canRedraw(stream) ? columns : null };
}

/** The most text kept for a reader of the log that reads nothing. */
const LOG_CHARACTERS = 256 * 1024;
/** While more than this waits, a live line would be out of date before it was shown. */
const DRAWN_CHARACTERS = 2 * 1024;
/** How long a run that ends waits for a log that nobody reads, and how long if the user has asked for the end. */
const LOG_WAIT_MS = 2_000;
const LOG_GRACE_MS = 400;

/** The most lines that are kept while a picture covers the log. */
const MOST_COVERED = 1_000;

/**
 * A terminal with a live line below the printed lines, or with a picture that covers both. Counts the lines that it
 * could not print.
 */
export class LiveTerminal {
  readonly #outlet: Outlet;
  #live = "";
  /** The screen that covers the log; null while the log is visible. */
  #screen: FullScreen | null = null;
  /** Lines printed while the log is covered, and how many older ones were dropped. */
  #covered: string[] = [];
  #dropped = 0;
  #lost = 0;
  #hasNoReader = false;
  /** Called with the number of lost lines, once lines can be written again. */
  onLost: (lines: number) => void = () => {};

  /** Keeps up to `room` characters while `sink` accepts none. */
  constructor(sink: AsyncSink, room: number = LOG_CHARACTERS) {
    this.#outlet = new Outlet(sink, {
      room,
      onLost: (text, error) => {
        this.#lost += text.split("\n").length - 1;
        this.#screen?.forget();
        this.#hasNoReader = error instanceof Deno.errors.BrokenPipe;
      },
      onDrained: () => this.#reportLost(),
    });
  }

  /** Prints one line above the live line. */
  print(line: string): void {
    if (this.#screen !== null) {
      this.#covered.push(line);
      if (this.#covered.length > MOST_COVERED) {
        this.#covered.shift();
        this.#dropped++;
      }
      return;
    }
    const text = this.#live === "" ? `${line}\n` : `${CLEAR}${line}\n${drawn(this.#live)}`;
    if (!this.#outlet.write(text)) this.#lost++;
  }

  /** Replaces the live line. An empty one removes it. */
  set live(line: string) {
    if (line === this.#live || this.#screen !== null) return;
    if (line !== "" && this.#outlet.waiting > DRAWN_CHARACTERS) return;
    this.#live = line;
    this.#outlet.write(CLEAR + drawn(line));
  }

  /** Covers the log with these rows, unless the terminal has not shown the rows before them yet. */
  cover(rows: readonly Row[], size: ScreenSize, colours: boolean): void {
    if (this.#outlet.waiting > 0) return;
    this.live = "";
    const enter = this.#screen === null ? ENTER : "";
    this.#screen ??= new FullScreen(colours);
    this.#outlet.write(enter + this.#screen.frame(rows, size));
  }

  /** Makes the next `cover` draw the whole screen, which may show something else by now. */
  redraw(): void {
    this.#screen?.forget();
  }

  /** Shows the log again, with the lines that were printed while it was covered. */
  uncover(): void {
    if (this.#screen === null) return;
    this.#screen = null;
    this.#outlet.write(LEAVE);
    const lines = this.#covered;
    this.#covered = [];
    if (this.#dropped > 0) {
      lines.unshift(`(${this.#dropped} older lines of the log were shown only in the chart)`);
    }
    this.#dropped = 0;
    for (const line of lines) this.print(line);
  }

  /**
   * Removes the live line or the picture while the process ends, without waiting. Does nothing if text is already
   * waiting, because then nobody reads, and a write to `sink` could block forever.
   */
  abandon(sink: Sink): void {
    if (this.#outlet.waiting > 0) return;
    if (this.#screen !== null) writeText(sink, LEAVE);
    else if (this.#live !== "") writeText(sink, CLEAR);
  }

  /** Whether nobody can read what is printed, because the reader of the pipe has gone. */
  get hasNoReader(): boolean {
    return this.#hasNoReader;
  }

  /** Waits for the printed lines to be written: two seconds at most, and less once `stop` is aborted. */
  async settled(stop: AbortSignal): Promise<void> {
    const patience = AbortSignal.any([stop, AbortSignal.timeout(LOG_WAIT_MS)]);
    await beforeGraceEnds(this.#outlet.drained(), patience, LOG_GRACE_MS);
  }

  #reportLost(): void {
    const lines = this.#lost;
    this.#lost = 0;
    if (lines > 0) this.onLost(lines);
  }
}
