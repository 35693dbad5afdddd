/** What is particular to recordings: receive times, notes, and those that Penstock wrote itself. */
import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import { MessageLines } from "../../src/formats/message_lines.ts";
import { noteText } from "../../src/domain/recording/recording_note.ts";
import { ETHER, open, readAll, rest, TIME, trade } from "./read_lines.ts";

const HEADER = `${TIME} {"penstock":{"event":"recording","version":1,"symbol":"BTCUSDT"}}\n`;

const expectation = `expected "<receive time> <frame>" with the time in ns, µs, ms or s since 1970`;
const LINES: [line: string, column: number][] = [
  [trade(1), 1],
  ["x", 1],
  [`99999999999 ${trade(1)}`, 1],
  [`0${TIME} ${trade(1)}`, 1],
  [`0${TIME.slice(1)} ${trade(1)}`, 1],
  [`-${TIME} ${trade(1)}`, 1],
  [TIME, 17],
  [`${TIME} `, 17],
  [`${TIME}\t${trade(1)}`, 17],
  [`${TIME}: ${trade(1)}`, 17],
  [` ${TIME} ${trade(1)}`, 1],
];

Deno.test("MessageLines refuses a recording's line without receive time and frame, no matter who wrote it", () => {
  for (const [line, column] of LINES) {
    const shown = JSON.stringify(line.length > 40 ? `${line.slice(0, 40)}…` : line);
    for (const header of ["", HEADER]) {
      const place = `a.txt:${header === "" ? 1 : 2}:${column}`;
      const found = [`${place}: the line is ${shown}, ${expectation}`];
      const before = header === "" ? [] : ["recording"];
      for (const end of ["\n", "\r\n"]) {
        const text = `${header}${line}${end}`;
        assertEquals(readAll(text), [...before, ...found.map((what) => `thrown: ${what}`)]);
        assertEquals(readAll(text, "recording", false), [
          ...before,
          ...found.map((what) => `rejected: ${what}`),
        ]);
      }
    }
    const lines = open(new MessageLines(new BinanceMessageReader("BTCUSDT"), false), line);
    lines.next();
    const isTorn = /^\d+ ?$/.test(line);
    assertEquals([lines.sample(), lines.emptyId, lines.torn], [line, -1, isTorn]);
  }
});

Deno.test("MessageLines rejects the unusable frames of a recording that Penstock wrote as the live run did", () => {
  const text = `${HEADER}${TIME} {"e"\n${TIME} (binary frame)\n${TIME} ${trade(1, "0")}\n${TIME} ${
    trade(2)
  }\n`;
  const expected = [
    "recording",
    "rejected: not JSON",
    "rejected: not JSON",
    `rejected: price is "0", not decimal text above 0 with up to 8 decimals, and up to 9007199254740991 without its point`,
    2,
  ];
  for (const strict of [true, false]) {
    const lines = open(new MessageLines(new BinanceMessageReader("BTCUSDT"), strict), text);
    assertEquals(rest(lines), expected);
    assert(lines.isOwn);
    // The next file is not Penstock's.
    assertEquals(rest(open(lines, `${TIME} {"e"`)).length, 1);
    assertFalse(lines.isOwn);
    assertEquals(readAll(`${TIME} ${trade(1)}\n${text}`, "recording", strict).slice(2, 3), [
      `${
        strict ? "thrown" : "rejected"
      }: a.txt:3:22: not JSON: found the end of the line, expected a Binance message`,
    ]);
  }
});

Deno.test("MessageLines skips a torn last line of a recording that Penstock wrote, even if it is the first, and says so", () => {
  const last = `${TIME} ${trade(2)}`;
  for (let length = 1; length <= last.length; length++) {
    const lines = open(
      new MessageLines(new BinanceMessageReader("BTCUSDT"), true),
      `${HEADER}${TIME} ${trade(1)}\n${last.slice(0, length)}`,
    );
    const isWhole = length === last.length;
    assertEquals(rest(lines), isWhole ? ["recording", 1, 2] : ["recording", 1]);
    assertEquals(lines.torn, !isWhole, last.slice(0, length));
    assertEquals(rest(open(lines, HEADER)), ["recording"]);
    assertFalse(lines.torn);
  }
  // Only Penstock writes notes.
  for (let length = 1; length < HEADER.length - 1; length++) {
    const lines = open(new MessageLines(new BinanceMessageReader("BTCUSDT"), true), HEADER.slice(0, length));
    assertEquals([rest(lines), lines.torn, lines.isOwn], [[], true, false], HEADER.slice(0, length));
  }
});

