/** `penstock backtest` over several files, and over the same trades compressed and split in every way. */
import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import { assert, assertStringIncludes } from "@std/assert";
import { ChunkReader } from "../../src/formats/chunk_reader.ts";
import type { PipelineEvent } from "../../src/domain/run/event.ts";
import { noteText, type RecordingNote } from "../../src/domain/recording/recording_note.ts";
import { recordedChunks } from "../../src/feeds/files/recorded_files.ts";
import { Pipeline } from "../../src/stages/pipeline.ts";
import { bytesOf, Folder, gzip, joined, zip } from "../feeds/recorded_input.ts";
import { isoTime } from "../../src/domain/numbers/time.ts";
import { eventsOf, type Input, type PrintedEvent } from "../support/penstock.ts";
import { DEFAULTS, optionsOf } from "../support/pipeline_input.ts";
import { computeReference } from "../support/reference.ts";
import { csvText, type FileTrade, messagesText, recordingText, USUAL, walk } from "../support/trade_files.ts";
import {
  all,
  assertMatchesReference,
  assertSame,
  backtest,
  backtestAlone,
  eventsFrom,
  steady,
  traded,
} from "./backtest_run.ts";
import { assertEquals } from "../support/equals.ts";

const TRADES = walk(3, 3_000, { holes: 2, twice: 10 });
/** The same, cut into three parts. */
const [FIRST, SECOND, THIRD] = [TRADES.slice(0, 900), TRADES.slice(900, 2_000), TRADES.slice(2_000)] as const;

Deno.test("penstock backtest prints the same bytes for the same trades, compressed or not, from one file, several or standard input", async () => {
  await using folder = new Folder();
  const text = csvText(TRADES);
  const plain = await folder.write("trades.csv", text);
  const archive = await zip({ "trades.csv": text });
  const ways: { readonly what: string; readonly files: readonly string[]; readonly input?: Input }[] = [
    { what: "plain", files: [plain] },
    { what: "again", files: [plain] },
    { what: "gzip", files: [await folder.write("trades.csv.gz", gzip(text))] },
    { what: "zip", files: [await folder.write("trades.zip", archive)] },
    { what: "zip in gzip, under another name", files: [await folder.write("trades", gzip(archive))] },
    { what: "gzip in two members", files: [await folder.write("two.gz", inTwoMembers(text))] },
    { what: "standard input", files: ["-"], input: text },
    { what: "gzip on standard input", files: ["-"], input: gzip(text) },
    { what: "zip on standard input", files: ["-"], input: archive },
    { what: "standard input in small pieces", files: ["-"], input: inPieces(bytesOf(text), 997) },
    {
      what: "three files",
      files: [
        await folder.write("1.csv", csvText(FIRST)),
        await folder.write("2.csv.gz", gzip(csvText(SECOND))),
        await folder.write("3.zip", await zip({ "3.csv": csvText(THIRD) })),
      ],
    },
  ];
  const outputs = await all(ways, async ({ files, input }) => {
    const args = ["--json", ...files];
    const { code, stdout, stderr } =
      await (input === undefined ? backtest(args) : backtestAlone(args, { input }));
    assertEquals([code, stderr], [0, ""]);
    return steady(stdout);
  });
  assertSame(outputs[0]!.split("\n").map((line) => JSON.parse(line)), computeReference(TRADES, DEFAULTS));
  outputs.forEach((output, at) => assert(output === outputs[0], ways[at]!.what));
});

Deno.test("penstock backtest prints the same table twice, except for the elapsed time", async () => {
  await using folder = new Folder();
  const file = await folder.write("trades.csv", csvText(TRADES));
  const [one, other] = await Promise.all([1, 2].map(async () => {
    const { code, stdout } = await backtest([file, "--models"]);
    assertEquals(code, 0);
    return stdout.replace(/ in [\d.]+ m?s, [\d,]+ a second/, "");
  }));
  assertStringIncludes(one!, "  3,000 trades; ");
  assertEquals(one, other);
});

