/** `penstock backtest` on unusable input: it reports where and why, once, and ends with 3. */
import { assert, assertMatch, assertStringIncludes } from "@std/assert";
import { Folder, gzip, zip } from "../feeds/recorded_input.ts";
import { BOOLEAN, HEADERS, ID, PRICE, QUANTITY, TIME, withField } from "../support/csv.ts";
import { eventsOf, type Input } from "../support/penstock.ts";
import { DEFAULTS } from "../support/pipeline_input.ts";
import { computeReference } from "../support/reference.ts";
import { csvRows, csvText, messagesText, recordingText, USUAL, walk } from "../support/trade_files.ts";
import { all, backtest, backtestAlone, eventsFrom, traded } from "./backtest_run.ts";
import { assertEquals } from "../support/equals.ts";

/** The bad line is the 300th, after some fills. */
const GOOD = 299;
const TRADES = walk(6, 400);
const ROWS = csvRows(TRADES, "spot trades", USUAL);
const MESSAGES = messagesText(TRADES, "trade").split(/(?<=\n)/);
const ADVICE = ". With --skip-bad such lines are counted and skipped";
const BEFORE = computeReference(TRADES.slice(0, GOOD), DEFAULTS).events;

/** Asserts that a run prints only `message` (without the folder) and trades only what precedes the bad line. */
async function assertRefused(
  folder: Folder,
  args: readonly string[],
  message: string | RegExp,
  { input, good }: { readonly input?: Input | undefined; readonly good?: number | undefined } = {},
): Promise<void> {
  const all = ["--json", ...args];
  const { code, stdout, stderr } =
    await (input === undefined ? backtest(all) : backtestAlone(all, { input }));
  const shown = stderr.replaceAll(`${folder.path}/`, "");
  if (typeof message === "string") assertEquals(shown, `penstock: ${message}`);
  else assertMatch(shown, message);
  assertEquals([code, shown.split("\n").length], [3, 1], shown);
  const events = eventsOf(stdout);
  if (good === undefined) return assertEquals(events, []);
  assertEquals(events[0]!.type, "started");
  assertEquals(traded(events), computeReference(TRADES.slice(0, good), DEFAULTS).events);
  assertEquals(events.length, 1 + traded(events).length, "nothing else, and no summary");
}

function withLine(lines: readonly string[], change: (line: string) => string): string {
  return lines.with(GOOD, change(lines[GOOD]!)).join("");
}

Deno.test("penstock backtest fills orders before the bad lines of these tests", () => {
  assert(BEFORE.filter(({ type }) => type === "fill").length >= 3);
});

Deno.test("penstock backtest names file, line, column, field and value of a bad row, and what it expected", async () => {
  await using folder = new Folder();
  // The number of the field decides the column where it starts.
  const cases: readonly (readonly [field: number, change: (row: string) => string, message: string])[] = [
    [1, (row) => withField(row, 1, "37x"), `id is "37x": expected ${ID}`],
    [2, (row) => withField(row, 2, "abc"), `price is "abc": expected ${PRICE}`],
    [2, (row) => withField(row, 2, "0.00000000"), `price is "0.00000000": expected ${PRICE}`],
    [2, (row) => withField(row, 2, "6e4"), `price is "6e4": expected ${PRICE}`],
    [3, (row) => withField(row, 3, "-1"), `qty is "-1": expected ${QUANTITY}`],
    [3, (row) => withField(row, 3, ""), `qty is empty: expected ${QUANTITY}`],
    [5, (row) => withField(row, 5, "2024-08-08"), `time is "2024-08-08": expected ${TIME}`],
    [6, (row) => withField(row, 6, "yes"), `isBuyerMaker is "yes": expected ${BOOLEAN}`],
    [6, (row) => withField(row, 6, "\x1b[2J"), `isBuyerMaker is "\\u001b[2J": expected ${BOOLEAN}`],
    [7, (row) => row.replace(/,True\n$/, "\n"), `the row has 6 fields: expected 7 (${HEADERS[0]})`],
    [8, (row) => row.replace("\n", ",x\n"), `the row has 8 fields: expected 7 (${HEADERS[0]})`],
  ];
  await all(cases, async ([field, change, message], at) => {
    const row = change(ROWS[GOOD]!);
    const column = row.trimEnd().split(",").slice(0, field - 1).join(",").length + (field > 1 ? 2 : 1);
    const missing = field === 7 ? 1 : 0;
    const file = await folder.write(`${at}.csv`, withLine(ROWS, () => row));
    await assertRefused(folder, [file], `${at}.csv:300:${column - missing}: ${message}${ADVICE}`, {
      good: GOOD,
    });
  });
});

