/** `penstock backtest` takes the exchange and the symbol of a recording from its first line. */
import { assertStringIncludes } from "@std/assert";
import {
  noteText,
  type RecordingHead,
  type RecordingNote,
} from "../../src/domain/recording/recording_note.ts";
import { Folder, gzip, zip } from "../feeds/recorded_input.ts";
import { messageOf } from "../support/pipeline_input.ts";
import { eventsOf } from "../support/penstock.ts";
import { walk } from "../support/trade_files.ts";
import { backtest, backtestAlone } from "./backtest_run.ts";
import { assertEquals } from "../support/equals.ts";

const TRADES = walk(5, 200);
const HEAD: RecordingHead = { event: "recording", version: 1, symbol: "ETHUSDT" };
const MARKET = { exchange: "binance", symbols: ["ETHUSDT"], format: "frames" } as const;

/** A recording of ETHUSDT; without a first line of Penstock's if that is null. */
function recordingOf(head: object | null, symbol = "ETHUSDT"): string {
  const frames = TRADES.map((trade) => `${trade.time} ${messageOf(trade, "trade", symbol)}\n`).join("");
  return head === null ? frames : `${TRADES[0]!.time} ${noteText(head as RecordingHead)}\n${frames}`;
}

/** The events of a run without what differs between runs of the same. */
async function replayed(...args: readonly string[]): Promise<unknown[]> {
  const { code, stdout, stderr } = await backtest(["--json", "--short=2", "--long=5", ...args]);
  assertEquals([code, stderr], [0, ""]);
  return eventsOf(stdout).filter(({ type }) => type !== "started" && type !== "summary");
}

Deno.test("penstock backtest needs no --symbol for a recording, whichever version wrote it, compressed or not", async () => {
  await using folder = new Folder();
  const bare = await folder.write("bare.txt", recordingOf(null));
  const expected = await replayed("--symbol=ETHUSDT", bare);
  assertEquals(expected.length > 10, true);
  const files = [
    await folder.write("now.txt", recordingOf({ ...HEAD, ...MARKET })),
    await folder.write("old.txt", recordingOf(HEAD)),
    await folder.write(
      "compressed.txt.gz",
      gzip(recordingOf({ ...HEAD, ...MARKET, exchange: "binance-us" })),
    ),
  ];
  for (const file of files) {
    assertEquals(await replayed(file), expected, file);
    assertEquals(await replayed("--symbol=ETHUSDT", file), expected, file);
  }
  await Deno.mkdir(`${folder.path}/recordings`);
  await folder.write("recordings/1.txt", recordingOf({ ...HEAD, ...MARKET }));
  assertEquals(await replayed(`${folder.path}/recordings`), expected);
  const { stdout } = await backtest(["--json", files[0]!]);
  const [started, ...others] = eventsOf(stdout);
  const config = started!["config"] as Readonly<Record<string, unknown>>;
  assertEquals([config["symbol"], others.at(-1)!["symbol"]], ["ETHUSDT", "ETHUSDT"]);
});

Deno.test("penstock backtest refuses a recording of a symbol other than the given one, and names both", async () => {
  await using folder = new Folder();
  const one = await folder.write("one.txt", recordingOf({ ...HEAD, ...MARKET }));
  const two = await folder.write("two.txt", recordingOf({ ...HEAD, symbol: "BTCUSDT" }, "BTCUSDT"));
  const config = await folder.write("config.json", `{"symbol":"BNBUSDT"}`);
  const both = await folder.write("both.txt", recordingOf({ ...HEAD, symbols: ["ETHUSDT", "BNBUSDT"] }));
  const cases: readonly (readonly [args: readonly string[], ...messages: string[]])[] = [
    [
      ["--symbol=BTCUSDT", one, two],
      "one.txt is a recording of ETHUSDT, but --symbol is BTCUSDT: leave --symbol out, or give a recording of BTCUSDT",
    ],
    [
      ["--config", config, one, two],
      `one.txt is a recording of ETHUSDT, but "symbol" in the configuration file is BNBUSDT: leave "symbol" in the ` +
      "configuration file out, or give a recording of BNBUSDT",
      `two.txt is a recording of BTCUSDT, but "symbol" in the configuration file is BNBUSDT: leave "symbol" in the ` +
      "configuration file out, or give a recording of BNBUSDT",
    ],
    [
      [one, two],
      "one.txt is a recording of ETHUSDT, but the run trades BTCUSDT: give --symbol ETHUSDT, and recordings of that symbol",
    ],
    [
      [both],
      "both.txt is a recording of ETHUSDT and BNBUSDT, but the run trades BTCUSDT: give --symbol with one of them, and " +
      "recordings of that symbol",
    ],
  ];
  for (const [args, ...messages] of cases) {
    const { code, stdout, stderr } = await backtest(args);
    assertEquals([code, stdout], [2, ""]);
    const shown = stderr.replaceAll(`${folder.path}/`, "");
    for (const message of messages) assertStringIncludes(shown, message);
  }
  assertEquals(await replayed("--symbol=ETHUSDT", both), await replayed(one));
});

