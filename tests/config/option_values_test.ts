import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Money, plain } from "../../src/domain/numbers/money.ts";
import { CashShare, stakeAt, stakeText } from "../../src/domain/orders/stake.ts";
import {
  address,
  amount,
  anyText,
  duration,
  fraction,
  gain,
  hostNames,
  NotAllowed,
  oneOf,
  onOff,
  orderRate,
  properFraction,
  rate,
  runNumber,
  stake,
  symbol,
  wholeNumber,
} from "../../src/config/option_values.ts";
import { orderRateText } from "../../src/domain/risk/checks/max_orders.ts";
import { durationText } from "../../src/domain/numbers/duration.ts";
import { ANY_CHARACTER } from "../support/any_character.ts";

const HOUR = 3_600_000;
const anything = fc.string({ unit: ANY_CHARACTER });

/** Checks that `read` refuses each text with a sentence about what is allowed. */
function assertRefused(read: (text: string) => unknown, texts: readonly string[], allowed: string): void {
  for (const text of texts) {
    assertEquals(
      assertThrows(() => read(text), NotAllowed, undefined, JSON.stringify(text)).message,
      allowed,
    );
  }
}

Deno.test("duration() reads every unit and a bare number of milliseconds", () => {
  const read = duration(0, 24 * HOUR);
  assertEquals(["250ms", "30s", "5m", "24h", "1d"].map(read), [250, 30_000, 300_000, 24 * HOUR, 24 * HOUR]);
  assertEquals(["1500", "0", "007s"].map(read), [1500, 0, 7000]);
  assertEquals(["1.5s", "0.25s", "0.5h"].map(read), [1500, 250, HOUR / 2]);
  assertEquals([24 * HOUR, 48 * HOUR, 49 * HOUR].map(durationText), ["24h", "2d", "49h"]);
});

Deno.test("duration() refuses other units, signs, fractions of a millisecond and values out of range", () => {
  assertRefused(
    duration(50, 24 * HOUR),
    [
      "",
      "s",
      "-1s",
      "+1s",
      "1e3",
      "1 s",
      "1S",
      "1D",
      "2d",
      "1w",
      "1m30s",
      "0.5ms",
      "50.1",
      "1.0005s",
      "49ms",
      "24.1h",
    ],
    "a duration from 50ms to 24h, such as 250ms, 30s, 5m",
  );
  assertRefused(
    duration(24 * HOUR, 720 * HOUR),
    ["30", "23h", "31d"],
    "a duration from 24h to 30d, such as 1d, 30d",
  );
});

Deno.test("duration() reads any whole number of any unit, and durationText() can be read back", () => {
  const units = [["", 1], ["ms", 1], ["s", 1000], ["m", 60_000], ["h", HOUR], ["d", 24 * HOUR]] as const;
  fc.assert(fc.property(fc.nat(1_000_000), fc.constantFrom(...units), (count, [unit, size]) => {
    const read = duration(0, 24_000_000 * HOUR);
    assertEquals(read(`${count}${unit}`), count * size);
    assertEquals(read(durationText(count * size)), count * size);
  }));
});

Deno.test("runNumber() reads whole numbers from 1 on, and all", () => {
  assertEquals(["1", "12", "all"].map(runNumber), [1, 12, "all"]);
  const refused = ["", "0", "01", "-1", "1.0", "ALL", "last", " 1", "9".repeat(20)];
  assertRefused(runNumber, refused, "the number of a run, from 1 on, or all");
});

Deno.test("wholeNumber() reads digits only, within its bounds", () => {
  assertEquals(["1", "20", "999999", "007"].map(wholeNumber(1, 999_999)), [1, 20, 999_999, 7]);
  assertRefused(
    wholeNumber(1, 99),
    ["", "0", "100", "-1", "+1", "1.0", "1e1", "0x10", " 1", "1 ", "١", "9".repeat(400)],
    "a whole number from 1 to 99",
  );
  assertRefused(
    wholeNumber(1, Number.MAX_SAFE_INTEGER),
    ["9007199254740992"],
    "a whole number from 1 to 9007199254740991",
  );
});