Deno.test("penstock backtest gives the same events for chunks of any size", async () => {
  await using folder = new Folder();
  const expected = computeReference(TRADES, DEFAULTS).events;
  const files = [
    await folder.write(
      "rows.csv",
      csvText(TRADES, "futures trades", { ...USUAL, header: true, ending: "\r\n" }),
    ),
    await folder.write("frames.gz", gzip(recordingText(TRADES, "combined trade", "ns"))),
    await folder.write("messages", messagesText(TRADES, "trade").trimEnd()),
    await folder.write("rows.zip", await zip({ "rows.csv": csvText(TRADES, "spot aggTrades") })),
  ];
  for (const file of files) {
    for (const chunkBytes of [61, 256, 4_099, 65_536, 1 << 22]) {
      assertEquals(await eventsThrough(file, chunkBytes), expected, `${file} ${chunkBytes}`);
    }
  }
});

Deno.test("penstock backtest drops trades that files share, or that a file given twice repeats, by their ids", async () => {
  await using folder = new Folder();
  const [one, two] = [TRADES.slice(0, 1_700), TRADES.slice(1_200)];
  const files = [
    await folder.write("1.csv", csvText(one)),
    await folder.write("2.jsonl", messagesText(two, "trade")),
  ] as const;
  const overlapping = await assertMatchesReference(files, [...one, ...two], DEFAULTS);
  const summary = overlapping.at(-1)!;
  assertEquals([summary.trades, summary.duplicates], [3_000, one.length + two.length - 3_000]);
  assertEquals(summary.cash, computeReference(TRADES, DEFAULTS).totals.cash);
  await assertMatchesReference([files[0], ...files], [...one, ...one, ...two], DEFAULTS);
});

Deno.test("penstock backtest emits one gap for each hole between files", async () => {
  await using folder = new Folder();
  const whole = walk(4, 3_000);
  const parts = [whole.slice(0, 1_000), whole.slice(1_001, 2_000), whole.slice(2_100)];
  const files = await Promise.all(parts.map((part, at) => folder.write(`${at}`, csvText(part))));
  const events = await assertMatchesReference(files, parts.flat(), DEFAULTS);
  assertEquals(
    events.filter(({ type }) => type === "gap").map(({ fromId, missing }) => [fromId, missing]),
    [[whole[1_000]!.firstId, 1], [whole[2_000]!.firstId, 100]],
  );
});

Deno.test("penstock backtest --sort reads the files in the order of their first trades", async () => {
  await using folder = new Folder();
  const files = [
    await folder.write("c.csv.gz", gzip(csvText(THIRD, "futures trades", { ...USUAL, header: true }))),
    await folder.write("a.zip", await zip({ "b.jsonl": messagesText(FIRST, "trade") })),
    await folder.write("b.txt", recordingText(SECOND, "trade", "µs")),
  ];
  await assertMatchesReference(["--sort", ...files], TRADES, DEFAULTS);
  // Without --sort they are read in the given order: the older trades, never seen before, come after the newer ones.
  const { code, stderr } = await backtest(["--json", ...files]);
  assertEquals(code, 3);
  assertStringIncludes(stderr, `a.zip (b.jsonl):1: trade ${FIRST[0]!.firstId} is out of order`);
  assertStringIncludes(stderr, "--sort reads files, members of archives and rows in the order of their ids");
});

