import { assertEquals } from "@std/assert";
import type { FillEvent, SignalEvent } from "../../../src/domain/run/event.ts";
import { fillText, signalText } from "../../../src/views/terminal/fill_line.ts";

const time = "2024-08-08T23:54:15.342000Z";

const SIGNAL: SignalEvent = {
  type: "signal",
  time,
  symbol: "BTCUSDT",
  side: "buy",
  price: "60003.85",
  tradeId: 7,
  shortAverage: "60001.86",
  longAverage: "60001.0926",
};

const BUY: FillEvent = {
  type: "fill",
  time,
  symbol: "BTCUSDT",
  side: "buy",
  price: "60003.85",
  quantity: "0.01666",
  fee: "0.99966415",
  cash: "8999.33619485",
  position: "0.01666",
  tradeId: 7,
  signalTradeId: 7,
};

const SALE: FillEvent = { ...BUY, side: "sell", position: "0", realized: "-1.94500659" };

Deno.test("fillText() shows a fill and its signal in one line", () => {
  assertEquals(
    fillText(BUY, null, SIGNAL),
    "BUY 0.01666 BTC @ 60,003.85  fee 1.00  cash 8,999.34  (sma 60,001.86 > 60,001.09)",
  );
  assertEquals(
    fillText(SALE, null, { ...SIGNAL, side: "sell", shortAverage: "59999.999", longAverage: "60000.001" }),
    "SELL 0.01666 BTC @ 60,003.85  fee 1.00  result -1.95  cash 8,999.34  (sma 59,999.999 < 60,000.001)",
  );
});

Deno.test("fillText() shows why a sale had no signal, and the totals of an order with several fills", () => {
  assertEquals(
    fillText({ ...SALE, cause: "stop-loss", partial: true }, null, null),
    "SELL 0.01666 BTC @ 60,003.85  in part  fee 1.00  result -1.95  cash 8,999.34  (stop-loss)",
  );
  assertEquals(
    fillText({ ...BUY, filled: "0.02", averagePrice: "60003.84512345" }, null, null),
    "BUY 0.01666 BTC @ 60,003.85  fee 1.00  cash 8,999.34  in all 0.02 @ 60,003.85 on average",
  );
});

const PRICES: readonly (readonly [what: string, Partial<FillEvent>, Partial<SignalEvent>, text: string])[] = [
  [
    "keeps every digit of a coin worth almost nothing",
    { symbol: "PEPEUSDT", price: "0.0000123", quantity: "81300813", fee: "0.0000999", cash: "0.00001234567" },
    { price: "0.0000123", shortAverage: "0.00001229", longAverage: "0.00001227" },
    "BUY 81,300,813 PEPE @ 0.0000123  fee 0.0000999  cash 0.00001235  (sma 0.00001229 > 0.00001227)",
  ],
  [
    "shows rupiah without decimals, since they are counted by the million",
    { price: "1650000000", quantity: "0.001", fee: "1650000", cash: "9998350000.25" },
    { price: "1650000000", shortAverage: "1649999876.54", longAverage: "1649999000" },
    "BUY 0.001 BTC @ 1,650,000,000  fee 1,650,000.00  cash 9,998,350,000  (sma 1,649,999,877 > 1,649,999,000)",
  ],
  [
    "keeps a digit that an exchange gives to a high price",
    { price: "1650000000.5" },
    { price: "1650000000.5", shortAverage: "1650000000.55", longAverage: "1650000000.5" },
    "BUY 0.01666 BTC @ 1,650,000,000.5  fee 1.00  cash 8,999.34  (sma 1,650,000,000.6 > 1,650,000,000.5)",
  ],
  [
    "shows averages that differ in their last digit as different",
    {},
    { shortAverage: "60001.00000002", longAverage: "60001.00000001" },
    "BUY 0.01666 BTC @ 60,003.85  fee 1.00  cash 8,999.34  (sma 60,001.00000002 > 60,001.00000001)",
  ],
  [
    "shows averages that are equal in every digit as they are",
    {},
    { shortAverage: "60001", longAverage: "60001" },
    "BUY 0.01666 BTC @ 60,003.85  fee 1.00  cash 8,999.34  (sma 60,001.00 > 60,001.00)",
  ],
  [
    "never shows an amount above zero as zero",
    { fee: "0.00000001", cash: "0.004" },
    {},
    "BUY 0.01666 BTC @ 60,003.85  fee 0.00000001  cash 0.004  (sma 60,001.86 > 60,001.09)",
  ],
];

for (const [what, fill, signal, text] of PRICES) {
  Deno.test(`fillText() ${what}`, () => {
    assertEquals(fillText({ ...BUY, ...fill }, null, { ...SIGNAL, ...signal }), text);
  });
}

Deno.test("signalText() shows a signal like a fill", () => {
  assertEquals(signalText(SIGNAL), "buy signal @ 60,003.85  (sma 60,001.86 > 60,001.09)");
  assertEquals(signalText(SIGNAL, "ema"), "buy signal @ 60,003.85  (ema 60,001.86 > 60,001.09)");
  const { shortAverage: _short, longAverage: _long, ...bare } = SIGNAL;
  assertEquals(signalText(bare), "buy signal @ 60,003.85");
  const rsi = { ...bare, rsi: "28.12345678" } as SignalEvent;
  assertEquals(signalText(rsi), "buy signal @ 60,003.85  (rsi 28.12)");
});
