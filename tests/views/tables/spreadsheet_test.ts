import { assert } from "@std/assert";
import fc from "fast-check";
import { printable } from "../../../src/views/terminal/terminal.ts";
import { csvLine } from "../../../src/views/tables/export_lines.ts";
import { assertEquals } from "../../support/equals.ts";
import { ANY_CHARACTER } from "../../support/any_character.ts";

/** A cell as a spreadsheet shows it, without the apostrophe. */
const shown = (cell: string | number) => String(cell).replace(/[^\t\r\n]+/g, printable);

/** The cells in lines of CSV, as RFC 4180 defines them. */
function cellsOf(text: string): string[][] {
  const lines: string[][] = [];
  let cells: string[] = [];
  for (let at = 0; at < text.length;) {
    let cell = "";
    if (text[at] === '"') {
      for (at++; !(text[at] === '"' && text[at + 1] !== '"'); at++) {
        assert(at < text.length, "a quote is not closed");
        if (text[at] === '"') at++;
        cell += text[at];
      }
      at++;
    } else {
      for (; at < text.length && text[at] !== "," && text[at] !== "\r"; at++) {
        assert(text[at] !== '"' && text[at] !== "\n", "a cell is not quoted");
        cell += text[at];
      }
    }
    cells.push(cell);
    if (text[at] === ",") {
      at++;
      if (text[at] === "\r") cells.push("");
    }
    if (text[at] === "\r") {
      assertEquals(text[at + 1], "\n");
      lines.push(cells);
      cells = [];
      at += 2;
    }
  }
  return lines;
}

Deno.test("csvLine() leaves numbers alone, even negative ones, and quotes cells with commas, quotes or line breaks", () => {
  assertEquals(csvLine([1, "-1.96321225", "buy", null, "0.00000001"]), "1,-1.96321225,buy,,0.00000001\r\n");
  assertEquals(csvLine(['a"b', "a,b", "a\nb", "a b"]), '"a""b","a,b","a\nb",a b\r\n');
});

Deno.test("csvLine() turns what a spreadsheet would take for a formula into text", () => {
  const formulas = [
    "=1+1",
    "+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    "--1",
    "-",
    "＝1",
    '"=1',
    "-1e5",
    "-.5",
  ];
  for (const text of formulas) {
    const [[cell]] = cellsOf(csvLine([text])) as [[string]];
    assertEquals(cell, `'${text}`);
  }
});

Deno.test("csvLine() escapes everything that steers a terminal or stays invisible", () => {
  assertEquals(
    csvLine(["\x1b[2J", "\u202e1", "\u200b=1+1", "\0=1+1", "\x9bm"]),
    "\\u{1b}[2J,\\u{202e}1,\\u{200b}=1+1,\\u{0}=1+1,\\u{9b}m\r\n",
  );
});

Deno.test("csvLine() keeps the text of any cells, and makes none of them a formula", () => {
  const text = fc.oneof(
    fc.string({ unit: ANY_CHARACTER }),
    fc.string({ unit: fc.constantFrom("=", "+", "-", "@", '"', ",", "\r", "\n", "\t", " ", "1", "A", "'") }),
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(text, fc.integer()), { minLength: 2 }), (cells) => {
      const lines = cellsOf(csvLine(cells));
      assertEquals(lines.length, 1);
      assertEquals(
        lines[0]!.map((cell, at) => cell === `'${shown(cells[at]!)}` ? shown(cells[at]!) : cell),
        cells.map(shown),
      );
      for (const cell of lines[0]!) {
        assert(!/^[=+\-@\t\r]/.test(cell.trimStart()) || /^-\d+(\.\d+)?$/.test(cell), JSON.stringify(cell));
      }
    }),
    { numRuns: 3000 },
  );
});
