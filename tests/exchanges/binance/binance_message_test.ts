import { assert } from "@std/assert";
import fc from "fast-check";
import { BinanceMessageReader } from "../../../src/exchanges/binance/binance_message.ts";
import { Exact } from "../../support/exact.ts";
import { assertEquals } from "../../support/equals.ts";

const TRADE =
  `{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,"p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true,"M":true}`;
const OLD_TRADE =
  `{"e":"trade","E":1663000000123,"s":"BTCUSDT","t":1700000001,"p":"20123.45000000","q":"1.50000000","b":123456789,"a":987654321,"T":1663000000122,"m":false,"M":true}`;
const AGGREGATE =
  `{"e":"aggTrade","E":1723161255343,"s":"BTCUSDT","a":3071000001,"p":"61837.63000000","q":"12.00410000","f":3735683259,"l":3735683263,"T":1723161255342,"m":false,"M":true}`;
const MICROSECONDS = TRADE.replaceAll("1723161255342", "1723161255342123");
const combined = (body: string, event = "trade") => `{"stream":"btcusdt@${event}","data":${body}}`;

/** All fields of the trade that a reader holds. */
function fieldsOf(reader: BinanceMessageReader): Record<string, number | boolean> {
  const { firstId, lastId, time, price, decimals, quantityWhole, quantityFraction, buyerIsMaker } = reader;
  return { firstId, lastId, time, price, decimals, quantityWhole, quantityFraction, buyerIsMaker };
}

/** Scans `message` alone. */
function scans({ scan }: BinanceMessageReader, message: string): boolean {
  if (!scan.takeFrames([message]) || scan.readFrames(0) === 0) return false;
  scan.give(0);
  return true;
}

function read(message: string, symbol = "BTCUSDT"): string {
  const reader = new BinanceMessageReader(symbol);
  const readResult = reader.decode(message);
  return readResult === "rejected" ? `rejected: ${reader.reason}` : readResult;
}

Deno.test("BinanceMessageReader reads every usual shape, both ways, into the same fields", () => {
  const trade = {
    firstId: 3735683259,
    lastId: 3735683259,
    time: 1723161255342000,
    price: 6183763,
    decimals: 2,
    quantityWhole: 0,
    quantityFraction: 2_000_000,
    buyerIsMaker: true,
  };
  const old = {
    ...trade,
    firstId: 1700000001,
    lastId: 1700000001,
    time: 1663000000122000,
    price: 2012345,
    quantityWhole: 1,
    quantityFraction: 50_000_000,
    buyerIsMaker: false,
  };
  const aggregate = {
    ...trade,
    lastId: 3735683263,
    quantityWhole: 12,
    quantityFraction: 410_000,
    buyerIsMaker: false,
  };
  const cases: [string, Record<string, number | boolean>][] = [
    [TRADE, trade],
    [combined(TRADE), trade],
    [TRADE.replace(`,"M":true`, ""), trade],
    [TRADE.replace(`"M":true`, `"M":false`), trade],
    [MICROSECONDS, { ...trade, time: 1723161255342123 }],
    [OLD_TRADE, old],
    [combined(OLD_TRADE), old],
    [AGGREGATE, aggregate],
    [combined(AGGREGATE, "aggTrade"), aggregate],
  ];
  for (const [message, fields] of cases) {
    const scanned = new BinanceMessageReader("BTCUSDT");
    assert(scans(scanned, message), message);
    assertEquals(fieldsOf(scanned), fields);
    const parsed = new BinanceMessageReader("BTCUSDT");
    assertEquals(parsed.decode(message), "trade");
    assertEquals(fieldsOf(parsed), fields);
  }
});

Deno.test("BinanceMessageReader.decode() reads a trade with any order of fields, spaces and escapes", () => {
  const spaced = JSON.stringify(JSON.parse(TRADE), null, 2);
  const { e, s, ...rest } = JSON.parse(TRADE);
  for (
    const message of [
      spaced,
      JSON.stringify({ ...rest, s, e }),
      TRADE.replace(`"e":`, `"\\u0065":`),
      TRADE.replace("BTCUSDT", "BTC\\u0055SDT"),
      TRADE.replace(`"m":`, `"X":"MARKET","st":1,"m":`),
      TRADE.replace(`"p":"61837.63000000"`, `"p":"61837.630000000000000"`),
    ]
  ) {
    const reader = new BinanceMessageReader("BTCUSDT");
    assertEquals(reader.decode(message), "trade", message);
    assertEquals([reader.lastId, reader.price, reader.decimals], [3735683259, 6183763, 2]);
  }
});