Deno.test("penstock backtest names line, column, field and value of a bad message, and what it expected", async () => {
  await using folder = new Folder();
  const cases: readonly (readonly [from: RegExp, to: string, field: RegExp | null, message: string])[] = [
    [/"p":"[^"]*"/, `"p":"-1"`, /"p"/, `price is "-1", not ${PRICE}`],
    [/"p":"[^"]*",/, "", null, `price is missing, not ${PRICE}`],
    [
      /"q":"[^"]*"/,
      `"q":"0"`,
      /"q"/,
      `quantity is "0", not ${QUANTITY}`,
    ],
    [/"t":\d+/, `"t":"x"`, /"t"/, `trade id is "x", expected a whole number`],
    [/"T":\d+/, `"T":null`, /"T"/, `trade time "T" is null, expected s, ms, µs or ns since 1970`],
    [/"m":true/, `"m":"True"`, /"m"/, `"m" is "True", not true or false`],
    [/"p".*/, "", null, "not JSON: found the end of the line, expected a Binance message"],
  ];
  await all(cases, async ([from, to, field, message], at) => {
    const line = MESSAGES[GOOD]!.replace(from, to);
    const file = await folder.write(`${at}.jsonl`, withLine(MESSAGES, () => line));
    const column = field !== null ? line.search(field) + 1 : message.startsWith("not JSON") ? line.length : 1;
    await assertRefused(folder, [file], `${at}.jsonl:300:${column}: ${message}${ADVICE}`, { good: GOOD });
  });
});

Deno.test("penstock backtest names the file that holds a bad line, compressed or not, and standard input", async () => {
  await using folder = new Folder();
  const bad = withLine(ROWS, (row) => withField(row, 2, "abc"));
  const message = `:300:12: price is "abc": expected ${PRICE}${ADVICE}`;
  const half = ROWS.slice(0, 150).join("");
  // Line numbers start again in each file.
  const cases: readonly (readonly [files: readonly string[], name: string, input?: Input])[] = [
    [[await folder.write("bad.csv.gz", gzip(bad))], "bad.csv.gz"],
    [[await folder.write("bad.zip", await zip({ "a.csv": half, "b.csv": bad }))], "bad.zip (b.csv)"],
    [["-"], "standard input", bad],
    [["-"], "standard input", gzip(bad)],
    [[await folder.write("good.csv", half), await folder.write("bad.csv", bad)], "bad.csv"],
  ];
  await all(
    cases,
    ([files, name, input]) => assertRefused(folder, files, name + message, { input, good: GOOD }),
  );
});

