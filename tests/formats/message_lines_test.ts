import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import { assert, assertThrows } from "@std/assert";
import fc from "fast-check";
import { MessageLines } from "../../src/formats/message_lines.ts";
import { UnusableInput } from "../../src/domain/market/unusable_input.ts";
import { gzipLines, isRecorded } from "../support/recorded_data.ts";
import { MESSAGES, RECORDING } from "../support/layouts.ts";
import { ENCODER, ETHER, open, readAll, rest, TIME, trade } from "./read_lines.ts";
import { assertEquals } from "../support/equals.ts";

const BTCUSDT = ["binance_spot_btcusdt_20240808.gz", "binance_spot_btcusdt_20240809.gz"];
const MARKER =
  `{"e":"trade","E":1756220468099,"T":1756220468099,"s":"BTCUSDT","t":77,"p":"0","q":"0","X":"NA","m":true}`;

Deno.test({
  name: "MessageLines reads the 19,904 trades of the recorded frames, in 99,574 lines, and rejects none",
  ignore: !isRecorded(...BTCUSDT),
  fn: async () => {
    const lines = new MessageLines(new BinanceMessageReader("BTCUSDT"), true);
    const counts = { trade: 0, other: 0, rejected: 0, empty: 0 };
    let id = 3735683258;
    for (const name of BTCUSDT) {
      const recorded = await gzipLines(name);
      open(lines, recorded.join("\n") + "\n");
      for (let at = 0, readResult = lines.next(); readResult !== null; readResult = lines.next(), at++) {
        counts[readResult]++;
        const [time, frame] = recorded[at]!.split(/ (.*)/);
        assert(lines.receivedAt === Number(time!.slice(0, -3)), time);
        assert(lines.sample() === frame!.slice(0, 200), frame);
        if (readResult === "trade") assert(lines.trade.firstId === ++id && lines.trade.lastId === id, frame);
      }
      assertEquals(lines.takeNote(), null);
    }
    assertEquals([counts, id], [{ trade: 19_904, other: 79_670, rejected: 0, empty: 0 }, 3735703162]);
    assertEquals([lines.otherSymbols, lines.torn, lines.isOwn], [[], false, false]);
  },
});

Deno.test("MessageLines reads bare messages, and recordings with times in ns, µs, ms and s", () => {
  const text = `${trade(1)}\n${trade(2, "1.5", `,"M":true`)}\n${
    JSON.stringify(JSON.parse(trade(3)), null, 1)
  }`;
  const bare = text.replaceAll("\n ", " ").replace("\n}", "}");
  assertEquals(readAll(bare, "messages"), [1, 2, 3]);
  for (const time of [TIME, `${TIME}789`, TIME.slice(0, -3), TIME.slice(0, -6)]) {
    const lines = open(
      new MessageLines(new BinanceMessageReader("BTCUSDT"), true),
      bare.replace(/^/gm, `${time} `),
    );
    assertEquals(rest(lines), [1, 2, 3]);
    assertEquals(
      lines.receivedAt,
      time.length === 10 ? 1723161255000000 : time.length === 13 ? 1723161255342000 : 1723161255342123,
    );
  }
});

Deno.test("MessageLines.receivedAt keeps the whole microseconds of any time, and refuses anything else", () => {
  const digits = fc.oneof(
    fc.bigInt(0n, 10n ** 21n),
    fc.integer({ min: 0, max: 21 }).chain((n) => fc.bigInt(10n ** BigInt(n), 10n ** BigInt(n + 1))),
    fc.constantFrom(...[9n, 10n, 11n, 14n, 17n].flatMap((n) => [10n ** n - 1n, 10n ** n])),
    fc.constantFrom(9007199254740991n, 9007199254740992n, 9007199254740991999n, 9007199254740992000n),
    fc.constantFrom(9007199254740n, 9007199254741n),
  );
  fc.assert(
    fc.property(digits, (time) => {
      const lines = open(
        new MessageLines(new BinanceMessageReader("BTCUSDT"), false),
        `${time} ${trade(7)}\n`,
      );
      const isSeconds = time >= 10n ** 9n && time < 10n ** 10n;
      const ms = time >= 10n ** 17n ? time / 1000n : time >= 10n ** 14n ? time : time * 1000n;
      const expected = isSeconds ? time * 1_000_000n : ms;
      const isTime = (isSeconds || time >= 10n ** 11n) && expected <= BigInt(Number.MAX_SAFE_INTEGER);
      assertEquals(lines.next(), isTime ? "trade" : "rejected", `${time}`);
      assertEquals(BigInt(lines.receivedAt), isTime ? expected : 0n);
    }),
    { numRuns: 3_000 },
  );
});

