/** Standard output and standard error, with one live line kept under what is printed. */

/** Where text goes: a file descriptor with a synchronous write. */
export interface Sink {
  writeSync(bytes: Uint8Array): number;
}

const ENCODER = new TextEncoder();
const CLEAR_LINE = "\r\x1b[K";

/** Writes all of `text`, however many writes that takes. */
export function writeText(sink: Sink, text: string): void {
  let bytes = ENCODER.encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(sink.writeSync(bytes));
}

/** The person has asked for the end, and whoever should read standard output does not. */
export class OutputStuck extends Error {
  override readonly name = "OutputStuck";
}

/** Once the end is asked for so long may a write take that waits for its reader. */
const GRACE_MS = 1_500;

/**
 * Writes all of `text` as its reader takes it, while timers and signals have their turn; once `stop` is aborted the
 * reader has a second and a half left. Throws OutputStuck then, and what the write throws.
 */
export function writeUntil(
  stop: AbortSignal,
  sink: { write(bytes: Uint8Array): Promise<number> },
  text: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const giveUp = (): void => {
      const what = "standard output is not read: what is waiting to be written there is lost";
      reject(new OutputStuck(`${what}, ${text.length} characters and all that would have followed`));
    };
    const onStop = (): void => {
      timer = setTimeout(giveUp, GRACE_MS);
    };
    if (stop.aborted) onStop();
    else stop.addEventListener("abort", onStop, { once: true });
    writeAll(sink, text).then(resolve, reject).finally(() => {
      clearTimeout(timer);
      stop.removeEventListener("abort", onStop);
    });
  });
}

async function writeAll(sink: { write(bytes: Uint8Array): Promise<number> }, text: string): Promise<void> {
  let bytes = ENCODER.encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(await sink.write(bytes));
}

/** Control and format characters (terminal escapes, direction marks, invisible ones) and line separators. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Makes received text fit for a terminal: what could steer it or stay invisible is shown as `\u{…}`. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}

/** A value as one line of JSON that is fit for a terminal too: the same characters are escaped. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replace(
    UNPRINTABLE,
    (character) =>
      character.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join(""),
  );
}

const FLUSH_CHARACTERS = 64 * 1024;

/** Text on its way out: many lines cost one write. */
export class TextLines {
  readonly #sink: Sink;
  #text = "";

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** Takes whole lines; they are written now or at the next `flush`. */
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

/** Events on their way out, one JSON object a line. */
export class EventLines {
  readonly #lines: TextLines;

  constructor(sink: Sink) {
    this.#lines = new TextLines(sink);
  }

  /** Takes one event; it is written now or at the next `flush`. */
  add(event: unknown): void {
    this.#lines.add(`${printableJson(event)}\n`);
  }

  /** Writes what has been added. */
  flush(): void {
    this.#lines.flush();
  }
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

/** A terminal that keeps a live line below the lines printed on it. */
export class LiveTerminal {
  readonly #sink: Sink;
  #live = "";

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** Prints one line above the live line. */
  print(line: string): void {
    writeText(this.#sink, this.#live === "" ? `${line}\n` : `${CLEAR_LINE}${line}\n${this.#live}`);
  }

  /** Replaces the live line; an empty one removes it. */
  set live(line: string) {
    if (line === this.#live) return;
    this.#live = line;
    writeText(this.#sink, CLEAR_LINE + line);
  }
}
