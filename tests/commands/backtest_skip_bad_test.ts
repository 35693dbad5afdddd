/** `penstock backtest` on partly bad input: --skip-bad, and recordings that were cut off. */
import { assert, assertMatch } from "@std/assert";
import { Folder, gzip, joined } from "../feeds/recorded_input.ts";
import { PRICE, withField } from "../support/csv.ts";
import { eventsOf, type PrintedEvent } from "../support/penstock.ts";
import { DEFAULTS, messageOf } from "../support/pipeline_input.ts";
import { computeReference, type PlainTrade } from "../support/reference.ts";
import { csvRows, messagesText, recordingText, USUAL, walk } from "../support/trade_files.ts";
import { all, assertSame, backtest, eventsFrom } from "./backtest_run.ts";
import { assertBacktest } from "./event_contract.ts";
import { assertEquals } from "../support/equals.ts";

const TRADES = walk(8, 1_200);
const START = `1723161253937085 {"penstock":{"event":"recording","version":1,"symbol":"BTCUSDT"}}\n`;
const OWN = START + recordingText(TRADES, "trade", "µs");

/** The lines of `text`, each with its line feed. */
const linesOf = (text: string): string[] => text.split(/(?<=\n)/);

/** A way to spoil a line, and whether its ids can still be read. */
type Spoilt = readonly [spoil: (line: string) => string, hasIds: boolean];

function spoiltAt<T>(at: number, spoilt: readonly T[]): T | null {
  return at % 7 === 3 ? spoilt[Math.floor(at / 7) % spoilt.length]! : null;
}

/** Every seventh line spoilt, from the third on. */
function spoil(lines: readonly string[], spoilt: readonly Spoilt[]): string[] {
  return lines.map((line, at) => spoiltAt(at, spoilt)?.[0](line) ?? line);
}

/** The trades that remain: an unusable one leaves no hole if its ids can be read. */
function left<T extends PlainTrade>(trades: readonly T[], spoilt: readonly Spoilt[]): PlainTrade[] {
  return trades.flatMap((trade, at) => {
    const way = spoiltAt(at, spoilt);
    return way === null ? [trade] : way[1] ? [{ ...trade, unusable: true }] : [];
  });
}

const BAD = TRADES.filter((_, at) => at % 7 === 3).length;

/** Runs spoilt lines with --skip-bad. The result is that of the good lines, and the bad ones are counted. */
async function skip(
  folder: Folder,
  name: string,
  lines: readonly string[],
  spoilt: readonly Spoilt[],
): Promise<PrintedEvent> {
  const path = await folder.write(name, spoil(lines, spoilt).join(""));
  const events = await eventsFrom(["--skip-bad", path]);
  assertSame(events, computeReference(left(TRADES, spoilt), DEFAULTS), name);
  assertEquals(events.at(-1)!.rejected, BAD);
  const rejected = events.filter(({ type }) => type === "rejected");
  assertEquals(rejected.length, 1);
  assertEquals(rejected[0]!.count, BAD);
  // Sorted rows keep their line numbers, even the unusable ones.
  assertSame(
    await eventsFrom(["--skip-bad", "--sort", path]),
    computeReference(left(TRADES, spoilt), DEFAULTS),
    name,
  );
  return rejected[0]!;
}

Deno.test("penstock backtest --skip-bad counts bad rows and trades the good ones", async () => {
  await using folder = new Folder();
  const spoilt: Spoilt[] = [
    [(row) => withField(row, 2, "abc"), true],
    [(row) => withField(row, 3, "0"), true],
    [(row) => withField(row, 1, "-1"), false],
    [(row) => withField(row, 5, ""), true],
    [(row) => withField(row, 6, "WAHR"), true],
    [(row) => `${row.slice(0, 30)}\n`, true],
    [(row) => row.replace("\n", ",x\n"), true],
    [() => "\0\x1b\xff\n", false],
    [() => `{"e":"trade"}\n`, false],
  ];
  const { reason, sample } = await skip(folder, "a.csv", csvRows(TRADES, "spot trades", USUAL), spoilt);
  // The fourth line is the first bad one.
  assertMatch(String(reason), /a\.csv:4:12: price is "abc": expected/);
  assert(typeof sample === "string" && sample.length <= 200);
});

