/**
 * Messages that a hostile exchange could send, and what must become of each. Around every one are good trades, which
 * must be read whatever came between them.
 */
import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { FrameBatch } from "../../src/formats/frame_batch.ts";
import { Parse } from "../../src/stages/parse.ts";
import { narrate } from "../../src/views/terminal/narration.ts";
import { printable, printableJson } from "../../src/views/terminal/terminal.ts";
import { ticksIn } from "../support/blocks.ts";

/** A trade's fields as JSON texts; `null` leaves one out. */
type Fields = Readonly<Record<string, string | null>>;

const FIELDS: Fields = {
  e: '"trade"',
  E: "1700000000000",
  s: '"BTCUSDT"',
  t: "2",
  p: '"100.00000000"',
  q: '"0.00100000"',
  T: "1700000000000",
  m: "true",
  M: "true",
};

/** The message of a trade with `fields` as a hostile exchange might write them. */
function trade(fields: Fields = {}): string {
  const all = Object.entries({ ...FIELDS, ...fields }).filter(([, text]) => text !== null);
  return `{${all.map(([name, text]) => `"${name}":${text}`).join(",")}}`;
}

const text = (value: string): string => JSON.stringify(value);
const nested = (depth: number, open: string, close: string): string =>
  open.repeat(depth) + "1" + close.repeat(depth);
const LONG = "9".repeat(1_000);
const MEGABYTE = 1_000_000;

/** Refused prices and quantities: anything but plain decimal text. */
const AMOUNTS: readonly (readonly [string, string | null])[] = [
  ["negative", text("-1")],
  ["zero", text("0")],
  ["NaN", text("NaN")],
  ["infinite", text("Infinity")],
  ["with an exponent", text("1e5")],
  ["of 1,000 digits", text(LONG)],
  ["of 1,000 decimals", text(`1.${LONG}`)],
  ["hexadecimal", text("0x10")],
  ["empty", text("")],
  ["a number", "100.5"],
  ["null", "null"],
  ["a list", '["1"]'],
  ["an object", '{"a":1}'],
  ["missing", null],
  ["with a plus", text("+1")],
  ["with a comma", text("1,5")],
  ["with a space", text(" 1")],
  ["with a NUL", text("1\0")],
  ["with a terminal escape", text("\x1b[31m1")],
  ["in Arabic digits", text("١٢")],
  ["in wide digits", text("１００")],
  ["half a surrogate pair", '"\\ud800"'],
  ["a point alone", text(".")],
  ["without a digit before the point", text(".5")],
  ["without a digit behind the point", text("5.")],
  ["with two points", text("1.2.3")],
];

/** Refused ids and times: anything but an exact whole number. */
const NUMBERS: readonly (readonly [string, string | null])[] = [
  ["2^53", "9007199254740992"],
  ["2^64", "18446744073709551616"],
  ["of 1,000 digits", LONG],
  ["negative", "-1"],
  ["broken", "2.5"],
  ["text", text("2")],
  ["null", "null"],
  ["missing", null],
];

/** What is skipped, but not wrong: another symbol, another event. */
const OTHERS: readonly (readonly [string, string])[] = [
  ["another symbol", trade({ s: text("ETHUSDT") })],
  ["a symbol with a terminal escape", trade({ s: text("\x1b[2J") })],
  ["a symbol of a megabyte", trade({ s: text("A".repeat(MEGABYTE)) })],
  ["another event", trade({ e: text("depth") })],
  ["an event with a terminal escape", trade({ e: text("\x1b]0;x\x07") })],
  ["an event with a direction mark", trade({ e: text("\u202etrade") })],
  ["an answer to a question nobody asked", '{"result":null,"id":1}'],
  ["5,000 combined frames in one another", nested(5_000, '{"stream":"x","data":', "}")],
  ["a notice that the server goes away", '{"e":"serverShutdown","E":1}'],
];