Deno.test("amount() reads plain decimals exactly", () => {
  const read = amount("anything", () => true);
  for (const text of ["0", "0.1", "0.000000000000000001", "999999999999999999.999999999999999999"]) {
    assertEquals(plain(read(text)), text);
  }
  assertEquals(plain(read("010.500")), "10.5");
});

Deno.test("amount() refuses signs, exponents, separators, too many digits, and values that its rule does not allow", () => {
  const read = amount("an amount below 10", (value) => value.lt(10));
  assertRefused(
    read,
    ["", "-1", "+1", "1e-7", ".5", "5.", "1,5", "1_0", "NaN", "Infinity", "0x1", " 1", "1".repeat(19)],
    "an amount below 10, in plain decimals",
  );
  assertRefused(read, ["10", "10.000"], "an amount below 10");
});

Deno.test("fraction() reads percent and plain fractions, above 0 and up to 1", () => {
  assertEquals(["20%", "0.2", "100%", "1", "0.5%"].map((text) => plain(fraction(text))), [
    "0.2",
    "0.2",
    "1",
    "1",
    "0.005",
  ]);
  assertRefused(
    fraction,
    ["", "%", "0", "0%", "100.1%", "1.1", "-5%", "20 %", "20%%", "1e-2"],
    "a share above 0% and up to 100%, such as 20% or 0.2",
  );
});

Deno.test("properFraction() reads percent and plain fractions, above 0 and below 1", () => {
  assertEquals(["30%", "0.3", "99.9%"].map((text) => plain(properFraction(text))), ["0.3", "0.3", "0.999"]);
  assertRefused(
    properFraction,
    ["", "0", "0%", "100%", "1", "-5%", "x"],
    "a share above 0% and below 100%, such as 30% or 0.3",
  );
});

Deno.test("gain() reads percent and plain fractions above 0, even above 1", () => {
  const texts = ["5%", "0.05", "250%", "1000"];
  assertEquals(texts.map((text) => plain(gain(text))), ["0.05", "0.05", "2.5", "1000"]);
  assertRefused(gain, ["", "0%", "100001%", "-5%"], "a share above 0% and up to 100000%, such as 5% or 0.05");
});

Deno.test("orderRate() reads orders in a duration, and orderRateText() can be read back", () => {
  const read = orderRate(100, 1, 86_400_000);
  assertEquals(read("10/1m"), { count: 10, within: 60_000 });
  assertEquals(read("1/250ms"), { count: 1, within: 250 });
  for (const text of ["10/1m", "3/500ms", "7/24h"]) assertEquals(orderRateText(read(text)), text);
  assertRefused(
    read,
    ["", "10", "/1m", "10/", "0/1m", "101/1m", "10/25h", "10/0", "10/1m/2", "1.5/1m", "-1/1m"],
    "orders from 1 to 100 in a duration from 1ms to 24h, such as 10/1m",
  );
});

Deno.test("oneOf() and onOff() read their words only", () => {
  assertEquals(oneOf("debug", "info")("info"), "info");
  assertRefused(oneOf("debug", "info"), ["", "INFO", "toString"], "one of debug, info");
  assertRefused(oneOf("off"), ["on"], "off");
  assertEquals([onOff("on"), onOff("off")], [true, false]);
  assertRefused(onOff, ["true", "1", ""], "one of on, off");
});

Deno.test("symbol() reads letters and digits of any script and underscores, and returns upper case", () => {
  const read = {
    btcusdt: "BTCUSDT",
    "1000SATSUSDT": "1000SATSUSDT",
    币安人生usdt: "币安人生USDT",
    btcusdt_250328: "BTCUSDT_250328",
    BTCUSD_PERP: "BTCUSD_PERP",
    ["A".repeat(40)]: "A".repeat(40),
  };
  assertEquals(Object.keys(read).map(symbol), Object.values(read));
  assertRefused(
    symbol,
    ["", "A", "BTC/USDT", "BTC-USDT", "BTC USDT", "__proto__", "A\u202eB", "A\u0000", "A".repeat(41), "../x"],
    "2 to 40 letters, digits and underscores, such as BTCUSDT",
  );
});