Deno.test("penstock backtest reports compressed data that is cut off or damaged, and trades what precedes it", async () => {
  await using folder = new Folder();
  // Random digits compress poorly, so half of the file is about half of the trades.
  const text = csvText(walk(7, 12_000));
  const compressed = gzip(text);
  const archive = await zip({ "a.csv": text });
  const again = ". Fetch or copy the file again";
  const cases: readonly (readonly [name: string, bytes: Uint8Array, message: string | RegExp])[] = [
    [
      "cut.gz",
      compressed.slice(0, -1_000),
      `cut.gz: the gzip data is cut off: it ends in the middle${again}`,
    ],
    [
      "damaged.gz",
      compressed.with(-5, compressed.at(-5)! ^ 255),
      /^penstock: damaged.gz: the gzip data is damaged: .*again$/,
    ],
    [
      "more.gz",
      new Uint8Array([...compressed, 1, 2, 3]),
      /^penstock: more.gz: something that is not gzip follows the gzip data/,
    ],
    [
      "cut.zip",
      archive.slice(0, -1_000),
      `cut.zip: the zip archive is cut off: the table of contents at its end is missing${again}`,
    ],
    [
      "damaged.zip",
      withWrongSum(archive),
      /^penstock: damaged.zip \(a.csv\): the zip archive is damaged: .*again$/,
    ],
  ];
  await all(cases, async ([name, bytes, message]) => {
    const { code, stdout, stderr } = await backtest([
      "--json",
      "--skip-bad",
      await folder.write(name, bytes),
    ]);
    const shown = stderr.replaceAll(`${folder.path}/`, "");
    if (typeof message === "string") assertEquals(shown, `penstock: ${message}`);
    else assertMatch(shown, message);
    assertEquals([code, shown.split("\n").length], [3, 1]);
    const events = eventsOf(stdout);
    assert(events.every(({ type }) => type !== "summary"));
    // The missing table of contents is noticed before anything is read.
    assertEquals(events.length > 0, name !== "cut.zip", name);
  });
});

Deno.test("penstock backtest reports the damage to an archive rather than a bad line in it", async () => {
  await using folder = new Folder();
  // Far more than one read follows the bad line, so the end is not known yet.
  const text = withLine(ROWS, (row) => withField(row, 2, "abc")) + csvText(walk(7, 12_000));
  const compressed = gzip(text);
  const archive = await zip({ "a.csv": text, "b.csv": "no trades\n" });
  const row = `:${GOOD + 1}:12: price is "abc": expected ${PRICE}${ADVICE}`;
  const cases: readonly (readonly [name: string, bytes: Uint8Array, message: string | RegExp])[] = [
    ["whole.gz", compressed, `whole.gz${row}`],
    [
      "damaged.gz",
      compressed.with(-5, compressed.at(-5)! ^ 255),
      /^penstock: damaged.gz: the gzip data is damaged: /,
    ],
    ["cut.gz", compressed.slice(0, -8), /^penstock: cut.gz: the gzip data is cut off: /],
    ["whole.zip", archive, `whole.zip (a.csv)${row}`],
    [
      "damaged.zip",
      withWrongSum(await zip({ "a.csv": text })),
      /^penstock: damaged.zip \(a.csv\): the zip archive is /,
    ],
  ];
  await all(
    cases,
    async ([name, bytes, message]) =>
      await assertRefused(folder, [await folder.write(name, bytes)], message, { good: GOOD }),
  );
});

/** The archive with a wrong checksum in its table of contents. */
function withWrongSum(archive: Uint8Array<ArrayBuffer>): Uint8Array {
  const entry = new TextDecoder("latin1").decode(archive).lastIndexOf("PK\x01\x02");
  return archive.with(entry + 16, archive[entry + 16]! ^ 255);
}

