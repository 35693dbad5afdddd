import { assertEquals } from "@std/assert";
import { textWidth } from "../../../src/views/terminal/text_width.ts";
import { rowWidth } from "../../../src/views/terminal/styled_rows.ts";
import { fallRow } from "../../../src/views/chart/chart_rows.ts";

Deno.test("fallRow() is green below half of the limit, then yellow, red from four fifths on, and full beyond it", () => {
  const bar = (value: string) => {
    const row = fallRow({ value, limit: "0.2" }, 80);
    assertEquals(rowWidth(row), 80);
    const [text, filled] = row;
    return { style: filled!.style, share: textWidth(filled!.text) / (80 - textWidth(text!.text)) };
  };
  assertEquals(
    ["0.05", "0.1", "0.159", "0.161", "0.25"].map((value) => bar(value).style),
    [
      ...["green", "yellow", "yellow", "red", "red"],
    ] as const,
  );
  assertEquals([bar("0").share, bar("0.2").share, bar("0.25").share], [0, 1, 1]);
});