Deno.test("penstock backtest --sort gives the same events whatever the order of rows, members and files", async () => {
  await using folder = new Folder();
  const whole = walk(6, 1_500, { twice: 5 });
  const turns = whole.filter((_, at) => at % 2 === 0).flatMap((trade, at) =>
    [trade, whole[2 * at + 1]].filter((trade) => trade !== undefined)
  );
  const [odd, even] = [0, 1].map((rest) => whole.filter((_, at) => at % 2 === rest)) as [
    FileTrade[],
    FileTrade[],
  ];
  const rows = csvText(whole).trimEnd().split("\n");
  const ways: Readonly<Record<string, readonly string[]>> = {
    "newest first": [await folder.write("a.csv", rows.toReversed().join("\n"))],
    "two parts in alternation": [await folder.write("b.csv", csvText(turns.toReversed()))],
    "files that interleave": [
      await folder.write("c.csv", csvText(even)),
      await folder.write("d.csv", csvText(odd)),
    ],
    "overlapping files, newest first": [
      await folder.write("e.csv", csvText(whole.slice(600).toReversed())),
      await folder.write("f.jsonl", messagesText(whole.slice(0, 700).toReversed(), "trade")),
    ],
    "members in random order": [
      await folder.write(
        "g.zip",
        await zip({
          "a": csvText(whole.slice(900)),
          "b": csvText(whole.slice(0, 500)),
          "c": csvText(whole.slice(500, 900)),
        }),
      ),
    ],
  };
  const expected = computeReference(whole, DEFAULTS);
  for (const [what, files] of Object.entries(ways)) {
    const events = await eventsFrom(["--sort", ...files]);
    const duplicates = what.includes("overlap")
      ? expected.totals.duplicates + 100
      : expected.totals.duplicates;
    assertSame(events, { ...expected, totals: { ...expected.totals, duplicates } }, what);
    const models = await eventsFrom(["--sort", "--models", ...files]);
    const lanes = models.filter(({ type }) => type === "model");
    assertEquals(lanes.map(({ trades }) => trades), [expected.totals.trades, expected.totals.trades]);
  }
});

Deno.test("penstock backtest recognises a reset of the ids between two files, sorted or not", async () => {
  await using folder = new Folder();
  const old = walk(7, 400, { firstId: 5_000 });
  const later = old.at(-1)!.time + 3_600_000_000 - walk(8, 1)[0]!.time;
  const fresh = walk(8, 300, { firstId: 1 }).map((trade) => ({ ...trade, time: trade.time + later }));
  const files = [
    await folder.write("old.csv", csvText(old)),
    await folder.write("new.csv", csvText(fresh)),
  ] as const;
  const before = computeReference(old, DEFAULTS);
  for (
    const args of [files, ["--sort", files[1], files[0]], [
      await folder.write("one", csvText([...old, ...fresh])),
    ]]
  ) {
    const events = await eventsFrom(args);
    const at = events.findIndex(({ type }) => type === "reset");
    const { fromId, lastId, time } = events[at]!;
    assertEquals([fromId, lastId, time], [1, old.at(-1)!.lastId, isoTime(fresh[0]!.time)]);
    // Everything before the reset is what the old trades alone give, except for orders that expire at their end.
    assertEquals(traded(events.slice(0, at)), before.events.filter(({ type }) => type !== "expired"));
    const summary = events.at(-1)!;
    const { trades, duplicates, outOfOrder, resets, gaps } = summary;
    assertEquals([trades, duplicates, outOfOrder, resets, gaps], [700, 0, 0, 1, 0]);
    const signals = events.slice(at).filter(({ type }) => type === "signal");
    assert(signals.every(({ tradeId }) => Number(tradeId) >= DEFAULTS.long), "the averages start again");
    assert(signals.length > 0);
  }
});

Deno.test("penstock backtest reports how often gaps emptied the averages", async () => {
  await using folder = new Folder();
  const trades = walk(9, 300).filter((_, at) => at % 40 !== 39);
  const { code, stdout } = await backtest([await folder.write("a.csv", csvText(trades))]);
  assertEquals(code, 0);
  assertStringIncludes(stdout, "  7 gaps emptied the averages 7 times; the averages were never complete\n");
  const one = await backtest([await folder.write("b.csv", csvText(walk(9, 300).toSpliced(200, 1)))]);
  assertStringIncludes(one.stdout, "  1 gap emptied the averages once\n");
});