Deno.test("penstock backtest identifies files that hold no trades", async () => {
  await using folder = new Folder();
  const cases: readonly (readonly [name: string, content: string | Uint8Array, message: string | RegExp])[] =
    [
      [
        "rubbish",
        Uint8Array.of(0xc3, 0x28, 0, 1, 2, 3),
        /: rubbish:1: it is not text: .* c3 28 00 01 02 03; Penstock reads /,
      ],
      ["zeros", new Uint8Array(4_096), /: zeros:1: it is not text: /],
      ["empty.csv", "", "empty.csv: it is empty, expected recorded trades"],
      ["blank.csv", "\n \r\n\n", "blank.csv: it is empty, expected recorded trades"],
      ["empty.csv.gz", gzip(""), "empty.csv.gz: it is empty, expected recorded trades"],
      ["empty.zip", await zip({}), "empty.zip: the zip archive holds no file with trades"],
      ["header.csv", `${HEADERS[3]}\n`, "header.csv: no trade of BTCUSDT was found."],
      [
        "kraken.csv",
        "1763000000.1234,105944.2,0.5,b,m\n",
        /: kraken.csv:1: the first line has 5 columns: "1763.*; expected /,
      ],
      [
        "coinbase.csv",
        "time,trade_id,price,size\n",
        /: coinbase.csv:1: the header "time,trade_id,price,size" names no .*Coinbase.*--columns time,id,price,quantity/,
      ],
      [
        "klines.csv",
        `${Array(12).fill("1").join()}\n`,
        /: klines.csv:1: the first line has 12 columns: .*, as candles \(klines\) have: the only candles that Penstock reads are the klines/,
      ],
      ["quoted.csv", `"1","2"\n`, /: quoted.csv:1: the fields are quoted: /],
      [
        "coinbase.jsonl",
        `{"type":"match","trade_id":10,"product_id":"BTC-USD","price":"400.23"}\n`,
        /: coinbase.jsonl:1:1: not a Binance trade message: found "{\\"type.*", expected a trade or aggTrade\. With/,
      ],
      [
        "kraken.jsonl",
        `{"channel":"trade","type":"update","data":[{}]}\n`,
        /: kraken.jsonl:1:1: not a Binance trade/,
      ],
      [
        "array.json",
        `[{"e":"trade"}]\n`,
        /: array.json:1: it is a JSON array, expected one message per line: use "jq /,
      ],
      [
        "page.csv",
        "<html>\n",
        /: page.csv:1: it is a web page or XML: perhaps an error page that was downloaded/,
      ],
      ["trades.parquet", "PAR1abc", /: trades.parquet: the Parquet file is cut off or damaged: /],
      [
        "trades.zst",
        Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 4),
        /: trades.zst:1: it is compressed with Zstandard: use "zstd -dc/,
      ],
      ["long.csv", ROWS[0]! + "1".repeat(2 << 20), /: long.csv:2:1: the line is longer than 1 MiB/],
    ];
  await all(cases, async ([name, content, message]) => {
    const file = await folder.write(name, content);
    const good = name === "long.csv" ? 1 : undefined;
    await assertRefused(folder, [file], message, { good });
  });
});

Deno.test("penstock backtest suggests --skip-bad only where it helps", async () => {
  await using folder = new Folder();
  const file = await folder.write("kraken.csv", "1763000000.1234,105944.2,0.5,b,m\n".repeat(3));
  const [strict, skipping] = await Promise.all([[file], ["--skip-bad", file]].map((args) => backtest(args)));
  assertEquals([strict!.code, skipping!.code], [3, 3]);
  assertEquals(strict!.stderr, skipping!.stderr);
  assert(!strict!.stderr.includes("--skip-bad"), strict!.stderr);
});

Deno.test("penstock backtest rejects missing files, folders and a second standard input before it reads anything", async () => {
  await using folder = new Folder();
  const good = await folder.write("good.csv", ROWS.join(""));
  await folder.write("trades.csv.CHECKSUM", `${"0".repeat(64)}  trades.csv\n`);
  const cases: readonly (readonly [args: readonly string[], message: string | RegExp])[] = [
    [[good, `${folder.path}/none.csv`], "none.csv: there is no such file"],
    [
      [good, folder.path],
      /: \/.*: is a folder, expected a file or a folder of recordings: name the files in it$/,
    ],
    [["-", good, "-"], `standard input: it can be read only once: give "-" only once`],
    [
      ["--sort", good, "-"],
      /^penstock: standard input: it can be read only once, so it cannot be sorted/,
    ],
    [
      [good, await folder.write("trades.csv", ROWS.join(""))],
      /^penstock: trades.csv: its SHA-256 is [0-9a-f]{64}, but trades.csv.CHECKSUM says 0{64}: fetch the file again$/,
    ],
  ];
  await all(cases, ([args, message]) => assertRefused(folder, args, message));
});

Deno.test("penstock backtest reports all missing files at once", async () => {
  await using folder = new Folder();
  const good = await folder.write("good.csv", ROWS.join(""));
  const { code, stdout, stderr } = await backtest(["none.csv", good, folder.path, "nor.csv"]);
  assertEquals([code, stdout], [3, ""]);
  assertEquals(stderr.split("\n"), [
    "penstock: none.csv: there is no such file",
    `penstock: ${folder.path}: is a folder, expected a file or a folder of recordings: name the files in it`,
    "penstock: nor.csv: there is no such file",
  ]);
});

