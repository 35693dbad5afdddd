import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import type { RankedRows } from "../../../src/views/tables/ranked_rows.ts";
import { colourMaps } from "../../../src/views/report/colour_maps.ts";

/** A grid whose figure tells where it is: the values' indices as decimal digits, the first axis in front. */
function gridOf(...lengths: readonly number[]): RankedRows {
  const axes = lengths.map((length, axis) => ({
    name: "abcd"[axis]!,
    values: Array.from({ length }, (_, at) => `${"abcd"[axis]}${at}`),
  }));
  const size = lengths.reduce((product, length) => product * length, 1);
  const values = Float64Array.from({ length: size }, (_, place) => {
    let [rest, figure, unit] = [place, 0, 1];
    for (const length of lengths.toReversed()) {
      figure += rest % length * unit;
      rest = Math.floor(rest / length);
      unit *= 10;
    }
    return figure;
  });
  const best = { row: null as never, figure: String(values.at(-1)), neighbours: null };
  return { axes, values, isLessBetter: false, rows: [best] };
}

function tablesIn(markup: string): string[][][] {
  return markup.split("<tbody>").slice(1).map((table) =>
    table.split("</tbody>")[0]!.split("<tr>").slice(1).map((row) =>
      [...row.matchAll(/<t[hd][^>]*>([^<]*)</g)].map(([, cell]) => cell!)
    )
  );
}

Deno.test("colourMaps() has a map for each value of the shortest axis, wherever it is in the grid", () => {
  const markup = colourMaps(gridOf(3, 2, 4), "sharpe")!.text;
  const row = (
    b: number,
    a: number,
  ): string[] => [`a${a}`, ...[0, 1, 2, 3].map((c) => `${a * 100 + b * 10 + c}.000`)];
  assertEquals(tablesIn(markup), [0, 1].map((b) => [0, 1, 2].map((a) => row(b, a))));
  assertStringIncludes(markup, "<h3>b b1</h3>");
  assertStringIncludes(markup, "<title>a a2, c c3: 213.000</title>");
  const [, first, second] = markup.split('<svg class="map"');
  assert(!first!.includes('class="best"') && second!.includes('class="best"'));
});

Deno.test("colourMaps() gives the brightest colour to the best, even where less is better", () => {
  const fills = (isLessBetter: boolean) => {
    const { text } = colourMaps({ ...gridOf(2), isLessBetter }, "sharpe")!;
    assertStringIncludes(text, isLessBetter ? "<span>worst 1.000" : "<span>worst 0.000");
    assertStringIncludes(text, isLessBetter ? "<span>best 0.000" : "<span>best 1.000");
    return [...text.matchAll(/fill="([^"]*)"><title>/g)].map(([, fill]) => fill);
  };
  assertEquals(fills(false), ["#0d2a5c", "#fdee80"]);
  assertEquals(fills(true), ["#fdee80", "#0d2a5c"]);
});

Deno.test("colourMaps() draws one option as a strip, and leaves out configurations without the figure", () => {
  const grid = gridOf(4);
  grid.values[1] = NaN;
  const markup = colourMaps(grid, "sharpe")!.text;
  assertEquals(tablesIn(markup), [[["", "0.000", "–", "2.000", "3.000"]]]);
  assertEquals(markup.split("<title>").length - 1, 3);
  grid.values.fill(NaN);
  assertEquals(colourMaps(grid, "sharpe"), null);
  assertEquals(colourMaps({ ...gridOf(), values: Float64Array.of(1) }, "sharpe"), null);
});

Deno.test("colourMaps() of a large grid has cells with the mean of several configurations, and stays small", () => {
  const markup = colourMaps(gridOf(100, 5, 7, 100), "sharpe")!.text;
  assertLess(markup.length, 130_000);
  const [table] = tablesIn(markup);
  assertEquals(table!.map(([label]) => label).slice(0, 2), ["a0–a2", "a3–a5"]);
  // The mean over three values of a and d each, and over all of b and c.
  assertEquals(table![0]![1], "1231.000");
});