Deno.test("penstock backtest rejects a row with an impossible time, which does not change the sampling of the ratios", async () => {
  await using folder = new Folder();
  const trades = walk(10, 3_000);
  for (const wild of [trades[1_000]!.time + 200 * 86_400_000_000, 1_000_000_000_000]) {
    const rows = csvText(trades.with(1_000, { ...trades[1_000]!, time: wild }), "spot trades", USUAL);
    const file = await folder.write("wild.csv", rows);
    const { code, stderr } = await backtest(["--json", file]);
    assertEquals(code, 3);
    assertStringIncludes(stderr, "wild.csv:1001:1: the time of trade");
    const events = await eventsFrom(["--skip-bad", file]);
    assertSame(
      events,
      computeReference(trades.with(1_000, { ...trades[1_000]!, unusable: true } as FileTrade), DEFAULTS),
    );
    const { metrics, rejected } = events.at(-1)! as unknown as { metrics: PrintedEvent; rejected: number };
    const [whole] = (await eventsFrom([await folder.write("whole.csv", csvText(trades))])).slice(-1);
    assertEquals([metrics.sampling, rejected], [(whole!.metrics as PrintedEvent).sampling, 1]);
  }
});

Deno.test("penstock backtest warns about files that add no trade", async () => {
  await using folder = new Folder();
  const [first, second, third] = await Promise.all([
    folder.write("1.csv", csvText(FIRST)),
    folder.write("2.csv", csvText(SECOND)),
    folder.write("3.csv", csvText(THIRD)),
  ]);
  const ether = await folder.write(
    "ether",
    messagesText(FIRST, "trade").replaceAll("BTCUSDT", "ETHUSDT"),
  );
  const bare = await folder.write("bare.csv", csvText([], "futures trades", { ...USUAL, header: true }));
  const warnings = async (...words: string[]): Promise<string[]> => {
    const { code, stderr } = await backtest(["--log-level=warn", ...words]);
    assertEquals(code, 0, stderr);
    return stderr.trimEnd().split("\n").filter((line) => !line.includes("gap")).map((line) =>
      line.replace(/^.*WARN +/, "").replaceAll(`${folder.path}/`, "")
    );
  };
  const dropped = (files: string, trades: number): string =>
    `${files}: all ${trades} trades were read before, and were dropped`;
  assertEquals(await warnings(first, second, third), []);
  assertEquals(await warnings("--sort", third, first, second, first), [dropped("1.csv", FIRST.length)]);
  for (const sort of [[], ["--sort"]]) {
    assertEquals(await warnings(...sort, first, first, first, first, first, bare, ether), [
      "no trade of BTCUSDT in bare.csv, ether",
      dropped("1.csv, 1.csv, 1.csv and 1 more", 4 * FIRST.length),
    ]);
  }
});

Deno.test("penstock backtest stops at trades out of order at the end of the input", async () => {
  await using folder = new Folder();
  // Never seen, but too few to show that the ids started over.
  const last = walk(3, 4, { firstId: 10 }).map((trade, at) => ({
    ...trade,
    time: TRADES.at(-1)!.time + 1_000_000 * (at + 1),
  }));
  const one = await folder.write("one.csv", csvText([...TRADES, ...last]));
  const files = [await folder.write("1.csv", csvText(TRADES)), await folder.write("2.csv", csvText(last))];
  for (const words of [[one], files]) {
    const { code, stderr } = await backtest(words);
    assertEquals(code, 3, stderr);
    const place = words.length === 1 ? `${one}:${TRADES.length + 1}:1` : `${files[1]}:1:1`;
    assertStringIncludes(stderr, `${place}: trade 10 is out of order`);
    assertStringIncludes(stderr, "--sort");
    const skipping = await backtest(["--log-level=warn", "--json", "--skip-bad", ...words]);
    assertEquals(skipping.code, 0, skipping.stderr);
    assertEquals(eventsOf(skipping.stdout).at(-1)!.outOfOrder, last.length);
    assertStringIncludes(skipping.stderr, "trade 10 is out of order");
    // They still count as trades of the symbol.
    assert(!skipping.stderr.includes("no trade of"), skipping.stderr);
  }
  // If the run stops before them, they are not checked.
  const trades = computeReference(TRADES, DEFAULTS).totals.trades;
  const cut = await eventsFrom([`--stop-after=${trades}`, one]);
  assertEquals(cut.at(-1)!.ended, "stop-after");
});

