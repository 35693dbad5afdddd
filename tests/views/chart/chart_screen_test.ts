/** The chart as it stands on screens of several sizes, and what holds for every screen. */
import { assert, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { Money } from "../../../src/domain/numbers/money.ts";
import { isoTime } from "../../../src/domain/numbers/time.ts";
import { ChartPicture } from "../../../src/views/chart/chart_picture.ts";
import { LEAST_SIZE } from "../../../src/views/chart/chart_screen.ts";
import { textWidth } from "../../../src/views/terminal/text_width.ts";
import { pictureAfter, screenOf, stateOf, STREAM } from "./chart_scene.ts";
import { assertEquals } from "../../support/equals.ts";

for (const [columns, rows] of [[80, 24], [120, 40], [200, 60]] as const) {
  Deno.test(`chartScreen() fills a screen of ${columns} × ${rows} as it is stored`, () => {
    const stored = Deno.readTextFileSync(new URL(`screens/${columns}x${rows}.txt`, import.meta.url));
    const lines = screenOf(pictureAfter(700), { columns, rows });
    assertEquals(lines.map((line) => `${line.trimEnd()}\n`).join(""), stored);
  });
}

/** A time, a price and an equity as a run may have them. */
const LOOKS = fc.array(
  fc.record({
    after: fc.oneof(fc.integer({ min: 0, max: 2_000_000 }), fc.integer({ min: 0, max: 3e12 })),
    price: fc.oneof(
      fc.integer({ min: 1, max: 10_000_000 }).map((units) => `${units / 100}`),
      fc.constantFrom("0.00000001", "9007199254740991", "0.000000000000000001"),
    ),
    equity: fc.integer({ min: 1, max: 100_000_000 }).map((units) => `${units / 1000}`),
    values: fc.option(
      fc.dictionary(fc.string({ maxLength: 12 }), fc.double({ noNaN: true, noDefaultInfinity: true }), {
        maxKeys: 6,
      }),
    ),
    side: fc.option(fc.constantFrom("buy" as const, "sell" as const)),
  }),
  { maxLength: 12 },
);
const SIZES = fc.record({
  columns: fc.integer({ min: LEAST_SIZE.columns, max: 260 }),
  rows: fc.integer({ min: LEAST_SIZE.rows, max: 90 }),
});

Deno.test("chartScreen() has exactly the screen's rows, and none wider than it, whatever the run and its symbol", () => {
  const symbols = fc.constantFrom("BTCUSDT", "币安人生USDT", "S".repeat(300), "\x1b[2J\u202e");
  fc.assert(
    fc.property(
      LOOKS,
      SIZES,
      symbols,
      fc.array(fc.constantFrom("+", "-", "x")),
      (looks, size, symbol, keys) => {
        const picture = new ChartPicture(new Money("10000"));
        for (const key of keys) picture.press(key);
        let time = 1_700_000_000_000_000;
        assertFits(screenOf(picture, size), size);
        for (const { after, price, equity, values, side } of looks) {
          time += after;
          if (side !== null) {
            const event = {
              type: "fill",
              time: isoTime(time),
              symbol,
              tradeId: 1,
              signalTradeId: 1,
              side,
            } as const;
            const amounts = {
              price,
              quantity: "1",
              fee: price,
              cash: equity,
              position: side === "buy" ? "1" : "0",
            };
            picture.event({ ...event, ...amounts });
          }
          const texts = values === null ? null : Object.fromEntries(
            Object.entries(values).map(([name, value]) => [name, new Money(`${value}`).toFixed()]),
          );
          const readings = { label: "sma", values: () => texts };
          const [money, worth] = [new Money(price), new Money(equity)];
          const run = stateOf({ lastTime: time, price: money, equity: worth, readings });
          picture.glance({ of: "run", run, stream: { ...STREAM, symbol } });
        }
        assertFits(screenOf(picture, size), size);
      },
    ),
    { numRuns: 150 },
  );
});

function assertFits(
  lines: readonly string[],
  { columns, rows }: { readonly columns: number; readonly rows: number },
) {
  assertEquals(lines.length, rows);
  for (const line of lines) {
    assert(textWidth(line) <= columns, `${textWidth(line)} columns of ${columns}: ${line}`);
    // deno-lint-ignore no-control-regex -- that is what must not be there
    assert(!/[\x00-\x1f\x7f-\x9f\u202e]/.test(line), JSON.stringify(line));
  }
}

Deno.test("chartScreen() keeps every row of its plots as wide as the screen, even for a symbol of wide characters", () => {
  const symbol = "币安人生USDT";
  const lines = screenOf(pictureAfter(300, { ...STREAM, symbol }), LEAST_SIZE);
  assertStringIncludes(lines[0]!, symbol);
  assertEquals(textWidth(lines[0]!), LEAST_SIZE.columns);
  for (const line of lines.slice(2, 10)) assertEquals(textWidth(line), LEAST_SIZE.columns);
});

Deno.test("chartScreen() says what the run waits for, that it is offline, and that it is halted", () => {
  const screen = (changes: Parameters<typeof stateOf>[0], stream = {}) => {
    const picture = new ChartPicture(new Money("10000"));
    picture.glance({ of: "run", run: stateOf(changes), stream: { ...STREAM, ...stream } });
    return screenOf(picture, LEAST_SIZE).join("\n");
  };
  assertStringIncludes(screen({}), "waiting for trades");
  assertStringIncludes(screen({}, { awaitsRules: true }), "waiting for rules");
  assertStringIncludes(screen({}, { connected: false }), "○ offline");
  assertStringIncludes(screen({ fall: null }), "drawdown has no limit");
  const halt = { reason: "max-drawdown", limit: "0.2", value: "0.21", tradeId: 1, action: "hold" } as const;
  assertStringIncludes(screen({ halt }), "HALTED max-drawdown");
});

Deno.test("ChartPicture shows less time after + and more after -, within its range", () => {
  const picture = pictureAfter(700);
  const shown = () => screenOf(picture, LEAST_SIZE)[1]!.trim().split("  ").at(-1);
  assertEquals(shown(), "5 min");
  assertEquals([picture.press("+"), shown()], [true, "2 min"]);
  assertEquals([picture.press("="), picture.press("+"), shown()], [true, true, "1 min"]);
  for (let time = 0; time < 99; time++) picture.press("-");
  assertEquals(shown(), "7 d");
  assertEquals([picture.press("+"), shown()], [true, "3 d"]);
  assertEquals(picture.press("x"), false);
});

Deno.test("chartScreen() leaves out a strategy's value that is not a price, which would make the price a flat line", () => {
  const lines = (values: Readonly<Record<string, string>>) => {
    const picture = new ChartPicture(new Money("10000"));
    for (let look = 0; look < 50; look++) {
      const readings = { label: "rsi", values: () => values };
      const run = stateOf({ lastTime: look * 1e6, price: new Money(60_000 + look), readings });
      picture.glance({ of: "run", run, stream: STREAM });
    }
    return screenOf(picture, LEAST_SIZE).slice(2, 10);
  };
  assertEquals(lines({ rsi: "900000" }), lines({}));
  assertEquals(lines({ rsi: "30" }), lines({}));
  assert(lines({ average: "60010" }).join("") !== lines({}).join(""));
});

Deno.test("chartScreen() has colours of the palette alone, and none of them black, white or blue", () => {
  const text = screenOf(pictureAfter(700), { columns: 120, rows: 40 }, true).join("\n");
  // deno-lint-ignore no-control-regex -- that is what is looked for
  const codes = new Set([...text.matchAll(/\x1b\[([\d;]*)m/g)].map(([, code]) => code));
  assertEquals([...codes].sort(), ["0", "1", "31", "32", "33", "35", "36", "90"]);
});
