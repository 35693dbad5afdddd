import fc from "fast-check";
import { BrailleCanvas } from "../../../src/views/chart/braille_canvas.ts";
import { rowText } from "../../../src/views/terminal/styled_rows.ts";
import { assertEquals } from "../../support/equals.ts";

/** The dots of a Braille character, from left to right and from top to bottom, as Unicode numbers them. */
const NUMBERED = [1, 4, 2, 5, 3, 6, 7, 8];

/** A canvas with these dots, as text. */
function drawn(columns: number, rows: number, dots: readonly (readonly [x: number, y: number])[]): string[] {
  const canvas = new BrailleCanvas(columns, rows);
  for (const [x, y] of dots) canvas.column(x, y, y);
  return Array.from({ length: rows }, (_, row) => rowText(canvas.row(row), false));
}

Deno.test("BrailleCanvas shows each dot in its place, and a space where there is none", () => {
  for (const [at, number] of NUMBERED.entries()) {
    const character = String.fromCodePoint(0x2800 + 2 ** (number - 1));
    assertEquals(drawn(2, 2, [[2 + at % 2, Math.floor(at / 2)]]), [` ${character}`, "  "]);
  }
  assertEquals(drawn(1, 1, NUMBERED.map((_, at) => [at % 2, Math.floor(at / 2)])), ["⣿"]);
});

Deno.test("BrailleCanvas has rows of its width, whatever is drawn and marked, even outside", () => {
  const places = fc.array(
    fc.tuple(fc.integer({ min: -9, max: 99 }), fc.integer({ min: -9, max: 99 }), fc.boolean()),
  );
  fc.assert(
    fc.property(
      places,
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 5 }),
      (all, columns, rows) => {
        const canvas = new BrailleCanvas(columns, rows);
        for (const [x, y, isMark] of all) {
          if (isMark) canvas.mark(x, y, { text: "▲", style: "green" });
          else canvas.column(x, y, y + 3, "red");
        }
        for (let row = 0; row < rows; row++) assertEquals(rowText(canvas.row(row), false).length, columns);
      },
    ),
    { numRuns: 50 },
  );
});