Deno.test("BinanceMessageReader.decode() skips messages that belong there without being a trade of the symbol", () => {
  for (
    const message of [
      `{"result":null,"id":1}`,
      `{"result":[],"id":7}`,
      TRADE.replace("BTCUSDT", "ETHUSDT"),
      `{"e":"serverShutdown","E":1775606400000}`,
      `{"stream":"!serverShutdown","data":{"E":1775606400000}}`,
      `{"e":"24hrTicker","s":"BTCUSDT"}`,
      `{"stream":"btcusdt@bookTicker","data":{"u":400900217,"s":"BTCUSDT","b":"1","B":"2","a":"3","A":"4"}}`,
      `{"u":400900217,"s":"BTCUSDT","b":"1","B":"2","a":"3","A":"4"}`,
      `{"lastUpdateId":160,"bids":[],"asks":[]}`,
    ]
  ) assertEquals(read(message), "other", message);
});

Deno.test("BinanceMessageReader.decode() rejects unusable messages with a reason that shows the value found", () => {
  const cases: [string, string][] = [
    ["", "not JSON"],
    [TRADE.slice(0, -1), "not JSON"],
    ["[]", "not a JSON object"],
    ["null", "not a JSON object"],
    ["17", "not a JSON object"],
    [`{"stream":"btcusdt@trade","data":[1]}`, `"data" is not an object`],
    [`{"e":1,"E":1775606400000}`, "not a Binance trade message"],
    [`{"code":2,"msg":"Invalid request","id":1}`, "not a Binance trade message"],
    [`{"e":"aggTrade"}`, `symbol "s" is missing`],
    [`{"e":"aggTrade","s":"BTCUSDT"}`, "trade id is missing to missing"],
    [TRADE.replace("3735683259", "-1"), "trade id is -1"],
    [TRADE.replace("3735683259", "9007199254740992"), "trade id is 9007199254740992"],
    [TRADE.replace("3735683259", `"3735683259"`), `trade id is "3735683259"`],
    [AGGREGATE.replace(`"l":3735683263`, `"l":3735683258`), "trade id is 3735683259 to 3735683258"],
    [
      TRADE.replace("61837.63000000", "0"),
      `price is "0", not decimal text above 0 with up to 8 decimals, and up to 9007199254740991 without its point`,
    ],
    [
      TRADE.replace(`"61837.63000000"`, "61837.63"),
      "price is 61837.63, not decimal text above 0 with up to 8 decimals, and up to 9007199254740991 without its point",
    ],
    [
      TRADE.replace("0.02000000", "1e-8"),
      `quantity is "1e-8", not decimal text above 0, up to 1000000000000000, with up to 8 decimals`,
    ],
    [
      TRADE.replace("0.02000000", "0.00000000"),
      `quantity is "0.00000000", not decimal text above 0, up to 1000000000000000, with up to 8 decimals`,
    ],
    [TRADE.replace(`"T":1723161255342`, `"T":0`), `trade time "T" is 0`],
    [TRADE.replace(`"T":1723161255342,`, ""), `trade time "T" is missing`],
    [TRADE.replace(`"m":true`, `"m":1`), `"m" is 1, not true or false`],
    [
      TRADE.replace("61837.63000000", "9".repeat(200)),
      `price is "${
        "9".repeat(39)
      }…, not decimal text above 0 with up to 8 decimals, and up to 9007199254740991 without its point`,
    ],
  ];
  for (const [message, reason] of cases) assertEquals(read(message), `rejected: ${reason}`, message);
});

Deno.test("BinanceMessageReader.emptyId is the id of a marker under which no market trade took place", () => {
  const reader = new BinanceMessageReader("BTCUSDT");
  const marker =
    `{"e":"trade","E":1756220468099,"T":1756220468099,"s":"BTCUSDT","t":6587981240,"p":"0","q":"0","X":"NA","m":true}`;
  assertEquals(reader.decode(marker), "rejected");
  assertEquals(reader.reason, `not a market trade: "X" is "NA"`);
  assertEquals(reader.emptyId, 6587981240);
  assertEquals(reader.decode(combined(TRADE.replace(`"m":`, `"X":"INSURANCE_FUND","m":`))), "rejected");
  assertEquals(reader.emptyId, 3735683259);
  assertEquals(reader.decode("{"), "rejected");
  assertEquals(reader.emptyId, -1);
});