Deno.test("penstock backtest warns about a CSV file that is named after another symbol", async () => {
  await using folder = new Folder();
  const names = [
    "PEPEUSDT-trades-2025-01-01.csv",
    "PEPEUSDT-trades-2025-01-02.csv",
    "BTCUSDT-trades-2025-01-01",
  ];
  const files = await Promise.all(
    [FIRST, SECOND, THIRD].map((trades, at) => folder.write(names[at]!, csvText(trades))),
  );
  const { code, stderr } = await backtest(["--log-level=warn", ...files]);
  assertEquals(code, 0);
  const [warning, ...more] = stderr.split("\n").filter((line) => !line.includes("gap"));
  assertStringIncludes(
    warning!,
    `${files[0]} has PEPEUSDT in its name, but is read as BTCUSDT: if that is wrong, give --symbol PEPEUSDT`,
  );
  assertEquals(more.filter((line) => line !== ""), []);
});

Deno.test("penstock backtest --sort ends with a summary when the time runs out before the files are sorted", async () => {
  await using folder = new Folder();
  const file = await folder.write("trades.csv", csvText(TRADES));
  const { code, stdout, stderr } = await backtest([
    "--json",
    "--sort",
    "--for=1ms",
    ...Array<string>(200).fill(file),
  ]);
  assertEquals([code, stderr], [0, ""]);
  const { type, trades, ended } = eventsOf(stdout).at(-1)!;
  assertEquals([type, trades, ended], ["summary", 0, "for"]);
});

Deno.test("penstock backtest reads the members of an archive in name order", async () => {
  await using folder = new Folder();
  const archive = await zip({
    "trades-2025-01-03.csv": csvText(THIRD, "spot aggTrades"),
    "readme/": "",
    "__MACOSX/._trades-2025-01-01.csv": "rubbish",
    "trades-2025-01-01.csv": csvText(FIRST),
    "trades-2025-01-02.csv.gz": gzip(csvText(SECOND)),
  });
  await assertMatchesReference([await folder.write("trades.zip", archive)], TRADES, DEFAULTS);
});

Deno.test("penstock backtest reads a file that matches the checksum beside it", async () => {
  await using folder = new Folder();
  const archive = await zip({ "trades.csv": csvText(TRADES) });
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", archive)).toHex();
  await folder.write("trades.zip.CHECKSUM", `${digest}  trades.zip\n`);
  await assertMatchesReference([await folder.write("trades.zip", archive)], TRADES, DEFAULTS);
});

Deno.test("penstock backtest skips the trades of other symbols", async () => {
  await using folder = new Folder();
  const ether: FileTrade[] = walk(5, 2_000);
  const ours = messagesText(TRADES, "trade").split("\n");
  const theirs = messagesText(ether, "trade").replaceAll("BTCUSDT", "ETHUSDT").split("\n");
  const file = await folder.write(
    "both.jsonl",
    ours.flatMap((line, at) => [line, theirs[at] ?? ""]).join("\n"),
  );
  await assertMatchesReference([file], TRADES, DEFAULTS);
  await assertMatchesReference(["--symbol=ETHUSDT", file], ether, { ...DEFAULTS, symbol: "ETHUSDT" });
});

/** A line that Penstock writes between the frames of a recording. */
function note(event: string, more = ""): string {
  return `1723161253937085 {"penstock":{"event":"${event}"${more}}}\n`;
}

