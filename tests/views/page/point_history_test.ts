/** The points that a page gets of a long run. */
import { assert, assertGreater } from "@std/assert";
import fc from "fast-check";
import type { LivePoint } from "../../../src/views/page/live_message.ts";
import { PointHistory } from "../../../src/views/page/point_history.ts";
import { thinned } from "../../../src/views/page/thinned_points.ts";
import { assertEquals } from "../../support/equals.ts";

const HOUR_MS = 3_600_000;

Deno.test("thinned() keeps the first and the last point, and the lowest and the highest value, in order and within its bound", () => {
  const moment = fc.record({ gap: fc.integer({ min: 1, max: 1e6 }), price: fc.nat(99), drawdown: fc.nat(9) });
  fc.assert(fc.property(
    fc.array(moment, { minLength: 1, maxLength: 200 }),
    fc.integer({ min: 5, max: 100 }),
    (moments, most) => {
      let time = 0;
      const points = moments.map(({ gap, price, drawdown }): LivePoint => [time += gap, price, 1, drawdown]);
      const kept = thinned(points, most);
      assert(kept.length <= most, `${kept.length} of ${most}`);
      assertEquals(kept, [...new Set(kept)].sort((a, b) => a - b));
      assertEquals([kept[0], kept.at(-1)], [0, points.length - 1]);
      for (const column of [1, 3]) {
        const all = points.map((point) => point[column]!);
        const left = kept.map((at) => all[at]!);
        assertEquals(Math.max(...left), Math.max(...all));
        if (column === 1) assertEquals(Math.min(...left), Math.min(...all));
      }
    },
  ));
});

Deno.test("PointHistory has hundreds of points for each length of time that the page shows, after a week of a point a second", () => {
  const history = new PointHistory();
  const end = 7 * 24 * HOUR_MS;
  for (let time = 0; time <= end; time += 1_000) {
    history.add([time, 60_000 + Math.sin(time / 1e5) * 100, 10_000, 0]);
  }
  const points = history.after(0);
  assert(points.length <= 4_000, `${points.length} points`);
  for (const hours of [0.25, 1, 6, 24, 168]) {
    const within = points.filter(([time]) => time >= end - hours * HOUR_MS);
    assertGreater(within.length, 500, `of the last ${hours} h`);
    const gaps = within.slice(1).map(([time], at) => time - within[at]![0]);
    assert(Math.max(...gaps) < hours * HOUR_MS / 50, `${Math.max(...gaps)} ms without a point in ${hours} h`);
  }
});