Deno.test("penstock backtest --skip-bad counts overlong lines, and without it a backtest stops at their line number", async () => {
  await using folder = new Folder();
  const beyond: Spoilt[] = [[(line) => line.trimEnd() + " ".repeat(3 << 20) + "\n", true]];
  const few = TRADES.slice(0, 24);
  const frames = few.map((trade) => `${trade.time} ${messageOf(trade)}\n`);
  for (
    const [name, lines] of [
      ["a.csv", csvRows(few, "spot trades", USUAL)],
      ["a.txt", frames],
    ] as const
  ) {
    const file = await folder.write(name, spoil(lines, beyond).join(""));
    const events = await eventsFrom(["--skip-bad", file]);
    const good = few.filter((_, at) => at % 7 !== 3);
    assertSame(events, computeReference(left(few, beyond), DEFAULTS), name);
    assertEquals(events.at(-1)!.rejected, few.length - good.length);
    const printed = events.find(({ type }) => type === "rejected")!;
    const reason = `${file}:4:1: the line is longer than 1 MiB, expected one trade or message per line`;
    assertEquals([printed.reason, String(printed.sample).length], [reason, 200]);
    const { code, stderr } = await backtest([file]);
    assertEquals([code, stderr.split(". With")[0]], [3, `penstock: ${reason}`]);
  }
  // The live run did not stop at this frame either.
  const own = await folder.write(
    "own.txt",
    START + spoil(frames, beyond).join(""),
  );
  assertEquals(
    (await eventsFrom([own])).at(-1)!.rejected,
    few.length - few.filter((_, at) => at % 7 !== 3).length,
  );
});

Deno.test("penstock backtest --skip-bad reports the place and the content of the first bad line, and what was expected", async () => {
  await using folder = new Folder();
  const rows = csvRows(TRADES, "futures trades", USUAL);
  const spoilt: Spoilt[] = [[(row) => withField(row, 2, "abc"), true]];
  const { reason, sample, time } = await skip(folder, "b.csv", rows, spoilt);
  assertEquals(reason, `${folder.path}/b.csv:4:12: price is "abc": expected ${PRICE}`);
  assertEquals(sample, spoil(rows, spoilt)[3]!.trimEnd());
  assertMatch(String(time), /^2024-08-/);
});

