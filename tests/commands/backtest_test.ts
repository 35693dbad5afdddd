/** `penstock backtest` from outside: what it prints, what ends it, and how it is called. */
import { assert, assertEquals, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import { bytesOf, Folder } from "../feeds/recorded_input.ts";
import { withField } from "../support/csv.ts";
import { inProcess } from "../support/in_process.ts";
import { commandLine, eventsOf, type Finished, type PrintedEvent } from "../support/penstock.ts";
import { DEFAULTS } from "../support/pipeline_input.ts";
import { computeReference } from "../support/reference.ts";
import { csvRows, csvText, type FileTrade, USUAL, walk } from "../support/trade_files.ts";
import {
  assertMatchesReference,
  assertSame,
  backtest,
  backtestAlone,
  eventsFrom,
  startBacktest,
} from "./backtest_run.ts";
import { assertBacktest } from "./event_contract.ts";
import { soonMs } from "../support/soon.ts";

const TRADES = walk(9, 1_500, { holes: 3, twice: 20 });
const ENDING_MS = 2_000;
const BLOCK = 2_000;

/** Trades without end, a block at a time. */
function* endlessBlocks(): Generator<FileTrade[], never> {
  for (let firstId = 1;; firstId += BLOCK) yield walk(firstId, BLOCK, { firstId });
}

/** The same, one by one. */
function* endlessTrades(): Generator<FileTrade> {
  for (const block of endlessBlocks()) yield* block;
}

/** Input without end: one trade after the other, as fast as they are read. */
function endless(): ReadableStream<Uint8Array<ArrayBuffer>> {
  const blocks = endlessBlocks();
  return new ReadableStream({
    pull: (controller) => controller.enqueue(bytesOf(csvText(blocks.next().value))),
  });
}

/** Input from a writer that stops writing but keeps the pipe open. */
function silentAfter(text: string): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    start(controller) {
      if (text !== "") controller.enqueue(bytesOf(text));
    },
  });
}

/** Asserts that it ended successfully and in time; returns the events, which follow the contract. */
async function endedWell(finished: Promise<Finished>): Promise<PrintedEvent[]> {
  const { code, stdout, stderr } = await finished;
  assertEquals([code, stderr], [0, ""]);
  const events = eventsOf(stdout);
  assertBacktest(events);
  return events;
}

Deno.test("penstock backtest emits the contract's events, from the start at the first trade's time to the summary", async () => {
  await using folder = new Folder();
  const events = await assertMatchesReference(
    [await folder.write("trades.csv", csvText(TRADES)), "--latency=100ms", "--stake=700"],
    TRADES,
    { ...DEFAULTS, latency: 100_000, stake: "700" },
  );
  const [started, summary] = [events[0]!, events.at(-1)!];
  assertEquals(started.time, "2024-08-08T23:54:15.342000Z");
  assertEquals(started.command, "backtest");
  const { symbol, stake, latency, json, skipBad } = started.config as Record<string, unknown>;
  assertEquals([symbol, stake, latency, json, skipBad], ["BTCUSDT", "700", 100, true, false]);
  const { netProfit, fees, roundTrips } = summary.metrics as Record<string, unknown>;
  assertEquals([fees, roundTrips], [summary.fees, Math.floor(Number(summary.fills) / 2)]);
  assertEquals(Number(netProfit).toFixed(8), (Number(summary.equity) - 10_000).toFixed(8));
});

for (const name of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`penstock backtest ends within two seconds of ${name}, with a summary and 0`, async () => {
    await using program = startBacktest(["--json", "-"], endless());
    await program.event("fill");
    program.signal(name);
    const events = await endedWell(program.finished());
    assertSame(events, computeReference(endlessTrades().take(Number(events.at(-1)!.trades)), DEFAULTS));
  });
}

