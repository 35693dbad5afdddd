import { assertEquals } from "@std/assert";
import { FullScreen } from "../../../src/views/terminal/full_screen.ts";
import { cutRow, type Row, rowText, rowWidth, spread } from "../../../src/views/terminal/styled_rows.ts";
import fc from "fast-check";
import { assert } from "@std/assert";

const SIZE = { columns: 5, rows: 2 };
const [START, END] = ["\x1b[?2026h", "\x1b[?2026l"];

Deno.test("FullScreen clears the screen for its first frame, and then writes the rows that changed", () => {
  const screen = new FullScreen(false);
  assertEquals(
    screen.frame([[{ text: "one" }], [{ text: "two" }]], SIZE),
    `${START}\x1b[2J\x1b[1;1Hone\x1b[2;1Htwo${END}`,
  );
  assertEquals(screen.frame([[{ text: "one" }], [{ text: "2" }]], SIZE), `${START}\x1b[2;1H2\x1b[K${END}`);
  assertEquals(screen.frame([[{ text: "one" }], [{ text: "2" }]], SIZE), "");
  // In its last column a terminal would clear the character that was just written.
  assertEquals(screen.frame([[{ text: "whole" }], [{ text: "2" }]], SIZE), `${START}\x1b[1;1Hwhole${END}`);
});

Deno.test("FullScreen draws everything again when the size changes, and when it is told to", () => {
  const screen = new FullScreen(false);
  const rows: Row[] = [[{ text: "one" }]];
  screen.frame(rows, SIZE);
  const whole = `${START}\x1b[2J\x1b[1;1Hone${END}`;
  assertEquals(screen.frame(rows, { columns: 6, rows: 2 }), whole);
  screen.forget();
  assertEquals(screen.frame(rows, { columns: 6, rows: 2 }), whole);
});

Deno.test("FullScreen has colours where they are wanted", () => {
  const rows: Row[] = [[{ text: "a" }, { text: "b", style: "red" }]];
  assertEquals(new FullScreen(true).frame(rows, SIZE), `${START}\x1b[2J\x1b[1;1Ha\x1b[31mb\x1b[0m${END}`);
});

const ROWS = fc.array(
  fc.record({ text: fc.oneof(fc.string({ maxLength: 9 }), fc.constantFrom("币安人生", "", "é")) }),
);

Deno.test("cutRow() leaves a row that fits as it is, and cuts another to no more than the width, with an ellipsis", () => {
  fc.assert(fc.property(ROWS, fc.integer({ min: 1, max: 30 }), (row, width) => {
    const cut = cutRow(row, width);
    if (rowWidth(row) <= width) assertEquals(cut, row);
    else {
      assert(rowWidth(cut) <= width && rowText(cut, false).endsWith("…"), JSON.stringify(cut));
      assert(rowText(row, false).startsWith(rowText(cut, false).slice(0, -1)));
    }
  }));
  assertEquals(cutRow([{ text: "币安" }, { text: "x", style: "red" }], 4), [{ text: "币…" }]);
});

Deno.test("spread() keeps two rows apart, and drops the right one if there is no room", () => {
  const [left, right]: Row[] = [[{ text: "币安" }], [{ text: "end" }]];
  assertEquals(rowText(spread(left!, right!, 10), false), "币安   end");
  assertEquals(rowText(spread(left!, right!, 7), false), "币安");
});