Deno.test("MessageLines skips blank lines, and accepts CRLF and a missing last line feed", () => {
  const text = `\n${TIME} ${trade(1)}\r\n\r\n \t\n${TIME} ${trade(2)} \r\n${TIME} ${ETHER}\r\n${TIME} ${
    trade(3)
  }`;
  assertEquals(readAll(text), [1, 2, "other", 3]);
  assertEquals(readAll(text + "\r"), [1, 2, "other", 3]);
  assertEquals(readAll(text.replaceAll(`${TIME} `, ""), "messages"), [1, 2, "other", 3]);
  assertEquals(readAll(""), []);
  assertEquals(readAll("\r\n\n"), []);
});

Deno.test("MessageLines reads lines of any length, wherever chunks are cut, and nothing beyond the end of a chunk", () => {
  const line = fc.record({
    length: fc.nat(20),
    what: fc.constantFrom("trade", "trade", "trade", "usual", "other", "blank"),
    cut: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 30 }), fc.boolean(), (all, isTorn) => {
      const expected: (number | string)[] = [];
      const texts = all.map(({ what, length }, id) => {
        if (what === "blank") return " ".repeat(length);
        expected.push(what === "other" ? "other" : id);
        const price = `1.5${"0".repeat(length)}`;
        if (what === "usual") return `${TIME} ${trade(id, price)}`;
        return `${TIME} ${
          what === "other" ? ETHER : `${trade(id, price).slice(0, -1)}${" ".repeat(length % 3)}}`
        }`;
      });
      // The bytes from before would read as trades.
      const old = ENCODER.encode(`${TIME} ${trade(999)}\n`.repeat(100));
      const lines = new MessageLines(new BinanceMessageReader("BTCUSDT"), true);
      const origin = { name: "a.txt", layout: RECORDING };
      const found: (number | string)[] = [];
      const bytes = old.slice();
      let piece = "";
      texts.forEach((text, at) => {
        const isLast = at === texts.length - 1;
        piece += isLast && isTorn ? text : `${text}\n`;
        if (!all[at]!.cut && !isLast) return;
        bytes.set(old);
        const start = piece.length % 7;
        const { written } = ENCODER.encodeInto(piece, bytes.subarray(start));
        found.push(...rest(lines.open({ origin, bytes, start, end: start + written })));
        piece = "";
      });
      assertEquals(found, expected);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("MessageLines does not complete a cut line with bytes from an earlier chunk", () => {
  const origin = { name: "a.txt", layout: RECORDING };
  const whole = ENCODER.encode(`${TIME} ${trade(1)}\n${TIME} ${trade(2)}\n${TIME} ${trade(3)}\n`);
  const first = whole.indexOf(10) + 1;
  for (let end = first + 1; end < 2 * first - 1; end++) {
    const lines = new MessageLines(new BinanceMessageReader("BTCUSDT"), false);
    assertEquals(lines.open({ origin, bytes: whole, start: 0, end }).next(), "trade");
    assertEquals(lines.next(), "rejected", `cut ${end - first} bytes into the line`);
    assert(lines.reason.startsWith("a.txt:2:"), lines.reason);
    assertEquals(lines.next(), null);
  }
});

/** Unusable frames, with § before the fault, and the message about it. */
const FAULTS: [marked: string, what: string][] = [
  ["{§", "not JSON: found the end of the line, expected a Binance message"],
  [
    trade(1).replace(`"p":`, `"p" §`),
    `not JSON: found "\\"61837.63\\",\\"q\\":\\"0.02\\",\\"T\\":1723161255342,…", expected a Binance message`,
  ],
  ["§é{", `not JSON: found "é{", expected a Binance message`],
  ["§[1,2]", `not a JSON object: found "[1,2]", expected a trade or aggTrade`],
  [`§{"a":1}`, `not a Binance trade message: found "{\\"a\\":1}", expected a trade or aggTrade`],
  [`{"stream":"x",§"data":1}`, `"data" is not an object, expected a Binance message`],
  [`§{"e":"trade"}`, `symbol "s" is missing, expected text such as "BTCUSDT"`],
  [trade(1).replace(`"s":"BTCUSDT"`, `§"s":5`), `symbol "s" is 5, expected text such as "BTCUSDT"`],
  [trade(-1).replace(`"t"`, `§"t"`), "trade id is -1, expected a whole number"],
  [
    `{"e":"aggTrade","E":1,"s":"BTCUSDT","a":1,"p":"1","q":"1",§"f":5,"l":4,"T":1,"m":true}`,
    "trade id is 5 to 4, expected two whole numbers, the first not above the last",
  ],
  [
    trade(1, "0").replace(`"p"`, `§"p"`),
    `price is "0", not decimal text above 0 with up to 8 decimals, and up to 9007199254740991 without its point`,
  ],
  [
    `{"é":"ü",${trade(1).slice(1).replace(`"q":"0.02"`, `§"q":"-1"`)}`,
    `quantity is "-1", not decimal text above 0, up to 1000000000000000, with up to 8 decimals`,
  ],
  [
    trade(1).replace(`"T":1723161255342`, `§"T":"x"`),
    `trade time "T" is "x", expected s, ms, µs or ns since 1970`,
  ],
  [trade(1).replace(`"m":true`, `§"m" : 1`), `"m" is 1, not true or false`],
];

/** The frame without its mark, and the byte column of the mark, from 1. */
function unmark(marked: string): { frame: string; column: number } {
  const [before, after] = marked.split("§") as [string, string];
  return { frame: before + after, column: ENCODER.encode(before).length + 1 };
}

Deno.test("MessageLines, when strict, stops at an unusable frame and names its line, its column and what was expected", () => {
  for (const [marked, what] of FAULTS) {
    const { frame, column } = unmark(marked);
    const text = `${TIME} ${trade(1)}\n\n${TIME} ${frame}\n${TIME} ${trade(2)}\n`;
    assertEquals(readAll(text), [1, `thrown: a.txt:3:${column + 17}: ${what}`, 2]);
    assertEquals(readAll(text.replaceAll(`${TIME} `, ""), "messages"), [
      1,
      `thrown: a.txt:3:${column}: ${what}`,
      2,
    ]);
  }
});

Deno.test("MessageLines, when not strict, rejects the frame with the same place and reason, and a sample", () => {
  for (const [marked, what] of FAULTS) {
    const { frame, column } = unmark(marked);
    const lines = open(new MessageLines(new BinanceMessageReader("BTCUSDT"), false), `${TIME} ${frame}\n`);
    assertEquals(lines.next(), "rejected");
    assertEquals(lines.reason, `a.txt:1:${column + 17}: ${what}`);
    assertEquals(lines.sample(), frame);
    // The ids of a trade can be read whatever else is wrong with it.
    const id = /^(price|quantity|trade time|"m")/.test(what) ? 1 : -1;
    assertEquals([lines.emptyFirstId, lines.emptyId], [id, id]);
  }
  const lines = open(
    new MessageLines(new BinanceMessageReader("BTCUSDT"), false),
    `${TIME} ${"ü".repeat(300)}\n`,
  );
  assertEquals([lines.next(), lines.sample()], ["rejected", "ü".repeat(200)]);
});

Deno.test("MessageLines never stops at a marker without a market trade, and gives its id", () => {
  const lines = open(
    new MessageLines(new BinanceMessageReader("BTCUSDT"), true),
    `${TIME} ${trade(76)}\n${TIME} ${MARKER}\n${TIME} {\n`,
  );
  assertEquals([lines.next(), lines.next(), lines.emptyId], ["trade", "rejected", 77]);
  assertEquals(lines.reason, `not a market trade: "X" is "NA"`);
  assertThrows(() => lines.next(), UnusableInput, "a.txt:3:19: not JSON");
  assertEquals([lines.emptyId, lines.next()], [-1, null]);
  for (const line of [TIME, `${TIME} {"penstock":{}}`]) {
    const other = open(
      new MessageLines(new BinanceMessageReader("BTCUSDT"), false),
      `${TIME} ${MARKER}\n${line}\n`,
    );
    assertEquals([other.next(), other.emptyId], ["rejected", 77]);
    assertEquals([other.next(), other.emptyId], ["rejected", -1]);
  }
});

Deno.test("MessageLines.otherSymbols remembers the first eight symbols whose trades were skipped", () => {
  const names = ["ETHUSDT", "BNBUSDT", "ETHUSDT", ...Array.from({ length: 20 }, (_, i) => `X${i}USDT`)];
  const others = names.map((name, at) => {
    const one = trade(at).replace("BTCUSDT", name);
    return at % 2 === 0 ? one : `{"stream":"x@trade", "data": ${one.replace(`"s":`, `"s" : `)}}`;
  });
  const ticker =
    `{"stream":"solusdt@bookTicker","data":{"u":1,"s":"SOLUSDT","b":"1","B":"1","a":"1","A":"1"}}`;
  const lines = open(
    new MessageLines(new BinanceMessageReader("BTCUSDT"), true, false),
    [trade(1), ticker, `{"result":null,"id":1}`, ...others].join("\n"),
  );
  assertEquals(rest(lines).length, 26);
  assertEquals(lines.otherSymbols, [
    "ETHUSDT",
    "BNBUSDT",
    ...Array.from({ length: 6 }, (_, i) => `X${i}USDT`),
  ]);
});

Deno.test("MessageLines counts lines over all chunks of a file, and again in the next", () => {
  const lines = new MessageLines(new BinanceMessageReader("BTCUSDT"), true, false);
  const bytes = ENCODER.encode(`${trade(1)}\n\n[]\n`);
  for (const name of ["a.txt", "b.zip (b.txt)"]) {
    const origin = { name, layout: MESSAGES };
    for (const line of [3, 6, 9]) {
      assertEquals(rest(lines.open({ origin, bytes, start: 0, end: bytes.length })), [
        1,
        `thrown: ${name}:${line}:1: not a JSON object: found "[]", expected a trade or aggTrade`,
      ]);
    }
  }
});