Deno.test("penstock backtest names the symbols that a file holds instead, and --symbol", async () => {
  await using folder = new Folder();
  const theirs = (text: string) =>
    text.split("\n").map((line, at) => line.replaceAll("BTCUSDT", ["ETHUSDT", "BNBUSDT"][at % 2]!)).join(
      "\n",
    );
  const message = "no trade of BTCUSDT was found. It holds trades of ETHUSDT, BNBUSDT: choose with --symbol.";
  await assertRefused(
    folder,
    [await folder.write("a", theirs(messagesText(TRADES, "trade")))],
    `a: ${message}`,
  );
  const recording = recordingText(TRADES, "combined aggTrade", "µs");
  const input = recording.replaceAll("BTCUSDT", "ETHUSDT");
  await assertRefused(folder, ["-"], `standard input: ${message.replace(", BNBUSDT", "")}`, { input });
});

Deno.test("penstock backtest stops at an id that is far from the others, and reports its place", async () => {
  await using folder = new Folder();
  const wild = 999_999_999_999;
  const message = `id ${wild} is far from the one before`;
  for (const [name, lines, id] of [["rows", ROWS, /^\d+/], ["messages", MESSAGES, /(?<="t":)\d+/]] as const) {
    const spoilt = lines.with(GOOD, lines[GOOD]!.replace(id, String(wild)));
    const file = await folder.write(name, spoilt.join(""));
    const place = new RegExp(`: ${name}:${GOOD + 1}(:1)?: trade ${message}, `);
    await assertRefused(folder, [file], place, { good: GOOD });
    // If no later trade contradicts it, it is counted as rejected and is no error.
    const last = await folder.write(`last ${name}`, spoilt.slice(0, GOOD + 1).join(""));
    for (const args of [[last], ["--skip-bad", file]]) {
      const events = await eventsFrom(args);
      const rejected = events.find(({ type }) => type === "rejected")!;
      assertEquals([rejected.count, events.at(-1)!.rejected], [1, 1]);
      assertMatch(String(rejected.reason), new RegExp(`${name}:${GOOD + 1}(:1)?: trade ${message}`));
    }
  }
});

Deno.test("penstock backtest emits its start before a bad line if a trade precedes it", async () => {
  await using folder = new Folder();
  const rows = ROWS.with(30, "x\n");
  const message = /: standard input:31:2: the row has 1 field: expected 7 /;
  await assertRefused(folder, ["-"], message, { input: rows.join(""), good: 30 });
  const first = /: first\.csv:1:2: the row has 1 field: expected 7 /;
  await assertRefused(folder, [await folder.write("first.csv", "x\n" + ROWS.join(""))], first);
  const only = await folder.write("only.csv", "x\n");
  await assertRefused(folder, [only], /: only\.csv:1: the first line has no commas/);
});

Deno.test("penstock backtest reports the same error without --json, and prints nothing on standard output", async () => {
  await using folder = new Folder();
  const file = await folder.write("bad.csv", withLine(ROWS, (row) => withField(row, 2, "abc")));
  const { code, stdout, stderr } = await backtest([file]);
  assertEquals([code, stdout], [3, ""]);
  assertStringIncludes(stderr, `penstock: ${file}:300:12: price is "abc": expected`);
  assertEquals(stderr.split("\n").length, 1);
});

Deno.test("penstock backtest --skip-bad warns about a trade that only the end of the input shows to be out of order", async () => {
  await using folder = new Folder();
  // It could be the first of ids that start over, but no other follows.
  const last = { ...TRADES[0]!, time: TRADES.at(-1)!.time + 1_000_000 };
  const file = await folder.write("a.csv", csvText([...TRADES.slice(1), last]));
  const { code, stdout, stderr } = await backtest(["--json", "--skip-bad", "--log-level=warn", file]);
  assertEquals([code, eventsOf(stdout).at(-1)!.outOfOrder], [0, 1]);
  assertStringIncludes(stderr, `a.csv:${TRADES.length}:1: trade ${last.lastId} is out of order`);
});
