/** The two ways of reading a message must agree on every input, so they are tried on very many bad ones. */
import { assertGreater } from "@std/assert";
import { BinanceMessageReader } from "../../../src/exchanges/binance/binance_message.ts";
import { fuzzCases } from "../../support/fuzz_inputs.ts";
import { SeededRandom } from "../../support/random.ts";
import { assertEquals } from "../../support/equals.ts";

const MESSAGES = fuzzCases(150_000);

const SHAPES = [
  `{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,"p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true,"M":true}`,
  `{"e":"trade","E":1777807004059000,"s":"BTCUSDT","t":6268487624,"p":"78530.4","q":"0.00039","T":1777807004059123,"m":false}`,
  `{"e":"trade","E":1663000000123,"s":"BTCUSDT","t":1700000001,"p":"20123.45","q":"1.5","b":12345678,"a":98765432,"T":1663000000122,"m":false,"M":true}`,
  `{"e":"trade","E":1663000000124,"s":"BTCUSDT","t":1700000002,"b":88,"a":50,"p":"20123.4","q":"3","T":1663000000123,"m":true}`,
  `{"e":"aggTrade","E":1723161255343,"s":"BTCUSDT","a":307100,"p":"0.00000908","q":"3591711.00","f":209942017,"l":209942019,"T":1729987202368,"m":false,"M":true}`,
  `{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,"p":"61837.63","q":"0.02","T":1723161255342,"m":true,"M":true}}`,
  `{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":1723161255343,"s":"BTCUSDT","a":3071,"p":"1","q":"2","f":1,"l":1,"T":1,"m":true,"M":false}}`,
  `{"e":"trade","E":1756220468099,"T":1756220468099,"s":"BTCUSDT","t":6587981240,"p":"0","q":"0","X":"NA","m":true}`,
  `{"stream":"btcusdt@trade","data":{"e":"trade","E":1680652874406,"T":1680652874400,"s":"BTCUSDT","t":3535191080,"p":"28722.50","q":"0.001","X":"INSURANCE_FUND","m":true,"st":1}}`,
  `{"result":null,"id":1}`,
  `{"stream":"btcusdt@bookTicker","data":{"u":400900217,"s":"BTCUSDT","b":"25.3","B":"31.2","a":"25.4","A":"40.6"}}`,
  `{"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","price":1,"qty":1,"trade_id":1}]}`,
];

const NUMBERS = [
  "0",
  "1",
  "-0",
  "-1",
  "00",
  "01",
  "999999999",
  "1000000000",
  "9007199254740991",
  "9007199254740992",
  "9007199254740993",
  "9999999999999999",
  "99999999999999999999",
  "1e3",
  "1E+2",
  "1.0",
  "0.5",
  "1.",
  "",
  " 7",
  "+7",
  "null",
  "true",
  `"5"`,
  "99999999999999",
  "100000000000000",
  "{}",
  "1723161255342123",
];

const DECIMALS = [
  "0.00000001",
  "0.000000001",
  "0.000000010",
  "90000000.00000000",
  "90071992.54740991",
  "90071992.547409910000",
  "90071992.54740992",
  "9007199254740991",
  "9007199254740992",
  "9007199254740991.0",
  "9007199254740990.5",
  "1.123456789",
  "01.5",
  "00",
  "0",
  "0.0",
  "-0.5",
  "1e5",
  "1E-8",
  "1.",
  ".5",
  "",
  " 1",
  "1 ",
  "NaN",
  "Infinity",
  "1000000000000000",
  "1000000000000000.00000001",
  "999999999999999.99999999",
  "9999999999999999",
  "10000000000000000",
  "12345678901234567890",
  "1,5",
  "1.2.3",
  "\\u0031",
  "１",
  "1\\n",
];

const SCRAPS = [
  " ",
  "\t",
  "\n",
  ",",
  `"`,
  "\\",
  "{",
  "}",
  "[",
  "]",
  ":",
  ".",
  "0",
  "9",
  "-",
  "e",
  "é",
  "€",
  "\u{1F4B0}",
  "\ud800",
  "\udc00",
  "\0",
  "\u2028",
  "\\u0022",
  "\\u007d",
  `,"m":true`,
  `,"M":true`,
  `"X":"MARKET",`,
  `{"stream":"`,
  `}}`,
];

