/**
 * `penstock backtest` reads every layout: the same trades give the same events in each, and they match the reference.
 */
import { assert } from "@std/assert";
import { Folder } from "../feeds/recorded_input.ts";
import { DEFAULTS, type MessageShape } from "../support/pipeline_input.ts";
import { type Choices, computeReference } from "../support/reference.ts";
import {
  CSV_LAYOUTS,
  type CsvStyle,
  csvText,
  type FileTrade,
  messagesText,
  recordingText,
  walk,
} from "../support/trade_files.ts";
import { all, assertSame, eventsFrom } from "./backtest_run.ts";

/** Options and their meaning. Every kind of layout is run with all of them. */
const RUNS: readonly { readonly options: readonly string[]; readonly choices: Choices }[] = [
  { options: [], choices: DEFAULTS },
  {
    options: ["--slippage=1.5", "--latency=250ms", "--min-notional=999.6"],
    choices: { ...DEFAULTS, slippage: "1.5", latency: 250_000, minNotional: "999.6" },
  },
  {
    options: [
      ...["--short=3", "--long=11", "--fee=0.00075", "--stake=2500.5", "--lot=0.001", "--tick=0.05"],
      ...["--slippage=3", "--latency=70ms", "--max-drawdown=2%"],
    ],
    choices: {
      ...{ ...DEFAULTS, short: 3, long: 11, fee: "0.00075", stake: "2500.5", lot: "0.001", tick: "0.05" },
      ...{ slippage: "3", latency: 70_000, maxDrawdown: "0.02" },
    },
  },
];

/** Runs each file with one of RUNS, in turn, and compares the results with the reference for `trades`. */
async function assertAllSame(
  trades: readonly FileTrade[],
  files: Readonly<Record<string, string>>,
): Promise<void> {
  await using folder = new Folder();
  const expected = RUNS.map(({ choices }) => computeReference(trades, choices));
  for (const { events } of expected) assert(events.filter(({ type }) => type === "fill").length >= 5);
  await all(Object.entries(files), async ([name, text], at) => {
    const { options } = RUNS[at % RUNS.length]!;
    const events = await eventsFrom([...options, await folder.write(`${at}`, text)]);
    assertSame(events, expected[at % RUNS.length]!, `${name} ${options.join(" ")}`);
  });
}

const SINGLE = walk(1, 1_500, { holes: 3, twice: 20 });

Deno.test("the files of these tests cause refusals, halts, gaps, expiries and fills", () => {
  const types = new Set(
    RUNS.flatMap(({ choices }) => computeReference(SINGLE, choices).events).map(({ type }) => type),
  );
  for (const type of ["signal", "refusal", "halt", "gap", "fill", "expired"] as const) {
    assert(types.has(type), type);
  }
});

for (const layout of CSV_LAYOUTS) {
  Deno.test(`penstock backtest reads ${layout} with or without header, in ms or µs, with True or true`, async () => {
    // Covers every pair of values of any two of the three.
    const styles: CsvStyle[] = [
      { header: true, unit: "ms", capital: true },
      { header: true, unit: "µs", capital: false },
      { header: false, unit: "ms", capital: false },
      { header: false, unit: "µs", capital: true },
    ];
    const files = Object.fromEntries(
      styles.map((style) => [`${layout} ${JSON.stringify(style)}`, csvText(SINGLE, layout, style)]),
    );
    await assertAllSame(SINGLE, files);
  });
}

Deno.test("penstock backtest reads recordings of raw and combined frames, with times in ns, µs and ms", async () => {
  const shapes: MessageShape[] = ["trade", "aggTrade", "combined trade", "combined aggTrade"];
  const files = shapes.flatMap((shape) =>
    (["ns", "µs"] as const).map((unit) => [`${shape} ${unit}`, recordingText(SINGLE, shape, unit)])
  );
  files.push(["old trade ms", recordingText(SINGLE, "old trade", "ms")]);
  await assertAllSame(SINGLE, Object.fromEntries(files));
});

Deno.test("penstock backtest reads messages of trades and aggregates, one per line", async () => {
  const shapes: MessageShape[] = ["trade", "old trade", "combined trade", "aggTrade", "combined aggTrade"];
  const files = shapes.map((shape) => [shape, messagesText(SINGLE, shape)]);
  files.push(["CRLF", messagesText(SINGLE, "trade").replaceAll("\n", "\r\n")]);
  await assertAllSame(SINGLE, Object.fromEntries(files));
});

Deno.test("penstock backtest uses the ids and times of the trades in an aggregate", async () => {
  const trades = walk(2, 2_000, { aggregated: true, fine: true, holes: 3, twice: 20 });
  const style = { header: true, unit: "µs", capital: false } as const;
  await assertAllSame(trades, {
    "spot aggTrades": csvText(trades, "spot aggTrades", { ...style, header: false, capital: true }),
    "futures aggTrades, CRLF": csvText(trades, "futures aggTrades", { ...style, ending: "\r\n" }),
    "no line feed at the end": csvText(trades, "futures aggTrades", style).trimEnd(),
    "blank lines and a byte order mark": `\ufeff\n${csvText(trades, "spot aggTrades", style)}\n\n`,
    "columns in another order": reordered(csvText(trades, "futures aggTrades", style)),
    "messages": messagesText(trades, "aggTrade"),
    "recording": recordingText(trades, "combined aggTrade", "ns"),
  });
});

/** A CSV file with its columns from last to first. */
function reordered(text: string): string {
  return text.trimEnd().split("\n").map((row) => `${row.split(",").reverse().join(",")}\n`).join("");
}