const PRICES: [string, boolean][] = [
  ["0.00000001", true],
  ["1700000000.00", true],
  ["90071992.54740991", true],
  ["9007199254740991", true],
  ["9007199254740991.00000000", true],
  ["89999999.99999999", true],
  ["0.000000010000", true],
  ["1.", false],
  [".5", false],
  ["", false],
  ["0", false],
  ["0.0", false],
  ["90071992.54740992", false],
  ["90071992547409.92", false],
  ["9007199254740992", false],
  ["9007199254740993", false],
  ["9007199254740990.5", false],
  ["99999999999999999999999999", false],
  ["0.000000001", false],
  ["1.123456789", false],
  ["01", false],
  ["00.1", false],
  ["-1", false],
  ["+1", false],
  ["1e3", false],
  ["1,5", false],
  [" 1", false],
  ["1 ", false],
  ["1.2.3", false],
  ["1_000", false],
  ["NaN", false],
  ["0x10", false],
  ["１", false],
  ["1".repeat(400), false],
  [`1.${"0".repeat(400)}`, true],
];

const QUANTITIES: [string, boolean][] = [
  ["0.00000001", true],
  ["1000000000000000", true],
  ["1000000000000000.00000000", true],
  ["999999999999999.99999999", true],
  ["55356950612.00", true],
  ["1", true],
  ["0.000000010", true],
  ["1000000000000000.00000001", false],
  ["1000000000000001", false],
  ["10000000000000000", false],
  ["9".repeat(40), false],
  ["0", false],
  ["0.00000000", false],
  ["1.000000001", false],
  ["0.000000001", false],
  ["00.1", false],
  ["1.", false],
  [".1", false],
  ["", false],
  ["-1", false],
  ["1E-8", false],
  ["1 ", false],
];

for (
  const [field, usual, cases] of [["p", "61837.63000000", PRICES], ["q", "0.02000000", QUANTITIES]] as const
) {
  Deno.test(`BinanceMessageReader knows the limits of "${field}", both ways`, () => {
    for (const [text, isUsable] of cases) {
      const message = TRADE.replace(`"${field}":"${usual}"`, `"${field}":"${text}"`);
      assertEquals(scans(new BinanceMessageReader("BTCUSDT"), message), isUsable, message);
      assertEquals(read(message).split(":")[0], isUsable ? "trade" : "rejected", message);
    }
  });
}

Deno.test("BinanceMessageReader reads any price and quantity in range to the last digit", () => {
  const decimalText = (most: bigint) =>
    fc.record({ units: fc.bigInt(1n, most), cut: fc.nat(8), zeros: fc.nat(4) })
      .map(({ units, cut, zeros }) => {
        const text = new Exact(units / 10n ** BigInt(cut), 8 - cut).toString();
        return text.includes(".") ? text + "0".repeat(zeros) : text;
      }).filter((text) => text !== "0");
  fc.assert(
    fc.property(decimalText(10n ** 15n), decimalText(10n ** 23n), (price, quantity) => {
      const message = TRADE.replace("61837.63000000", price).replace("0.02000000", quantity);
      const reader = new BinanceMessageReader("BTCUSDT");
      assert(scans(reader, message), message);
      assertEquals(new Exact(BigInt(reader.price), reader.decimals).toString(), Exact.of(price).toString());
      // The unit is the coarsest one: there is no zero at the end of the decimals.
      assert(reader.decimals === 0 || reader.price % 10 !== 0);
      const read = new Exact(BigInt(reader.quantityWhole)).plus(
        new Exact(BigInt(reader.quantityFraction), 8),
      );
      assertEquals(read.toString(), Exact.of(quantity).toString());
    }),
    { numRuns: 5_000 },
  );
});

Deno.test("BinanceMessageReader reads a time in seconds and in nanoseconds, exactly", () => {
  const reader = new BinanceMessageReader("BTCUSDT");
  const times: [string, number][] = [
    ["1735689600", 1735689600000000],
    ["1735689600123456789", 1735689600123456],
    ["9007199254740991999", 9007199254740991],
  ];
  for (const [time, expected] of times) {
    const message = `{"e":"trade","E":1,"s":"BTCUSDT","t":1,"p":"1","q":"1","T":${time},"m":true}`;
    assertEquals([reader.decode(message), reader.time], ["trade", expected]);
  }
  assertEquals(
    reader.decode(`{"e":"trade","E":1,"s":"BTCUSDT","t":5,"p":"1","q":"1","T":1e18,"m":true}`),
    "rejected",
  );
  assertEquals([reader.emptyFirstId, reader.emptyId, reader.isMarker], [5, 5, false]);
});
