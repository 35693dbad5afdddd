import { assert, assertEquals } from "@std/assert";
import { timeScale } from "../../../src/views/chart/time_scale.ts";

const YEAR = 365 * 86_400_000_000;

Deno.test("timeScale() is as wide as its plot, and its labels never overlap, even over centuries", () => {
  for (const years of [1 / 365 / 1440, 1 / 365, 1, 700]) {
    for (const columns of [12, 40, 77]) {
      const row = timeScale({ from: 0, to: years * YEAR }, columns);
      assertEquals(row.length, columns);
      for (const label of row.trim().split(/(?=╵)/)) {
        assert(/^╵(\d{4}-\d\d-\d\d|\d\d-\d\d|\d\d:\d\d(:\d\d)?) *$/.test(label), `${label} in ${row}`);
      }
    }
  }
});
