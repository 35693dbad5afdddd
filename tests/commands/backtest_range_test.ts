/** A backtest from one time to another is that of a file with only the trades in between. */
import { assert, assertStringIncludes } from "@std/assert";
import { gzipSync } from "node:zlib";
import { backfilledText } from "../../src/domain/market/backfilled_trades.ts";
import { isoTime } from "../../src/domain/numbers/time.ts";
import { noteText, type RecordingNote } from "../../src/domain/recording/recording_note.ts";
import { Folder } from "../feeds/recorded_input.ts";
import { messageOf } from "../support/pipeline_input.ts";
import type { PrintedEvent } from "../support/penstock.ts";
import { csvText, type FileTrade, messagesText, recordingText, walk } from "../support/trade_files.ts";
import { backtest, eventsFrom } from "./backtest_run.ts";
import { assertEquals } from "../support/equals.ts";

const WINDOWS = ["--short", "5", "--long", "20", "--max-drawdown", "100%"];
const TRADES = walk(11, 3_000, { holes: 2, aggregated: true });

/** All events as text, without what differs: the range itself, frames of other streams, and the time that it took. */
function comparable(events: readonly PrintedEvent[]): string {
  const left = ["config", "passedOver", "elapsedMs", "tradesPerSecond", "outOfRange"];
  const known = (key: string, value: unknown) => left.includes(key) ? undefined : value;
  return events.map((event) => JSON.stringify(event, known)).join("\n");
}

Deno.test("--from and --to give the events of a file that holds nothing else, in every layout", async () => {
  await using folder = new Folder();
  const [from, to] = [TRADES[800]!.time, TRADES[2_200]!.time];
  const range = ["--from", isoTime(from), "--to", isoTime(to)];
  const inside = TRADES.filter(({ time }) => time >= from && time < to);
  const single = (trades: readonly FileTrade[]) =>
    trades.map((trade) => ({ ...trade, firstId: trade.lastId }));
  const layouts:
    readonly (readonly [string, (trades: readonly FileTrade[]) => string | Uint8Array, string[]])[] = [
      ["trades.csv", (trades) => csvText(single(trades)), []],
      [
        "aggregates.csv",
        (trades) => csvText(trades, "futures aggTrades", { header: true, unit: "ms", capital: false }),
        [],
      ],
      ["compressed.csv.gz", (trades) => gzipSync(csvText(trades, "spot aggTrades")), []],
      ["messages.txt", (trades) => messagesText(trades, "aggTrade"), []],
      ["recording.txt", (trades) => recordingText(trades, "combined aggTrade", "ns"), []],
      ["sorted.csv", (trades) => csvText(trades.toReversed(), "spot aggTrades"), ["--sort"]],
    ];
  for (const [name, textOf, options] of layouts) {
    const whole = await folder.write(name, textOf(TRADES));
    const part = await folder.write(`part-${name}`, textOf(inside));
    const found = await eventsFrom([whole, ...range, ...WINDOWS, ...options]);
    const expected = await eventsFrom([part, ...WINDOWS, ...options]);
    assert(comparable(found) === comparable(expected), name);
    assertEquals(found.at(-1)!.outOfRange, TRADES.length - inside.length, name);
    assertEquals(expected.at(-1)!.outOfRange, undefined);
  }
});

Deno.test("a trade outside leaves no gap between two inside, if times step back", async () => {
  await using folder = new Folder();
  const start = Date.UTC(2025, 0, 1) * 1000;
  const trades = walk(12, 30, { firstId: 1 }).map((trade, at) => ({
    ...trade,
    time: start + at * 1_000_000,
  }));
  const jumps = trades.map((trade, at) => ({ ...trade, time: trade.time + (at === 15 ? 10_000_000 : 0) }));
  const path = await folder.write("trades.csv", csvText(jumps));
  const events = await eventsFrom([path, "--from", "2025-01-01T00:00:05Z", "--to", "2025-01-01T00:00:20"]);
  const { trades: count, gaps, outOfRange, firstTime, lastTime } = events.at(-1)!;
  assertEquals([count, gaps, outOfRange], [14, 0, 16]);
  assertEquals([firstTime, lastTime], ["2025-01-01T00:00:05.000000Z", "2025-01-01T00:00:19.000000Z"]);
});

