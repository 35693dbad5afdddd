import { assert } from "@std/assert";
import fc from "fast-check";
import { niceStep, plainLabel, plotRows, roomy, windowOf } from "../../../src/views/chart/line_plot.ts";
import type { Column } from "../../../src/views/chart/span_series.ts";
import { spanText, timeScale } from "../../../src/views/chart/time_scale.ts";
import { rowText, rowWidth } from "../../../src/views/terminal/styled_rows.ts";
import { assertEquals } from "../../support/equals.ts";

function column(time: number, value: number): Column {
  return { time, first: value, last: value, low: value, high: value };
}

Deno.test("plotRows() draws a line from the lower left to the upper right, with its scale", () => {
  const columns = Array.from({ length: 12 }, (_, at) => column(at, at));
  const rows = plotRows({
    columns: 12,
    rows: 3,
    window: { from: 0, to: 12 },
    range: { low: 0, high: 11 },
    lines: [{ columns }],
    marks: [{ time: 6, value: 6, text: "▲" }],
    label: plainLabel,
    scale: 6,
    current: 11,
  });
  assertEquals(rows.map((row) => rowText(row, false)), [
    "    ⣠⠞◄   11",
    "  ⣠▲⠁ │     ",
    "⣠⠞⠁   ┤    0",
  ]);
});

Deno.test("plotRows() holds a value until the next one, and shows nothing outside its window", () => {
  const columns = [column(-5, 9), column(0, 0), column(9, 1), column(50, 0)];
  const plot = {
    columns: 8,
    rows: 1,
    window: { from: 0, to: 12 },
    range: { low: 0, high: 1 },
    label: () => "",
  };
  const [row] = plotRows({ ...plot, lines: [{ columns }], scale: 2 });
  assertEquals(rowText(row!, false), "⣀⣀⣀⣀⣸ ┤ ");
});

Deno.test("windowOf() moves by whole dots, so that a time keeps its dot among the others", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e9 }), fc.integer({ min: 1, max: 1e6 }), (from, length) => {
      const [span, dots] = [60_000, 120];
      const window = windowOf(span, { from, to: from + length }, dots);
      assert(
        window.to > from + length || window.from <= from,
        "it ends after the last, or starts before the first",
      );
      assertEquals(window.from % (span / dots), 0);
      assertEquals(window.to - window.from, span);
    }),
    { numRuns: 100 },
  );
});

Deno.test("roomy() gives a range a height that a double can divide", () => {
  for (
    const range of [{ low: 0, high: 0 }, { low: 1e15, high: 1e15 + 0.25 }, { low: -3, high: 4 }, {
      low: 1e-9,
      high: 1e-9,
    }]
  ) {
    const { low, high } = roomy(range);
    assert(low < range.low && high > range.high && (high - low) / (Math.abs(high) + Math.abs(low)) > 1e-9);
  }
});

Deno.test("niceStep() is one, two or five times a power of ten, and plainLabel() tells neighbours apart", () => {
  assertEquals([0.7, 1, 1.01, 3, 0.02, 0.021, 700].map(niceStep), [1, 1, 2, 5, 0.02, 0.05, 1000]);
  assertEquals(plainLabel(60_000, 50), "60,000");
  assertEquals(plainLabel(-1234.5, 0.5), "-1,234.5");
  assertEquals(plainLabel(0.00001234, 1e-8), "0.00001234");
});

Deno.test("timeScale() has labels at round times, none of which overlaps another or the edge", () => {
  const from = Date.UTC(2026, 10, 29, 23, 58, 14) * 1000;
  assertEquals(
    timeScale({ from, to: from + 300_000_000 }, 70).trimEnd(),
    "          ╵23:59        ╵11-30        ╵00:01        ╵00:02",
  );
  for (const span of [1, 60, 3600, 86_400, 86_400 * 365].map((seconds) => seconds * 1_000_000)) {
    const text = timeScale({ from, to: from + span }, 60);
    assertEquals(text.length, 60);
    assert(text.includes("╵"), `${span}: ${text}`);
  }
  assertEquals([60e6, 1.8e9, 3.6e9, 86.4e9, 604.8e9].map(spanText), ["1 min", "30 min", "1 h", "1 d", "7 d"]);
});

Deno.test("plotRows() has rows of its width, whatever the scale", () => {
  const plot = { window: { from: 0, to: 12 }, range: { low: 0, high: 1 }, lines: [], label: plainLabel };
  for (const scale of [2, 9, 30]) {
    for (const row of plotRows({ ...plot, columns: 40, rows: 7, scale })) assertEquals(rowWidth(row), 40);
  }
});