/** Sends SIGINT to a process that may have ended. */
function interrupt(program: Deno.ChildProcess): void {
  try {
    program.kill("SIGINT");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}

for (
  const { again, code, words } of [
    {
      again: false,
      code: 1,
      words: /^penstock: standard output is not read: .* lost, \d+ characters and all/,
    },
    { again: true, code: 130, words: /^$/ },
  ]
) {
  const name = again ? "at once at another SIGINT" : "within two seconds of SIGINT";
  Deno.test(`penstock backtest ends ${name} even if no one reads its standard output`, async () => {
    const args = [
      "backtest",
      "--json",
      "--log-level=error",
      "--short=1",
      "--long=2",
      "--max-drawdown=100%",
      "-",
    ];
    const program = new Deno.Command(Deno.execPath(), {
      args: commandLine(args, ["--no-prompt", "--allow-read"]),
      ...{ stdin: "piped", stdout: "piped", stderr: "piped" },
    }).spawn();
    const writing = endless().pipeTo(program.stdin).catch(() => {});
    const reader = program.stdout.getReader();
    await reader.read();
    const startedAt = performance.now();
    program.kill("SIGINT");
    // Two signals that arrive before the first is handled count as one.
    const repeating = again ? setInterval(() => interrupt(program), 50) : undefined;
    const { code: found } = await program.status;
    clearInterval(repeating);
    const elapsed = performance.now() - startedAt;
    await writing;
    await reader.cancel();
    assertMatch((await new Response(program.stderr).text()).trim(), words);
    assertEquals(found, code);
    assertLess(elapsed, await soonMs(ENDING_MS));
  });
}

Deno.test("penstock backtest ends within two seconds of SIGINT in the middle of files", async () => {
  await using folder = new Folder();
  const rows = 20_000;
  const file = await folder.write("trades.csv", csvText(walk(10, rows)));
  const files = Array<string>(1_000).fill(file);
  await using program = startBacktest(["--json", ...files]);
  await program.event("fill");
  program.signal("SIGINT");
  const { trades, duplicates } = (await endedWell(program.finished())).at(-1)!;
  assert(Number(trades) + Number(duplicates) < rows * files.length, "it had read everything by then");
});

Deno.test("penstock backtest ends at SIGINT while it waits for more standard input", async () => {
  await using program = startBacktest(["--json", "-"], silentAfter(csvText(TRADES)));
  const last = computeReference(TRADES, DEFAULTS).events.findLast(({ type }) => type === "fill")!;
  await program.event("fill", ({ time }) => time === last.time);
  program.signal("SIGINT");
  assertSame(await endedWell(program.finished()), computeReference(TRADES, DEFAULTS));
});

Deno.test("penstock backtest emits a start and an empty summary when it ends before the first trade", async () => {
  const { code, stdout, stderr } = await backtestAlone(["--json", "--for=300ms", "-"], {
    input: silentAfter(""),
  });
  assertEquals([code, stderr], [0, ""]);
  const events = eventsOf(stdout);
  assertEquals(events.map(({ type }) => type), ["started", "summary"]);
  assertEquals([events[1]!.trades, events[1]!.firstTime, events[1]!.cash], [0, null, "10000"]);
});

/** By then, any machine has read a trade. */
const LONGEST_FOR_MS = 16_000;

Deno.test("penstock backtest --for ends after that time", async () => {
  for (let ms = 500;; ms *= 2) {
    await using program = startBacktest(["--json", `--for=${ms}ms`, "-"], endless());
    const finished = program.finished();
    // A busy machine may take that long to read the first trade.
    if (eventsOf((await finished).stdout).at(-1)!.trades === 0 && ms < LONGEST_FOR_MS) continue;
    const summary = (await endedWell(finished)).at(-1)!;
    assert(Number(summary.elapsedMs) >= ms);
    assertEquals(summary.ended, "for");
    break;
  }
});

Deno.test("penstock backtest --for lasts longer than the runtime's timers", async () => {
  // Without an end, so that a timer that rings too early ends it.
  await using program = startBacktest(["--json", "--for=1000h", "--stop-after=5000", "-"], endless());
  const summary = (await endedWell(program.finished())).at(-1)!;
  assertEquals([summary.ended, summary.trades], ["stop-after", 5_000]);
});

Deno.test("penstock backtest --stop-after ends after that many trades, not counting duplicates", async () => {
  await using folder = new Folder();
  const stop = 1_000;
  const seen = new Set<number>();
  const until = TRADES.findIndex(({ lastId }) => seen.add(lastId).size === stop) + 1;
  assert(until > stop);
  // What follows them does not matter.
  const rows = csvRows(TRADES, "spot trades", USUAL).map((row, at) =>
    at < until ? row : withField(row, 2, "bad")
  );
  const file = await folder.write("trades.csv", rows.join(""));
  const events = await assertMatchesReference(
    [`--stop-after=${stop}`, file],
    TRADES.slice(0, until),
    DEFAULTS,
  );
  assertEquals(events.at(-1)!.trades, stop);
  const input = endless();
  const unending = await eventsFrom([`--stop-after=${stop}`, "-"], input);
  assertEquals(unending.at(-1)!.trades, stop);
});

Deno.test("penstock backtest ends quietly when its output no longer has a reader", async () => {
  await using program = startBacktest(["--json", "-"], endless());
  await program.event("started");
  await program.closeOutput();
  const { code, stderr } = await program.finished();
  assertEquals([code, stderr], [0, ""]);
});

Deno.test("penstock backtest shows a table on standard output and warnings on standard error", async () => {
  await using folder = new Folder();
  const file = await folder.write("trades.csv", csvText(TRADES));
  const { code, stdout, stderr } = await backtest(["--log-level=info", file]);
  assertEquals(code, 0);
  const { totals } = computeReference(TRADES, DEFAULTS);
  assertMatch(stdout, /^\nBacktest of BTCUSDT, averages of 20 and 50 trades, on paper\n {2}1,500 trades in /);
  assertMatch(
    stdout,
    /\n {2}start cash 10,000\.00 USDT, stake 1,000\.00 USDT, each trade is a bar\n {2}fee 0\.1 %, slippage 0 bp, latency 0 ms, fills at the signal's trade\n/,
  );
  assertMatch(
    stdout,
    new RegExp(`\\n {2}fills +${totals.fills}\\n {2}refused orders +${totals.refusals}\\n`),
  );
  assertMatch(stdout, /\n {2}equity at the end, USDT +9,9\d\d\.\d\d\n/);
  const lines = stderr.split("\n");
  assertEquals(lines.filter((line) => / WARN {2}gap: /.test(line)).length, totals.gaps);
  assert(!(stdout + stderr).includes("\x1b"), "no terminal, no escapes");
});

Deno.test("penstock backtest --log-level=debug logs every signal in words, with its fill on one line", async () => {
  await using folder = new Folder();
  const file = await folder.write("trades.csv", csvText(TRADES));
  const { code, stdout, stderr } = await backtest(["--log-level=debug", file]);
  assertEquals([code, stdout.includes("Result\n")], [0, true]);
  const { totals } = computeReference(TRADES, DEFAULTS);
  const printed = (word: RegExp) => stderr.split("\n").filter((line) => word.test(line)).length;
  const [alone, filled] = [/ DEBUG (buy|sell) signal @ /, / DEBUG (BUY|SELL) .* @ .*\(sma .*\)$/].map(
    printed,
  );
  assertEquals([alone! + filled!, filled], [totals.signals, totals.fills]);
});

Deno.test("penstock backtest shows an empty table when it ends before the first trade", async () => {
  const { code, stdout, stderr } = await backtestAlone(["--for=300ms", "-"], { input: silentAfter("") });
  assertEquals([code, stderr], [0, ""]);
  assertMatch(
    stdout,
    /\n {2}0 trades in \d+\.\d+ s, 0 a second; no gaps\n {2}start cash 10,000\.00 USDT, [^]*\n {2}stopped by --for before the input ended\n\nResult\n/,
  );
  assertMatch(stdout, /\n {2}net profit, USDT +0\.00\n/);
});

Deno.test("penstock backtest takes its options from a configuration file as well", async () => {
  await using folder = new Folder();
  const shares = `"stake":"12.50%","fee":"0.075%"`;
  const config = await folder.write(
    "config.json",
    `{"short":3,"long":11,"slippage":"1.5","json":true,${shares}}`,
  );
  const file = await folder.write("trades.csv", csvText(TRADES));
  const { stdout } = await backtest(["--config", config, "--long=13", file]);
  const events = eventsOf(stdout);
  const choices = { short: 3, long: 13, slippage: "1.5", stake: "12.5%", fee: "0.00075" };
  assertSame(events, computeReference(TRADES, { ...DEFAULTS, ...choices }));
  const { stake, fee } = events[0]!.config as Record<string, unknown>;
  assertEquals([stake, fee], ["12.5%", "0.00075"]);
});

for (
  const [what, args, ...mistakes] of [
    [
      "no file",
      [],
      /^penstock: no file given: expected "penstock backtest FILE\.\.\.", or - for standard input$/,
    ],
    [
      "an unknown option",
      ["--turbo", "a.csv"],
      /^penstock: --turbo is not an option: "penstock backtest --help"/,
    ],
    ["an option of run", ["--record=a", "a.csv"], /^penstock: --record is not an option of "backtest": /],
    [
      "three mistakes",
      ["--short=60", "--slippage=-1", "--turbo", "a.csv"],
      /^penstock: --turbo is not an option/,
      /^penstock: --slippage is "-1": expected basis points from 0 to below 10000/,
      /^penstock: --short is 60 and --long is 50: expected the short window to be smaller than the long one/,
    ],
  ] as const
) {
  Deno.test(`penstock backtest rejects ${what} with 2 and a sentence for each`, async () => {
    const { code, stdout, stderr } = await inProcess("backtest", ...args);
    assertEquals([code, stdout], [2, ""]);
    const lines = stderr.split("\n");
    assertEquals(lines.length, mistakes.length, stderr);
    mistakes.forEach((mistake, at) => assertMatch(lines[at]!, mistake));
  });
}

Deno.test("penstock backtest --help lists its options and no others", async () => {
  const { code, stdout, stderr } = await inProcess("backtest", "--help");
  assertEquals([code, stderr], [0, ""]);
  assertStringIncludes(stdout, "the same as run, but over recorded trades");
  const options = [...stdout.matchAll(/^ {2}--([a-z-]+)/gm)].map(([, name]) => name);
  for (const name of ["sort", "skip-bad", "models", "out", "stop-after", "for", "json", "max-drawdown"]) {
    assert(options.includes(name), name);
  }
  for (const name of ["record", "endpoint", "faults", "stale", "port"]) assert(!options.includes(name), name);
});
