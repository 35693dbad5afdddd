/** A model of a terminal: enough of one for a log and a live line below it. */
import { textWidth } from "../../src/views/terminal/text_width.ts";

// deno-lint-ignore no-control-regex -- terminal escapes are what is looked for
const TOKEN = /\x1b\[\??[\d;]*[A-Za-z]|[^]/gu;
const COLOUR = /\[[\d;]*m$/;

/** A row: its cells, of which a wide character takes two, and whether its text continues in the next row. */
interface Row {
  cells: string[];
  goesOn: boolean;
}

/**
 * A terminal that knows line breaks, carriage returns, clearing downwards, wrapping on and off, and colours. When its
 * width changes, it wraps its lines again, as most terminals do, or with `cuts` it cuts them off, as xterm does.
 */
export class Screen {
  #columns: number;
  readonly #cuts: boolean;
  #rows: Row[] = [{ cells: [], goesOn: false }];
  #row = 0;
  /** May be one past the last column: the next character then decides. */
  #column = 0;
  #wraps = true;
  #cleared = 0;

  /** Shows `output`; fails on an escape sequence that it does not know. */
  constructor(output = "", { columns = Infinity, cuts = false } = {}) {
    this.#columns = columns;
    this.#cuts = cuts;
    this.write(output);
  }

  /** The lines from the top, each whole even if it takes several rows, without blanks at their ends. */
  get lines(): string[] {
    const lines = [""];
    for (const { cells, goesOn } of this.#rows) {
      lines.push(lines.pop() + cells.join(""));
      if (!goesOn) lines.push("");
    }
    return lines.slice(0, -1).map((line) => line.trimEnd());
  }

  /** How often it was cleared: a live line does that, a plain log never. */
  get cleared(): number {
    return this.#cleared;
  }

  write(output: string): void {
    for (const [token] of output.matchAll(TOKEN)) {
      if (token === "\n") {
        this.#down(false);
        this.#column = 0;
      } else if (token === "\r") this.#column = 0;
      else if (token === "\x1b[J") {
        this.#rows[this.#row]!.cells.length = Math.min(this.#rows[this.#row]!.cells.length, this.#column);
        this.#rows[this.#row]!.goesOn = false;
        this.#rows.length = this.#row + 1;
        this.#cleared++;
      } else if (token === "\x1b[?7l" || token === "\x1b[?7h") this.#wraps = token.endsWith("h");
      else if (!COLOUR.test(token)) {
        if (token < " ") {
          throw new TypeError(`Not a sequence that this terminal knows: ${JSON.stringify(token)}`);
        }
        this.#put(token);
      }
    }
  }

  /** Makes it wider or narrower. */
  resize(columns: number): void {
    this.#columns = columns;
    if (this.#cuts) {
      for (const { cells } of this.#rows) cells.length = Math.min(cells.length, columns);
      this.#column = Math.min(this.#column, columns - 1);
      return;
    }
    const rows: Row[] = [];
    let cursor: readonly [row: number, column: number] = [0, 0];
    let whole: string[] = [];
    for (const [at, { cells, goesOn }] of this.#rows.entries()) {
      const offset = at === this.#row ? whole.length + this.#column : null;
      whole.push(...cells);
      if (offset !== null) cursor = [rows.length + Math.floor(offset / columns), offset % columns];
      if (goesOn) continue;
      for (let from = 0; from === 0 || from < whole.length; from += columns) {
        rows.push({ cells: whole.slice(from, from + columns), goesOn: from + columns < whole.length });
      }
      whole = [];
    }
    this.#rows = rows;
    [this.#row, this.#column] = cursor;
  }

  #put(character: string): void {
    const width = textWidth(character);
    if (this.#column + width > this.#columns) {
      if (this.#wraps) {
        this.#down(true);
        this.#column = 0;
      } else this.#column = this.#columns - width;
    }
    const { cells } = this.#rows[this.#row]!;
    while (cells.length < this.#column) cells.push(" ");
    // A wide character fills two cells, the second with nothing to show.
    cells.splice(this.#column, width, character, ...Array<string>(width - 1).fill(""));
    this.#column += width;
  }

  #down(goesOn: boolean): void {
    this.#rows[this.#row]!.goesOn = goesOn;
    if (++this.#row === this.#rows.length) this.#rows.push({ cells: [], goesOn: false });
  }
}