const STARTED = note("recording", `,"version":1,"symbol":"BTCUSDT"`);
const CONNECTED = note("connected", `,"endpoint":"ws://127.0.0.1:1","attempt":1`);
const DISCONNECTED = note("disconnected", `,"reason":"the connection broke","retryInMs":5`);

Deno.test("penstock backtest refuses every order while the recorded run is disconnected, and fills again afterwards", async () => {
  await using folder = new Folder();
  const [before, without, after] = [FIRST, SECOND, THIRD].map((part) => recordingText(part, "trade", "µs"));
  const file = await folder.write(
    "recording.txt",
    STARTED + CONNECTED + before + DISCONNECTED + without + CONNECTED + after + note("ended"),
  );
  const events = await eventsFrom([file]);
  const ids = (type: string) =>
    events.filter((event) => event.type === type).map(({ tradeId }) => Number(tradeId));
  const isWithout = (id: number) => id >= SECOND[0]!.firstId && id < THIRD[0]!.firstId;
  const signals = computeReference(TRADES, DEFAULTS).events.filter(({ type }) => type === "signal");
  assertEquals(events.filter(({ type }) => type === "signal"), signals as unknown as typeof events);
  assertEquals(ids("fill").filter(isWithout), []);
  assertEquals(ids("refusal").filter(isWithout), ids("signal").filter(isWithout));
  assert(ids("signal").some(isWithout) && ids("fill").some((id) => id >= THIRD[0]!.firstId));
  const refused = events.filter(({ type, tradeId }) => type === "refusal" && isWithout(Number(tradeId)));
  assertEquals(new Set(refused.map(({ reason }) => reason)), new Set(["disconnected"]));
  assertEquals(
    events.filter(({ type }) => type.endsWith("connected")).map(({ type }) => type),
    ["connected", "disconnected", "connected"],
  );
});

Deno.test("penstock backtest trades a file that follows a recording that ended disconnected", async () => {
  await using folder = new Folder();
  const recording = STARTED + CONNECTED + recordingText(FIRST, "trade", "µs") + DISCONNECTED + note("ended");
  const files = [
    await folder.write("1.txt", recording),
    await folder.write("2.csv", csvText([...SECOND, ...THIRD])),
  ];
  await assertMatchesReference(files, TRADES, DEFAULTS);
});

/** The first line of one process's recording of the run, which continues the journal at `entry`. */
const startedAt = (entry: number): string =>
  note("recording", `,"version":1,"symbol":"BTCUSDT","run":1,"entry":${entry},"hash":"${"0".repeat(64)}"`) +
  CONNECTED;

/** `count` trades whose ids start over at `firstId`, after all of TRADES. */
function startedOver(firstId: number, count: number, seconds: number): FileTrade[] {
  const time = TRADES.at(-1)!.time + 1_000_000 * seconds;
  return walk(4, count, { firstId }).map((trade, at) => ({ ...trade, time: time + 1_000 * at }));
}

/** A gap event as [fromId, toId, filled], a reset as [fromId, lastId]. */
function holesIn(events: readonly PrintedEvent[]): unknown[] {
  return events.flatMap(({ type, fromId, toId, filled, lastId }) =>
    type === "gap" ? [[fromId, toId, filled]] : type === "reset" ? [[fromId, lastId]] : []
  );
}

