/** A picture of dots in Braille characters: two dots across and four down in each cell of the terminal. */
import type { Row, Span, Style } from "../terminal/styled_rows.ts";

/** Dots in a cell, across and down. */
export const ACROSS = 2;
const DOWN = 4;

const BLANK = 0x2800;
/** The bit of each dot, row by row (Unicode numbers the lowest two last). */
const BITS = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80] as const;

/** A cell's character instead of its dots. */
interface Mark {
  readonly text: string;
  readonly style?: Style | undefined;
}

/** Cells to draw on. Dots are counted from the left and the top; dots outside the canvas are not drawn. */
export class BrailleCanvas {
  readonly columns: number;
  readonly rows: number;
  readonly #bits: Uint8Array;
  readonly #styles: (Style | undefined)[];
  readonly #marks = new Map<number, Mark>();

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
    this.#bits = new Uint8Array(columns * rows);
    this.#styles = new Array<Style | undefined>(columns * rows);
  }

  /** How many dots there are from left to right, and from top to bottom. */
  get width(): number {
    return this.columns * ACROSS;
  }

  get height(): number {
    return this.rows * DOWN;
  }

  /** Draws the dots of one column from row `from` to row `to`, both included. A cell has the style of its last dot. */
  column(x: number, from: number, to: number, style?: Style): void {
    if (x < 0 || x >= this.width) return;
    const last = Math.min(this.height - 1, Math.max(from, to));
    const [bits, styles, columns] = [this.#bits, this.#styles, this.columns];
    const [across, side] = [x >> 1, x & 1];
    for (let y = Math.max(0, Math.min(from, to)); y <= last; y++) {
      const cell = (y >> 2) * columns + across;
      bits[cell]! |= BITS[(y & 3) * ACROSS + side]!;
      styles[cell] = style;
    }
  }

  /** Puts a character of one column in a cell, over its dots. */
  mark(column: number, row: number, mark: Mark): void {
    if (column < 0 || column >= this.columns || row < 0 || row >= this.rows) return;
    this.#marks.set(row * this.columns + column, mark);
  }

  /** A row of cells. */
  row(row: number): Row {
    const spans: { text: string; style?: Style | undefined }[] = [];
    for (let cell = row * this.columns; cell < (row + 1) * this.columns; cell++) {
      const { text, style } = this.#cell(cell);
      const last = spans.at(-1);
      if (last !== undefined && (last.style === style || text === " ")) last.text += text;
      else spans.push({ text, style });
    }
    return spans;
  }

  #cell(cell: number): Span {
    const mark = this.#marks.get(cell);
    if (mark !== undefined) return mark;
    const bits = this.#bits[cell]!;
    // A space takes a third of the bytes of an empty Braille character.
    return bits === 0
      ? { text: " " }
      : { text: String.fromCharCode(BLANK + bits), style: this.#styles[cell] };
  }
}