const BROKEN: readonly (readonly [string, string, string])[] = [
  ["nothing", "", "not JSON"],
  ["a space", " ", "not JSON"],
  ["a megabyte of spaces", " ".repeat(MEGABYTE), "not JSON"],
  ["null", "null", "not a JSON object"],
  ["true", "true", "not a JSON object"],
  ["a number", "1", "not a JSON object"],
  ["a text", text("x"), "not a JSON object"],
  ["a list of trades", `[${trade()}]`, "not a JSON object"],
  ["no fields", "{}", "not a Binance trade message"],
  ["100,000 lists in one another", nested(100_000, "[", "]"), "not a JSON object"],
  ["100,000 objects in one another", nested(100_000, '{"a":', "}"), "not a Binance trade message"],
  ["a million lists without an end", "[".repeat(MEGABYTE), "not JSON"],
  ["200,000 fields", `{${Array.from({ length: 200_000 }, (_, i) => `"k${i}":1`)}}`, "not a Binance trade"],
  ["half a trade", trade().slice(0, 60), "not JSON"],
  ["two trades in one frame", trade() + trade(), "not JSON"],
  ["a byte order mark", `\ufeff${trade()}`, "not JSON"],
  ["a NUL behind it", `${trade()}\0`, "not JSON"],
  ["terminal escapes", "\x1b[2J\x1b]0;title\x07", "not JSON"],
  ["a web page", "<html>451</html>", "not JSON"],
  ["an error with a terminal escape", '{"error":{"code":2,"msg":"\\u001b[31m"}}', "not a Binance trade"],
  ["a prototype", '{"constructor":{"prototype":1}}', "not a Binance trade message"],
  ["a combined frame without data", '{"stream":"btcusdt@trade","data":null}', '"data" is not an object'],
  ["a raw control character", trade().replace("BTC", "\x1b"), "not JSON"],
  ["a symbol that is a number", trade({ s: "1" }), 'symbol "s" is 1'],
  ["no symbol", trade({ s: null }), 'symbol "s" is missing'],
  ["an event that is a number", trade({ e: "1" }), "not a Binance trade message"],
  ["a side that is text", trade({ m: text("true") }), '"m" is "true"'],
  ["no side", trade({ m: null }), '"m" is missing'],
  ["an id far ahead of all others", trade({ t: "5000000000000" }), "is far from the one before"],
  [
    "an aggregate that ends before it begins",
    trade({ e: text("aggTrade"), a: "7", f: "9", l: "3" }),
    "trade id is 9 to 3",
  ],
  ["the aggregate of nothing", trade({ e: text("aggTrade"), a: "7", f: "-1", l: "-1" }), "trade id is -1"],
];

/** What is read, however strange: it is a trade, and the exchange is believed. */
const TAKEN: readonly (readonly [string, string])[] = [
  ["a time in seconds", trade({ T: "1700000000" })],
  ["a field twice: the last one counts", trade().replace('"q"', '"p":"1","q"')],
  ["a prototype among its fields", trade().replace("}", ',"__proto__":{"p":"1"}}')],
];

/** What a run reads of the hostile message, with good trades before and after it. */
function read(message: string) {
  const parse = new Parse();
  const batch = new FrameBatch(new BinanceMessageReader("BTCUSDT"));
  const around = [trade({ t: "1" }), message, trade({ t: "3" }), trade({ t: "4" })];
  const ids = [...ticksIn(parse.over(batch.open(around)))].map(({ id }) => id);
  return { ids, counts: parse.counts, rejections: parse.takeRejections() };
}

/** Asserts that it is refused for `reason`, and that what is logged about it is short and harmless. */
function assertRefused(message: string, reason: string): void {
  const { ids, counts, rejections } = read(message);
  assertEquals(ids, [1, 3, 4]);
  assertEquals(counts.rejected, 1);
  assertStringIncludes(rejections!.reason, reason);
  const event = { type: "rejected", time: "", symbol: "BTCUSDT", ...rejections! } as const;
  for (const printed of [printable(narrate(event)!.text), printableJson(event)]) {
    assert(!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(printed), printed);
    assert(printed.length < 3_000, `${printed.length} characters`);
  }
}

const REFUSED: readonly (readonly [string, string, string])[] = [
  ...AMOUNTS.map(([what, p]) => [`a price ${what}`, trade({ p }), "price is "] as const),
  ...AMOUNTS.map(([what, q]) => [`a quantity ${what}`, trade({ q }), "quantity is "] as const),
  ...NUMBERS.map(([what, t]) => [`a trade id ${what}`, trade({ t }), "trade id is "] as const),
  ...NUMBERS.map(([what, T]) => [`a trade time ${what}`, trade({ T }), 'trade time "T" is '] as const),
  ...BROKEN,
];

/** What counts as a mistake of the exchange's clock, because the next trade does not confirm it. */
const WILD: readonly (readonly [string, string, string])[] = [
  ["a time in the year 5138", trade({ T: "99999999999999" }), "the time of trade 2, 5138-11-16T"],
  ["a time in January 1970", trade({ T: "17000000" }), "the time of trade 2, 1970-01-01T"],
];

for (const [what, message, reason] of [...REFUSED, ...WILD]) {
  Deno.test(`a hostile message is refused, and the run continues: ${what}`, () =>
    assertRefused(message, reason));
}

for (const [what, message] of OTHERS) {
  Deno.test(`a hostile message is skipped, and the run continues: ${what}`, () => {
    const { ids, counts, rejections } = read(message);
    assertEquals([ids, counts.passedOver, rejections], [[1, 3, 4], 1, null]);
  });
}

for (const [what, message] of TAKEN) {
  Deno.test(`a strange message is accepted, and the run continues: ${what}`, () => {
    const { ids, rejections } = read(message);
    assertEquals([ids, rejections], [[1, 2, 3, 4], null]);
  });
}

Deno.test("an aggregate that claims all ids does not make every later trade a duplicate", () => {
  const all = trade({ e: text("aggTrade"), a: "7", f: "2", l: "9007199254740991" });
  assertEquals(read(all).ids, [1, 3, 4]);
});