Deno.test("penstock backtest continues with a second recording as the resumed run did", async () => {
  await using folder = new Folder();
  const read = async (first: string, second: string, ...words: string[]): Promise<PrintedEvent[]> => {
    const one = await folder.write("1.txt", startedAt(1) + first + note("ended"));
    const two = await folder.write("2.txt", startedAt(50) + second + note("ended"));
    return await eventsFrom([...words, one, two]);
  };
  const frames = (trades: readonly FileTrade[]): string => recordingText(trades, "trade", "µs");
  const whole = walk(3, 200);
  const lastId = whole.at(-1)!.lastId;
  // Three trades whose ids started over were no reset yet for the first process, and the second never had them.
  const split = await read(frames([...whole, ...startedOver(10, 3, 1)]), frames(startedOver(13, 30, 2)));
  assertEquals(holesIn(split), [[13, lastId]]);
  assertEquals([split.at(-1)!.outOfOrder, split.at(-1)!.trades], [3, 230]);
  // A gap is filled before a live trade closes it; the ids that the exchange lacks must not count in the new sequence.
  const late = (trades: readonly FileTrade[], through?: number): string => {
    const rows = trades.map((
      { firstId, lastId, price, quantity, time, buyerIsMaker },
    ) => [firstId, lastId, price, quantity, time / 1_000, buyerIsMaker]);
    const more = through === undefined ? "" : `,"through":${through}`;
    return note("late", `,"trades":${JSON.stringify(JSON.stringify(rows))}`) +
      note("settled", `,"filled":${trades.length}${more}`);
  };
  const fetched = { ...whole.at(-1)!, firstId: lastId + 1, lastId: lastId + 1 };
  const fresh = startedOver(10, 40, 2);
  const [before, missed, after] = [fresh.slice(0, 20), fresh.slice(20, 25), fresh.slice(25)];
  const again = await read(
    frames(whole) + late([fetched], lastId + 20),
    frames(before) + late(missed) + frames(after),
  );
  assertEquals(holesIn(again), [[10, lastId + 1], [30, 34, 5]]);
  assert(again.every(({ type, absent }) => type !== "gap" || absent === undefined));
  // Orders that were waiting when the first process stopped expired at that moment.
  const part = whole.slice(0, 150);
  const waited = await read(frames(part), frames(whole.slice(150)), "--latency=1h");
  const [expired, ...more] = waited.filter(({ type }) => type === "expired");
  const behind = waited.findIndex(({ tradeId }) => Number(tradeId) > part.at(-1)!.lastId);
  assert(expired !== undefined && more.length > 0 && behind > 0);
  assert(waited.indexOf(expired) < behind);
});

/** The events that feed, reader and pipeline make from a file read in chunks of `chunkBytes`. */
async function eventsThrough(file: string, chunkBytes: number): Promise<PipelineEvent[]> {
  const reader = new ChunkReader(new BinanceMessageReader("BTCUSDT"), true);
  const pipeline = new Pipeline(optionsOf(DEFAULTS));
  const events: PipelineEvent[] = [];
  for await (const chunk of recordedChunks([file], { chunkBytes })) {
    reader.open(chunk);
    do events.push(...pipeline.run(reader)); while (reader.takeNote() !== null);
  }
  return [...events, ...pipeline.end()];
}

function inTwoMembers(text: string): Uint8Array<ArrayBuffer> {
  const middle = text.length >> 1;
  return joined(gzip(text.slice(0, middle)), gzip(text.slice(middle)));
}

function inPieces(bytes: Uint8Array<ArrayBuffer>, size: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) controller.close();
      else controller.enqueue(bytes.slice(at, at += size));
    },
  });
}

Deno.test("penstock backtest --sort treats rows after a recording that ended without a connection or rules as a separate file", async () => {
  await using folder = new Folder();
  const lines = recordingText(FIRST, "trade", "µs").trimEnd().split("\n");
  const [start, end] = [lines[0]!, lines.at(-1)!].map((line) => line.split(" ")[0]!);
  const note = (time: string, note: RecordingNote) => `${time} ${noteText(note)}`;
  const recording = [
    note(start!, { event: "recording", version: 1, symbol: DEFAULTS.symbol }),
    note(start!, { event: "rules-awaited" }),
    ...lines,
    note(end!, { event: "disconnected", reason: "gone", retryInMs: 1 }),
  ].join("\n") + "\n";
  const files = [await folder.write("a.txt", recording), await folder.write("b.csv", csvText(SECOND))];
  const plain = traded(await eventsFrom(files));
  assert(plain.some(({ type }) => type === "fill"));
  assertEquals(traded(await eventsFrom(["--sort", ...files])), plain);
});