Deno.test("a backtest says how many trades it left out, and no file counts as empty because of them", async () => {
  await using folder = new Folder();
  const paths = await Promise.all(
    [0, 1, 2].map((day) => {
      const trades = walk(13, 20, { firstId: 1 + 20 * day })
        .map((trade, at) => ({ ...trade, time: Date.UTC(2025, 0, 1 + day, 1, 0, at) * 1000 }));
      return folder.write(`${day}.csv`, csvText(trades));
    }),
  );
  const args = ["--log-level", "info", ...paths, "--from", "2025-01-02", "--to", "2025-01-03"];
  for (const more of [[], ["--sort"]]) {
    const { code, stdout, stderr } = await backtest([...args, ...more]);
    assertEquals(code, 0);
    assert(
      /^\S+ INFO {2}skipped 20 trades before 2025-01-02 and 20 trades from 2025-01-03 on$/.test(stderr),
      stderr,
    );
    assertStringIncludes(stdout, "only trades from 2025-01-02 on and before 2025-01-03; 40 others skipped");
  }
});

Deno.test("a range without trades ends a backtest with the range that the files have", async () => {
  await using folder = new Folder();
  const path = await folder.write("trades.csv", csvText(walk(14, 20)));
  const { code, stderr } = await backtest([path, "--from", "2025-01-01"]);
  assertEquals(code, 3);
  assertStringIncludes(
    stderr,
    "no trade is in the requested range, from 2025-01-01 on. The files have 20 trades of BTCUSDT from " +
      "2024-08-08T23:54:15.342Z to 2024-08-08T23:54:16.",
  );
});

Deno.test("a recording's notes outside the range are skipped, apart from the instrument's rules", async () => {
  await using folder = new Folder();
  const start = Date.UTC(2025, 0, 1) * 1000;
  const line = (second: number, frame: string) => `${start + second * 1_000_000} ${frame}\n`;
  const note = (second: number, content: RecordingNote) => line(second, noteText(content));
  const trade = (id: number) =>
    line(id, messageOf({ firstId: id, lastId: id, time: start + id * 1_000_000, price: `${100 + id % 7}` }));
  const rules = {
    lot: "0.1",
    tick: "0.1",
    minQuantity: null,
    maxQuantity: null,
    minNotional: "1",
    maxNotional: null,
  };
  const late = (from: number, to: number) =>
    backfilledText(Array.from({ length: to - from + 1 }, (_, at) => ({
      firstId: from + at,
      lastId: from + at,
      price: "101",
      quantity: "1",
      time: (start + (from + at) * 1_000_000) / 1000,
      buyerIsMaker: false,
    })));
  const path = await folder.write(
    "recording.txt",
    [
      note(0, { event: "recording", version: 1, symbol: "BTCUSDT" }),
      note(0, { event: "rules-awaited" }),
      note(0, { event: "connected", endpoint: "ws://127.0.0.1:1", attempt: 1 }),
      note(
        1,
        {
          event: "rules",
          rules,
          instrument: { sources: {}, exchangeInfo: null },
        } as unknown as RecordingNote,
      ),
      trade(2),
      note(3, { event: "halt", action: "hold" }),
      note(3, { event: "disconnected", reason: "x", retryInMs: 1 }),
      note(9, { event: "connected", endpoint: "ws://127.0.0.1:1", attempt: 1 }),
      note(9, { event: "late", trades: late(3, 8) }),
      note(9, { event: "settled", filled: 6 }),
      ...Array.from({ length: 30 }, (_, at) => trade(at + 9)),
      note(39, { event: "disconnected", reason: "y", retryInMs: 1 }),
      note(40, { event: "connected", endpoint: "ws://127.0.0.1:1", attempt: 1 }),
      ...Array.from({ length: 30 }, (_, at) => trade(at + 39)),
      note(69, { event: "halt", action: "hold" }),
      note(70, { event: "ended" }),
    ].join(""),
  );
  const options = ["--short", "1", "--long", "2", "--symbol", "BTCUSDT"];
  const events = await eventsFrom([
    path,
    ...options,
    "--from",
    "2025-01-01T00:00:05Z",
    "--to",
    "2025-01-01T00:01:00Z",
  ]);
  const count = (type: string) => events.filter((event) => event.type === type).length;
  // Two of the connections, and both halts, are outside. The gap before the first trade does not count.
  assertEquals(["connected", "disconnected", "halt", "gap", "rules"].map(count), [2, 1, 0, 0, 1]);
  const { firstTime, lastTime, trades, outOfRange, fills } = events.at(-1)!;
  assertEquals([firstTime, lastTime], ["2025-01-01T00:00:05.000000Z", "2025-01-01T00:00:59.000000Z"]);
  assertEquals([trades, outOfRange], [55, 12]);
  assert(Number(fills) > 5);
});