Deno.test("address() reads addresses of its schemes without the slash at the end", () => {
  const read = address("ws:", "wss:");
  assertEquals(
    ["ws://127.0.0.1:9001", "ws://127.0.0.1:9001///", " wss://h:9443/a/ ", "ws://[::1]:9", "WS://H"].map(
      read,
    ),
    ["ws://127.0.0.1:9001", "ws://127.0.0.1:9001", "wss://h:9443/a", "ws://[::1]:9", "ws://h"],
  );
  assertRefused(
    read,
    [
      "",
      "127.0.0.1:9001",
      "http://h",
      "ws://",
      "ws://h?a=1",
      "ws://h#a",
      "ws://me@h",
      "ws://h:99999",
      "ws://a b",
    ],
    "an address such as ws://127.0.0.1:9001",
  );
});

Deno.test("address() never returns an address to which a path cannot be added", () => {
  const pieces = fc.constantFrom(
    "ws://",
    "wss:",
    "/",
    "h",
    ":",
    "80",
    "?",
    "#",
    "@",
    "\\",
    " ",
    "\n",
    "%",
    ".",
  );
  const read = address("ws:", "wss:");
  fc.assert(fc.property(fc.oneof(anything, fc.array(pieces).map((some) => some.join(""))), (text) => {
    let base: string;
    try {
      base = read(text);
    } catch (error) {
      assert(error instanceof NotAllowed);
      return;
    }
    const url = new URL(`${base}/ws/btcusdt@trade`);
    assert(url.href === `${base}/ws/btcusdt@trade` && url.search === "" && url.hash === "", url.href);
  }));
});

Deno.test("hostNames() reads names and addresses without ports, and no wildcards", () => {
  assertEquals(hostNames("Market.test,10.0.0.5,[fe80::1],my_box"), [
    "market.test",
    "10.0.0.5",
    "[fe80::1]",
    "my_box",
  ]);
  assertRefused(
    hostNames,
    [
      "",
      "*",
      "*.test",
      "market.test:9001",
      "http://market.test",
      "a,",
      "a b",
      "a@b",
      "fe80::1",
      "a/b",
      "a?b",
      "a#b",
    ],
    "host names without ports, separated by commas, such as market.test,10.0.0.5",
  );
});

Deno.test("anyText() refuses only the empty text", () => {
  assertEquals(anyText(" "), " ");
  assertRefused(anyText, [""], "a text that is not empty");
});

Deno.test("rate() reads percent and decimals, from 0 to below 1", () => {
  const texts = ["0", "0%", "0.1%", "0.001", "99.999%", "0.000000000000000001%"];
  const values = ["0", "0", "0.001", "0.001", "0.99999", "0.00000000000000000001"];
  assertEquals(texts.map((text) => plain(rate(text))), values);
  assertRefused(
    rate,
    ["", "%", "-0.1%", "100%", "1", "1e-3", "0.1 %", "0,1%", "0.1%%", "0.1‰"],
    "a rate from 0 to below 1, such as 0.1% or 0.001",
  );
});

Deno.test("stake() reads 50% as half of the cash, and 0.5 as half a unit of it", () => {
  const cash = new Money("10000.01");
  const texts = ["1000", "0.5", "50%", "100%", "12.5%", "0.000000000000000001%", "050.0%"];
  const usual = ["1000", "0.5", "5000.005", "10000.01", "1250.00125"];
  const amounts = [...usual, "0.0000000000000001000001", "5000.005"];
  assertEquals(texts.map((text) => plain(stakeAt(stake(text), cash))), amounts);
  assertEquals(texts.map((text) => stakeText(stake(text))), [...texts.slice(0, -1), "50%"]);
  assert(stake("100%") instanceof CashShare);
  assertRefused(
    stake,
    ["", "%", "0", "0%", "0.000%", "100.000001%", "101%", "-5%", "50 %", "1e2", "50%%"],
    "an amount above 0, such as 1000, or a share of the cash above 0% and up to 100%, such as 50%",
  );
});
