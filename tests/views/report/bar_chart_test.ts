import { assertEquals, assertLess } from "@std/assert";
import { type Bar, barChart } from "../../../src/views/report/bar_chart.ts";

function bar(label: string, profit: string | null): Bar {
  return { label, totals: profit === null ? null : { count: 2, wins: 1, profit } };
}

/** The note below the heading, and the places of the bars from left to right, each with its height. */
function shown(bars: readonly Bar[]) {
  const { text } = barChart("Profit by hour", "USDT", bars);
  const [, note] = /<p class="muted">([^<]*)</.exec(text)!;
  const rects = [
    ...text.matchAll(/<rect class="(\w+)" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g),
  ];
  const parts = rects.map(([, kind, ...numbers]) => {
    const [x = NaN, y = NaN, width = NaN, height = NaN] = numbers.map(Number);
    return { kind, x, y, width, height };
  });
  return { note, bars: parts };
}

Deno.test("barChart() names the best and the worst bar, whatever their order, and a single one alone", () => {
  const bars = [bar("a", "3"), bar("b", "-4.5"), bar("c", null), bar("d", "12")];
  assertEquals(shown(bars).note, "Best d: +12.00 USDT; worst b: -4.50 USDT");
  assertEquals(shown([bar("a", null), bar("b", "-1")]).note, "Only b: -1.00 USDT");
  assertEquals(shown([bar("a", null)]).note, "");
});

Deno.test("barChart() draws gains up and losses down from one line, as high as they are large", () => {
  const { bars: [gain, loss, none] } = shown([bar("a", "10"), bar("b", "-5"), bar("c", null)]);
  assertEquals([gain!.kind, loss!.kind], ["gain", "loss"]);
  assertEquals([gain!.y, loss!.y], [0, gain!.height]);
  assertLess(Math.abs(gain!.height / loss!.height - 2), 0.01);
  assertEquals(none!.height, 0);
});

Deno.test("barChart() leaves room beside a single bar, which would look like an error over the whole width", () => {
  const [only] = shown([bar("2025-01", "10")]).bars;
  assertLess(only!.x + only!.width, 60);
});