/** A number, a decimal text and a field in a message. */
const NUMBER = /(?<=":)-?\d+/g;
const DECIMAL = /(?<=":")[\d.]+(?=")/g;
const FIELD = /"\w+":(?:"[^"]*"|[\w.]+)/g;

/** `message` with one match of `part` changed by `change`. */
function changeOne(
  message: string,
  part: RegExp,
  random: SeededRandom,
  change: (found: string) => string,
): string {
  const found = [...message.matchAll(part)];
  if (found.length === 0) return message;
  const { 0: text, index } = random.pick(found);
  return message.slice(0, index) + change(text) + message.slice(index + text.length);
}

function swapFields(message: string, random: SeededRandom): string {
  const fields = [...message.matchAll(FIELD)];
  if (fields.length < 2) return message;
  const at = random.whole(0, fields.length - 2);
  const [one, other] = [fields[at]!, fields[random.whole(at + 1, fields.length - 1)]!];
  return message.slice(0, one.index) + other[0] + message.slice(one.index + one[0].length, other.index) +
    one[0] +
    message.slice(other.index + other[0].length);
}

/** `message` with one change such as the wire, a proxy or a careless exchange might make. */
function mutate(message: string, random: SeededRandom): string {
  const at = random.whole(0, message.length);
  const to = at + random.whole(1, 12);
  switch (random.whole(0, 19)) {
    case 0:
      return message.slice(0, at) + String.fromCharCode(message.charCodeAt(at) ^ (1 << random.whole(0, 7))) +
        message.slice(at + 1);
    case 1:
      return message.slice(0, at) + message.slice(to);
    case 2:
      return message.slice(0, at) + random.pick(SCRAPS) + message.slice(at);
    case 3:
      return message.slice(0, at);
    case 4:
      return message.slice(0, to) + message.slice(at);
    case 5:
      return changeOne(message, FIELD, random, (field) => `${field},${field}`);
    case 6:
      return swapFields(message, random);
    case 7:
      return changeOne(message, FIELD, random, () => "");
    case 8:
      return message + random.pick([" ", "\n", "}", message, "\0", ",", "é"]);
    case 9:
    case 10:
      return changeOne(message, NUMBER, random, () => random.pick(NUMBERS));
    case 11:
      return changeOne(message, NUMBER, random, () => String(random.whole(0, Number.MAX_SAFE_INTEGER)));
    case 12:
    case 13:
    case 14:
      return changeOne(message, DECIMAL, random, () => random.pick(DECIMALS));
    case 15:
      return changeOne(message, /true|false/g, random, (found) => found === "true" ? "false" : "true");
    default:
      return changeOne(message, DECIMAL, random, () => {
        const fraction = String(random.whole(0, 999_999_999)).slice(0, random.whole(0, 9));
        return fraction === "" ? String(random.whole(0, 1e6)) : `${random.whole(0, 1e7)}.${fraction}`;
      });
  }
}

function fieldsOf(reader: BinanceMessageReader): (number | boolean)[] {
  const { firstId, lastId, time, price, decimals, quantityWhole, quantityFraction, buyerIsMaker } = reader;
  return [firstId, lastId, time, price, decimals, quantityWhole, quantityFraction, Number(buyerIsMaker)];
}

Deno.test("BinanceMessageReader.decode() agrees with its scan on very many mutated messages", () => {
  const random = new SeededRandom(20240808);
  const scanner = new BinanceMessageReader("BTCUSDT");
  const parser = new BinanceMessageReader("BTCUSDT");
  const { scan } = scanner;
  const DIGITS = "9".repeat(4096);
  const counts = { scanned: 0, trade: 0, other: 0, rejected: 0, empty: 0 };
  let before = SHAPES[0]!;
  for (let n = 0; n < MESSAGES; n++) {
    let message = random.pick(SHAPES);
    for (let times = random.whole(1, 3); times > 0; times--) message = mutate(message, random);
    // Messages are adjacent in its memory, and their surroundings must not matter.
    const taken = scan.takeFrames([before, message, ...random.pick([[], SHAPES, [DIGITS]])]);
    const isScanned = taken && scan.readFrames(1) > 0;
    if (isScanned) scan.give(0);
    const readResult = parser.decode(message);
    counts[readResult]++;
    if (isScanned) {
      counts.scanned++;
      if (readResult !== "trade" || fieldsOf(scanner).some((field, at) => field !== fieldsOf(parser)[at])) {
        const found = { message, readResult, scanned: fieldsOf(scanner), parsed: fieldsOf(parser) };
        assertEquals(found, {
          message,
          readResult: "trade",
          scanned: fieldsOf(parser),
          parsed: fieldsOf(parser),
        });
      }
    }
    before = random.pick(["", SHAPES[0]!, DIGITS, message]).slice(0, 300);
  }
  // Every outcome must be frequent, or the test would prove little.
  assertGreater(counts.scanned, 10_000);
  assertGreater(counts.trade - counts.scanned, 1_000);
  assertGreater(counts.other, 10_000);
  assertGreater(counts.rejected, 30_000);
});
