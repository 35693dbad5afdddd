import fc from "fast-check";
import { barsCounted, barSizeIn, barSizeText } from "../../../src/domain/market/bar_size.ts";
import { assertEquals } from "../../support/equals.ts";

Deno.test("barSizeIn() reads durations, trades, volumes and values, and barSizeText() writes them as short as it can", () => {
  const sizes = {
    "trades": "trades",
    "30s": "30s",
    "90s": "90s",
    "60s": "1m",
    "60000": "1m",
    "1.5s": "1500ms",
    "4h": "4h",
    "24h": "1d",
    "1d": "1d",
    "365d": "365d",
    "100t": "100t",
    "050t": "50t",
    "50v": "50v",
    "0.5v": "0.5v",
    "0.00000001v": "0.00000001v",
    "1000000q": "1000000q",
    "999999999999999999.99999999q": "999999999999999999.99999999q",
    "2.50q": "2.5q",
  };
  for (const [text, shortest] of Object.entries(sizes)) {
    const size = barSizeIn(text)!;
    assertEquals(barSizeText(size), shortest);
    assertEquals(barSizeIn(shortest), size);
  }
  assertEquals(barSizeIn("1m"), { by: "time", length: 60_000_000 });
  assertEquals(barSizeIn("7t"), { by: "count", trades: 7 });
  assertEquals(barSizeIn("7v"), { by: "volume", volume: 700_000_000n });
  assertEquals(barSizeIn("0.1q"), { by: "value", value: 10_000_000n });
  assertEquals([barsCounted("trades"), barsCounted("1m"), barsCounted({ by: "count", trades: 5 })], [
    "trades",
    "bars of 1m",
    "bars of 5t",
  ]);
});

Deno.test("barSizeIn() refuses anything else", () => {
  const texts = [
    ...[
      "",
      "0s",
      "0.5ms",
      "366d",
      "1w",
      "1M",
      "-1m",
      "1e3s",
      "trade",
      "Trades",
      "t",
      "v",
      "q",
      "0t",
      "0v",
      "0q",
    ],
    ...[
      "0.5t",
      "1000000001t",
      "-5v",
      "1e3q",
      "0.000000001v",
      "5 v",
      " 5v",
      "1,000q",
      "1m1m",
      "NaNt",
      "Infinityq",
    ],
  ];
  for (const text of texts) assertEquals(barSizeIn(text), null, text);
  fc.assert(
    fc.property(fc.string(), (text) => {
      const size = barSizeIn(text);
      if (size !== null) assertEquals(barSizeIn(barSizeText(size)), size);
    }),
    { numRuns: 5_000 },
  );
});