Deno.test("penstock backtest refuses a recording of another market as soon as a pipe or an archive shows it", async () => {
  await using folder = new Folder();
  const text = recordingOf({ ...HEAD, ...MARKET });
  const why =
    "is a recording of ETHUSDT, but the run trades BTCUSDT: give --symbol ETHUSDT, and recordings of that symbol";
  const compressed = await backtest([await folder.write("a.zip", await zip({ "a.txt": text }))]);
  assertEquals(compressed.code, 2);
  assertStringIncludes(compressed.stderr, `a.zip (a.txt) ${why}`);
  const piped = await backtestAlone(["-"], { input: text });
  assertEquals([piped.code, piped.stderr], [2, `penstock: standard input ${why}`]);
  assertEquals((await backtestAlone(["--symbol=ETHUSDT", "-"], { input: text })).code, 0);
});

Deno.test("penstock backtest reads one symbol of a recording of several as if the others were not there", async () => {
  await using folder = new Folder();
  const [one, two] = ["ETHUSDT", "BNBUSDT"].map((symbol) => recordingOf(null, symbol).split(/(?<=\n)/)) as [
    string[],
    string[],
  ];
  const { time } = TRADES[100]!;
  const rows = `[[5000,5000,"1","1",${time},true]]`;
  const notes = [
    { event: "late", trades: rows, symbol: "BNBUSDT" },
    { event: "settled", filled: 7, through: 9_000, symbol: "BNBUSDT" },
    { event: "waited", until: 2 * time, hold: 0, symbol: "BNBUSDT" },
    { event: "rules-awaited", symbol: "BNBUSDT" },
  ].map((note) => `${time} ${noteText(note as RecordingNote)}\n`);
  const head = `${TRADES[0]!.time} ${noteText({ ...HEAD, ...MARKET, symbols: ["ETHUSDT", "BNBUSDT"] })}\n`;
  const lines = one.flatMap((line, at) => [line, two[at]!, ...(at === 100 ? notes : [])]);
  const both = await folder.write("both.txt", head + lines.join(""));
  const alone = await folder.write("alone.txt", recordingOf({ ...HEAD, ...MARKET }));
  assertEquals(await replayed("--symbol=ETHUSDT", both), await replayed(alone));
  const other = await replayed("--symbol=BNBUSDT", both);
  assertEquals(JSON.stringify(other) === JSON.stringify(await replayed(alone)), false);
});

Deno.test("penstock backtest refuses an exchange and a format that it does not know, and several exchanges", async () => {
  await using folder = new Folder();
  const unknown = await folder.write("unknown.txt", recordingOf({ ...HEAD, ...MARKET, exchange: "mtgox" }));
  const odd = await folder.write("odd.txt", recordingOf({ ...HEAD, ...MARKET, format: "columns" }));
  const one = await folder.write("one.txt", recordingOf({ ...HEAD, ...MARKET }));
  const two = await folder.write("two.txt", recordingOf({ ...HEAD, ...MARKET, exchange: "binance-us" }));
  const cases = [
    [
      [unknown],
      2,
      "unknown.txt is a recording of mtgox, an exchange that this Penstock does not know: expected binance",
    ],
    [
      [one, two],
      2,
      "the recordings are of different exchanges, one.txt of binance and two.txt of binance-us: give those of one exchange",
    ],
    [
      [odd],
      3,
      `"format" of the note "recording" is "columns", expected "frames", which is what this version`,
    ],
  ] as const;
  for (const [files, expected, message] of cases) {
    const { code, stderr } = await backtest(files);
    assertEquals(code, expected, stderr);
    assertStringIncludes(stderr.replaceAll(`${folder.path}/`, ""), message);
  }
});