Deno.test("the notes of a recording with a faster clock go with the trades beside them, as their times are of another clock", async () => {
  await using folder = new Folder();
  const start = Date.UTC(2025, 0, 1) * 1000;
  const line = (second: number, frame: string) => `${start + second * 1_000_000} ${frame}\n`;
  const note = (second: number, content: RecordingNote) => line(second, noteText(content));
  // A second of this machine is a minute of the market, and a trade comes with each.
  const trade = (id: number) =>
    line(id, messageOf({ firstId: id, lastId: id, time: start + id * 60_000_000, price: `${100 + id % 7}` }));
  const down = (second: number) =>
    note(second, { event: "disconnected", reason: `at ${second}`, retryInMs: 1 });
  const path = await folder.write(
    "recording.txt",
    [
      note(0, { event: "recording", version: 1, symbol: "BTCUSDT", speed: 60 }),
      note(0, { event: "connected", endpoint: "ws://127.0.0.1:1", attempt: 1 }),
      ...[1, 2, 3].map(trade),
      down(4),
      ...[5, 6, 7, 8, 9].map(trade),
      down(10),
      ...[11, 12, 13, 14].map(trade),
      down(15),
      note(16, { event: "ended" }),
    ].join(""),
  );
  const events = await eventsFrom([
    path,
    ...["--short", "1", "--long", "2", "--symbol", "BTCUSDT", "--bars", "1m"],
    ...["--from", "2025-01-01T00:05:00Z", "--to", "2025-01-01T00:13:00Z"],
  ]);
  const { trades, outOfRange } = events.at(-1)!;
  assertEquals([trades, outOfRange], [7, 5]);
  const reasons = events.filter(({ type }) => type === "disconnected").map(({ reason }) => reason);
  assertEquals(reasons, ["at 10"]);
});

Deno.test("--from and --to are refused together with other mistakes, and where they mean nothing", async () => {
  const { code, stderr } = await backtest([
    "a.csv",
    "--from",
    "2025-02-30",
    "--to",
    "soon",
    "--short",
    "9",
    "--long",
    "8",
  ]);
  assertEquals(code, 2);
  for (
    const text of [
      '--from is "2025-02-30": expected a date',
      '--to is "soon": expected a date',
      "--short is 9",
    ]
  ) {
    assertStringIncludes(stderr, text);
  }
  const turned = await backtest(["a.csv", "--from", "2025-02-01", "--to", "2025-01-31T23:59:59.999999Z"]);
  assertEquals(turned.code, 2);
  assertStringIncludes(
    turned.stderr,
    "--from is 2025-02-01T00:00:00.000000Z and --to is 2025-01-31T23:59:59.999999Z: expected the first to be before",
  );
});
