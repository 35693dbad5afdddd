/** What a terminal shows after a program has written to it. */

/** Text in one colour: a number of the terminal's palette, null for its own. */
export interface Span {
  readonly text: string;
  readonly colour: number | null;
}

/** A line of the screen, from left to right. */
export type Row = readonly Span[];

interface Cell {
  readonly character: string;
  readonly colour: number | null;
}

// deno-lint-ignore no-control-regex -- control characters are what it looks for
const SEQUENCE = /\x1b\[([?\d;]*)([A-Za-z])|\x1b./y;

/**
 * All rows of a screen that is `columns` wide after `output`, including rows that have scrolled away. Longer lines
 * continue in the next row.
 *
 * @throws {RangeError} for a control sequence that it does not know
 *
 * @example
 * ```ts
 * import { screenAfter } from "./terminal_screen.ts";
 * import { assertEquals } from "@std/assert";
 * const [row] = screenAfter("one\r\x1b[K\x1b[36mtwo\x1b[0m", 80);
 * assertEquals(row, [{ text: "two", colour: 36 }]);
 * ```
 */
export function screenAfter(output: string, columns: number): Row[] {
  const rows: Cell[][] = [[]];
  let [row, column, colour] = [0, 0, null as number | null];
  const line = () => {
    while (rows.length <= row) rows.push([]);
    return rows[row]!;
  };
  for (let i = 0; i < output.length;) {
    const character = String.fromCodePoint(output.codePointAt(i)!);
    if (character === "\x1b") {
      SEQUENCE.lastIndex = i;
      const [sequence, parameters = "", kind = ""] = SEQUENCE.exec(output) ?? [];
      const count = Math.max(1, Number(parameters.split(";")[0]) || 1);
      if (kind === "m") colour = colourOf(parameters, colour);
      else if (kind === "K" && (parameters === "" || parameters === "0")) line().splice(column);
      else if (kind === "K" && parameters === "2") line().splice(0);
      else if (kind === "J" && (parameters === "" || parameters === "0")) {
        line().splice(column);
        rows.splice(row + 1);
      } else if (kind === "J" && parameters === "2") rows.splice(0, rows.length, []);
      else if (kind === "H") [row, column] = [Number(parameters.split(";")[0]) - 1, 0];
      else if (kind === "A") row = Math.max(0, row - count);
      else if (kind === "B") row += count;
      else if (kind === "G") column = count - 1;
      else if (!parameters.startsWith("?")) {
        throw new RangeError(`The picture does not support the control sequence ${JSON.stringify(sequence)}`);
      }
      i += sequence!.length;
      continue;
    }
    i += character.length;
    if (character === "\r") column = 0;
    else if (character === "\n") [row, column] = [row + 1, 0];
    else {
      if (column === columns) [row, column] = [row + 1, 0];
      const cells = line();
      while (cells.length < column) cells.push({ character: " ", colour: null });
      cells[column++] = { character, colour };
    }
  }
  return rows.map(spansOf);
}

function colourOf(parameters: string, before: number | null): number | null {
  let colour = before;
  for (const code of parameters.split(";").map(Number)) {
    if (code === 0 || code === 39) colour = null;
    else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) colour = code;
    else if (code !== 1 && code !== 2 && code !== 22) {
      throw new RangeError(`The picture does not support the colour ${code}`);
    }
  }
  return colour;
}

function spansOf(cells: readonly Cell[]): Row {
  const spans: { text: string; colour: number | null }[] = [];
  for (const { character, colour } of cells) {
    const last = spans.at(-1);
    if (last?.colour === colour) last.text += character;
    else spans.push({ text: character, colour });
  }
  return spans;
}
