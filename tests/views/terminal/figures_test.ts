import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { exactly, grouped, NONE, span } from "../../../src/views/terminal/figures.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

Deno.test("grouped() puts commas between thousands", () => {
  const shown = [0, 7, 999, 1_000, 12_345, 999_999, 1_000_000, 9_007_199_254_740_991].map(grouped);
  assertEquals(shown, ["0", "7", "999", "1,000", "12,345", "999,999", "1,000,000", "9,007,199,254,740,991"]);
});

Deno.test("exactly() keeps every digit, and adds zeros up to the given places", () => {
  const shown = ["0", "-1234.5", "60100", "1234567.00000001"].map((amount) => exactly(amount));
  assertEquals(shown, ["0", "-1,234.5", "60,100", "1,234,567.00000001"]);
  assertEquals(["5", "5.1", "5.123"].map((amount) => exactly(amount, 2)), ["5.00", "5.10", "5.123"]);
});

Deno.test("grouped() groups digits as English number formatting does", () => {
  fc.assert(fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (n) => {
    assertEquals(grouped(n), n.toLocaleString("en-US"));
  }));
});

const SPANS: readonly (readonly [what: string, ...(readonly [milliseconds: number, text: string])[]])[] = [
  ["below a tenth of a second in milliseconds", [0, "0 ms"], [0.123, "0.1 ms"], [4, "4 ms"], [
    99.9,
    "99.9 ms",
  ]],
  ["below ten seconds to the hundredth", [100, "0.1 s"], [350, "0.35 s"], [2_000, "2 s"], [9_994, "9.99 s"]],
  ["below a minute in seconds", [9_999, "10 s"], [12_400, "12 s"], [59_499, "59 s"]],
  [
    "below an hour in minutes and seconds",
    ...[[59_500, "1 m 0 s"], [61_250, "1 m 1 s"], [12 * MINUTE + 3 * SECOND, "12 m 3 s"]] as const,
    [HOUR - 501, "59 m 59 s"],
  ],
  [
    "below a day in hours and minutes",
    ...[[HOUR - 500, "1 h 0 m"], [3 * HOUR, "3 h 0 m"], [5 * HOUR + 59 * MINUTE, "5 h 59 m"]] as const,
    [DAY - 501, "23 h 59 m"],
  ],
  [
    "from a day on in days and hours",
    ...[[DAY - 500, "1 d 0 h"], [DAY + 4 * HOUR, "1 d 4 h"], [1_234 * DAY, "1,234 d 0 h"]] as const,
  ],
];

for (const [what, ...cases] of SPANS) {
  Deno.test(`span() is ${what}`, () => {
    for (const [milliseconds, text] of cases) assertEquals(span(milliseconds), text, `${milliseconds} ms`);
  });
}

Deno.test("span() shows a dash for a length of time that does not exist", () => {
  assertEquals([span(null), NONE], ["–", "–"]);
});

Deno.test("span() is off by less than one of its smaller unit", () => {
  const units: Readonly<Record<string, number>> = { ms: 1, s: SECOND, m: MINUTE, h: HOUR, d: DAY };
  const time = fc.oneof(...[200, 20 * SECOND, 2 * HOUR, 5_000 * DAY].map((max) => fc.nat({ max })));
  fc.assert(fc.property(time, (milliseconds) => {
    const parts = [...span(milliseconds).replaceAll(",", "").matchAll(/([\d.]+) (ms|[smhd])/g)];
    assert(parts.length === 1 || parts.length === 2, span(milliseconds));
    const shown = parts.reduce((total, [, count, unit]) => total + Number(count) * units[unit!]!, 0);
    assert(
      Math.abs(shown - milliseconds) < units[parts.at(-1)![2]!]!,
      `${milliseconds}: ${span(milliseconds)}`,
    );
  }));
});
