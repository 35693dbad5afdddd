import { assert, assertEquals } from "@std/assert";
import { equityLines } from "../../../src/views/chart/equity_lines.ts";
import { textWidth } from "../../../src/views/terminal/text_width.ts";

const HOUR = 3_600_000_000;
const START = Date.UTC(2026, 10, 29, 10) * 1000;
const POINTS = [10_000, 10_100, 10_050, 10_200, 9_900, 9_950, 10_300].map((equity, at) => ({
  time: START + at * HOUR,
  equity,
}));
const PICTURE = { points: POINTS, maxDrawdown: "0.02941176", quote: "USDT" };

Deno.test("equityLines() draws equity and drawdown over the same times", () => {
  assertEquals(
    equityLines(PICTURE, 60, false).split("\n"),
    Deno.readTextFileSync(new URL("screens/equity.txt", import.meta.url)).split("\n"),
  );
});

Deno.test("equityLines() keeps to the terminal's columns, and to what is easy to read", () => {
  for (const columns of [40, 80, 500]) {
    const lines = equityLines(PICTURE, columns, false).split("\n");
    assertEquals(lines.length, 13);
    for (const line of lines) assert(textWidth(line) <= Math.min(columns, 100), line);
  }
});

Deno.test("equityLines() is empty where there is nothing to draw, or no room", () => {
  assertEquals(equityLines({ ...PICTURE, points: [] }, 80, true), "");
  assertEquals(equityLines({ ...PICTURE, points: POINTS.slice(0, 1) }, 80, true), "");
  assertEquals(equityLines(PICTURE, 39, true), "");
});

Deno.test("equityLines() has a flat line for equity that never moved", () => {
  const points = POINTS.map(({ time }) => ({ time, equity: 10_000 }));
  const text = equityLines({ ...PICTURE, points, maxDrawdown: "0" }, 80, false);
  assert(text.includes("10,000") && text.includes("0.00 %"), text);
});
