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

/**
 * Makes received text fit for a terminal: control characters, terminal escapes and direction marks are shown as
 * `\u{…}`.
 */
export function printable(text: string): string {
  return text.replace(
    // deno-lint-ignore no-control-regex -- control characters are what is looked for
    /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
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