Deno.test("MessageLines returns notes with their times, and continues after them", () => {
  const notes = [
    { event: "recording", version: 1, symbol: "BTCUSDT" },
    { event: "connected", endpoint: "ws://127.0.0.1:1", attempt: 1 },
    { event: "disconnected", reason: "line\nfeed", retryInMs: 500 },
    { event: "notice", message: "ü" },
    { event: "lost", frames: 3, from: 1, to: 2 },
    { event: "ended" },
  ] as const;
  const text = notes.map((note, at) => `${1723161255342123 + at} ${noteText(note)}\n`);
  const unknown = `${TIME} {"penstock":{"event":"backfill","count":3}}\r\n`;
  const lines = open(
    new MessageLines(new BinanceMessageReader("BTCUSDT"), true),
    text.join(`${TIME} ${trade(5)}\n`) + unknown + `${TIME} ${trade(6)}`,
  );
  notes.forEach((note, at) => {
    assertEquals(lines.next(), null);
    assertEquals(lines.takeNote(), { ...note, time: 1723161255342123 + at });
    assertEquals(lines.takeNote(), null);
    if (at < notes.length - 1) assertEquals([lines.next(), lines.takeNote()], ["trade", null]);
  });
  assertEquals(lines.next(), null);
  assertEquals(lines.takeNote(), { event: "unknown", name: "backfill", time: 1723161255342123 });
  assertEquals([lines.next(), lines.takeNote()], ["trade", null]);
  assertEquals([lines.next(), lines.takeNote()], [null, null]);
  // This works without times too, and if nobody takes a note.
  const bare = open(
    new MessageLines(new BinanceMessageReader("BTCUSDT"), true, false),
    `${noteText(notes[5])}\n${trade(7)}\n`,
  );
  assertEquals([bare.next(), bare.next(), bare.takeNote()], [null, "trade", null]);
});

Deno.test("MessageLines reads the frame that a note holds", () => {
  const frames = [
    JSON.stringify(JSON.parse(trade(1)), null, 2),
    `\n${ETHER}`,
    noteText({ event: "ended" }),
    "",
  ];
  const text = frames.map((frame) => `${TIME} ${noteText({ event: "frame", text: frame })}\n`).join("");
  const own = open(new MessageLines(new BinanceMessageReader("BTCUSDT"), true), HEADER + text);
  assertEquals(own.next(), null);
  for (const [at, readResult] of (["trade", "other", "rejected", "rejected"] as const).entries()) {
    assertEquals([own.next(), own.takeNote(), own.sample()], [readResult, null, frames[at]!.slice(0, 200)]);
  }
  assertEquals(own.reason, "not JSON");
  assertEquals(own.otherSymbols, ["ETHUSDT"]);
  assertEquals(readAll(text).slice(2), [
    `thrown: a.txt:3:18: not a Binance trade message: found ${
      JSON.stringify(frames[2])
    }, expected a trade or aggTrade`,
    "thrown: a.txt:4:18: not JSON: found the end of the line, expected a Binance message",
  ]);
  // The column is where the note starts: the file has no column within the quoted frame.
  const zero = noteText({ event: "frame", text: trade(1, "0") });
  assertEquals(readAll(`${TIME} ${zero}\n`), [
    `thrown: a.txt:1:18: price is "0", not decimal text above 0 with up to 8 decimals, and up to 9007199254740991 without its point`,
  ]);
  // The frame is whole, so the line is not torn, though it has no line feed.
  const last = open(new MessageLines(new BinanceMessageReader("BTCUSDT"), true), HEADER + text.trimEnd());
  assertEquals([rest(last).at(-1), last.torn], ["rejected: not JSON", false]);
});

Deno.test("MessageLines refuses a malformed note, no matter who wrote the file", () => {
  for (const header of ["", HEADER]) {
    const text = `${header}${TIME} {"penstock":{"event":"connected"}}\n`;
    const line = header === "" ? 1 : 2;
    const what = `a.txt:${line}:18: "endpoint" of the note "connected" is missing, expected text`;
    assertEquals(readAll(text).at(-1), `thrown: ${what}`);
    assertEquals(readAll(text, "recording", false).at(-1), `rejected: ${what}`);
  }
  assertThrows(
    () => readAll(HEADER.replace(`"version":1`, `"version":2`)).forEach((found) => assertEquals(found, "")),
    Error,
    "which is what this version of Penstock reads",
  );
});