Deno.test("penstock backtest --skip-bad counts bad messages and lines of recordings and trades the good ones", async () => {
  await using folder = new Folder();
  const spoilt: Spoilt[] = [
    [(line) => line.replace(/"p":"[^"]*"/, `"p":"0.00000000"`), true],
    [(line) => line.replace(/"t":\d+/, `"t":"x"`), false],
    [(line) => line.replace(/"q":"[^"]*",/, ""), true],
    [(line) => line.replace(/"T":\d+/, `"T":null`), true],
    [(line) => `${line.slice(0, 60)}\n`, false],
    [() => `{"channel":"trade"}\n`, false],
  ];
  await skip(folder, "a.jsonl", linesOf(messagesText(TRADES, "trade")).slice(0, TRADES.length), spoilt);
  const frames = TRADES.map((trade) => `${trade.time} ${messageOf(trade)}\n`);
  const inFrames: Spoilt[] = [[(line) => line.slice(9), false], [() => "?\n", false]];
  await skip(folder, "a.txt", frames, [...spoilt.slice(0, 5), ...inFrames]);
});

Deno.test("penstock backtest --skip-bad logs the rejected lines as well", async () => {
  await using folder = new Folder();
  const rows = spoil(csvRows(TRADES, "spot trades", USUAL), [[(row) => withField(row, 2, "abc"), true]]);
  const file = await folder.write("c.csv", rows.join(""));
  const { code, stdout, stderr } = await backtest(["--log-level=warn", "--skip-bad", file]);
  assertEquals(code, 0);
  assertMatch(stderr, /WARN .*c\.csv:4:12: price is "abc"/);
  assertMatch(stdout, /rejected|unusable/);
});

Deno.test("penstock backtest stops at a foreign recording that was cut off in a line, and --skip-bad skips the line", async () => {
  await using folder = new Folder();
  const line = recordingText(TRADES, "trade", "ns").trimEnd();
  const text = line.slice(0, -40);
  const file = await folder.write("cut.txt", text);
  const { code, stdout, stderr } = await backtest(["--json", file]);
  assertEquals([code, stderr.split("\n").length], [3, 1]);
  const last = linesOf(text).length;
  assertMatch(
    stderr,
    new RegExp(`cut.txt:${last}:\\d+: not JSON: found the end of the line, expected a Binance`),
  );
  assert(!stdout.includes(`"summary"`));
  assertSame(await eventsFrom(["--skip-bad", file]), computeReference(TRADES.slice(0, -1), DEFAULTS));
  const compressed = gzip(line);
  const torn = await backtest([
    "--json",
    "--skip-bad",
    await folder.write("cut.gz", compressed.slice(0, -60)),
  ]);
  assertEquals(torn.code, 3);
  assertMatch(torn.stderr, /cut\.gz: the gzip data is cut off: it ends in the middle/);
});

Deno.test("penstock backtest reads a Penstock recording that was cut off up to that point, with one warning", async () => {
  await using folder = new Folder();
  const lines = linesOf(OWN);
  const kept = TRADES.length - 1;
  const before = lines.slice(0, -1).join("");
  const last = lines.at(-1)!;
  const half = OWN.length >> 1;
  const begun = linesOf(OWN.slice(0, half)).slice(0, -1).filter((line) => line.includes(`"trade"`)).length;
  const members = joined(gzip(before), gzip(last));
  const cases: readonly (readonly [name: string, content: string | Uint8Array, trades: number | null])[] = [
    ["in-the-time", before + last.slice(0, 9), kept],
    ["behind-the-time", before + last.slice(0, 17), kept],
    ["in-the-frame", before + last.slice(0, 60), kept],
    ["before-the-brace", before + last.slice(0, -2), kept],
    ["in-a-note", `${before}1723161253937085 {"penstock":{"event":"disconn`, kept],
    ["in-the-middle", OWN.slice(0, half), begun],
    ["in-a-member.gz", members.slice(0, -9), null],
    ["between-members.gz", joined(gzip(before), gzip(last).slice(0, 5)), kept],
  ];
  await all(cases, async ([name, content, count]) => {
    const file = await folder.write(name, content);
    const { code, stdout, stderr } = await backtest(["--json", "--log-level=warn", file]);
    assertEquals(code, 0, stderr);
    const warning =
      `${name}: the recording was cut off while it was being written; it is read up to that point`;
    assert(stderr.includes("WARN") && stderr.endsWith(warning) && stderr.split("\n").length === 1, stderr);
    const events = eventsOf(stdout);
    assertBacktest(events);
    // It depends on zlib how much of the last line it can decompress from a cut member.
    const trades = count ?? Number(events.at(-1)!.trades);
    assert(count !== null || trades === kept || trades === kept + 1, `${trades}`);
    assertSame(events, computeReference(TRADES.slice(0, trades), DEFAULTS), name);
  });
});

Deno.test("penstock backtest treats a Penstock recording without its last line feed as complete", async () => {
  await using folder = new Folder();
  const { code, stdout, stderr } = await backtest([
    "--json",
    "--log-level=warn",
    await folder.write("whole", OWN.trimEnd()),
  ]);
  assertEquals([code, stderr], [0, ""]);
  assertSame(eventsOf(stdout), computeReference(TRADES, DEFAULTS));
});

Deno.test("penstock backtest counts bad frames in a Penstock recording, as the live run did, but stops at damaged lines", async () => {
  await using folder = new Folder();
  const lines = linesOf(OWN);
  const frame = `1723161253937085 {"e":"trade","s":"BTCUSDT","t":1,"p":"NaN"}\n`;
  const events = await eventsFrom([await folder.write("own", lines.with(100, frame + lines[100]!).join(""))]);
  assertSame(events, computeReference(TRADES, DEFAULTS));
  assertEquals(events.at(-1)!.rejected, 1);
  const damaged = await folder.write("damaged", lines.with(100, lines[100]!.slice(12)).join(""));
  const { code, stderr } = await backtest(["--json", damaged]);
  assertEquals(code, 3);
  assertMatch(
    stderr,
    /damaged:101:\d+: the line is ".*", expected "<receive time> <frame>" with the time in ns, µs/,
  );
});

Deno.test("penstock backtest --skip-bad reports what is wrong with a file in which every line is bad", async () => {
  await using folder = new Folder();
  const file = await folder.write("kraken.jsonl", `{"channel":"trade"}\n`.repeat(3));
  const { code, stdout, stderr } = await backtest(["--json", "--skip-bad", file]);
  assertEquals([code, stdout, stderr.split("\n").length], [3, "", 1]);
  assertMatch(
    stderr,
    /no trade of BTCUSDT was found\. Unusable lines: 3, the first is .*kraken\.jsonl:1:1: not a Binance/,
  );
});
