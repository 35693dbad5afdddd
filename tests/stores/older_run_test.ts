import { assertEquals, assertGreater, assertRejects } from "@std/assert";
import { configFrom, configure, engineChoices, shownConfig } from "../../src/config/config.ts";
import { settleInstrument } from "../../src/config/instrument_settlement.ts";
import { Engine } from "../../src/stages/engine.ts";
import { NotHalted, releaseHalt } from "../../src/stores/journal/halt_release.ts";
import { Journal } from "../../src/stores/journal/journal.ts";
import { OtherRun, RunJournal, type ShownOptions } from "../../src/stores/journal/run_journal.ts";
import { Folder } from "../feeds/recorded_input.ts";
import { strategyOf } from "../../src/stages/strategies/known_strategies.ts";
import { DEFAULTS, optionsOf } from "../support/pipeline_input.ts";

Deno.test("RunJournal.start() refuses a run of an older version, and says what to do", async () => {
  await using folder = new Folder();
  const path = `${folder.path}/old.db`;
  const options = { now: () => 0, remembers: 50 };
  {
    await using journal = await Journal.open(path, options);
    await journal.startRun({ time: 1, content: { version: "0.0.9", options: {} } });
    const halt = { reason: "max-drawdown", limit: "0.2", value: "0.21", tradeId: 7 };
    await journal.commit({
      checkpoint: {
        time: 2,
        state: { gate: { waiting: [], halt } },
        account: { cash: "1", fees: "0", realized: "0" },
        positions: [],
        closes: { decimals: 0, fresh: true, values: [] },
      },
    });
  }
  const { sources } = settleInstrument(configure({}), null);
  const instrument = { sources, exchangeInfo: null };
  await using journal = new RunJournal(
    await Journal.open(path, options),
    new Engine(optionsOf(DEFAULTS)),
    "BTCUSDT",
  );
  await assertRejects(
    () =>
      journal.start({
        time: 3,
        version: "0.1.0",
        options: {},
        market: "binance",
        instrument,
        isNew: false,
      }),
    OtherRun,
    "was written by an older Penstock, which knew fewer limits, and cannot be resumed. Give another --state, or --new-run",
  );
  await journal.close();
  const asking = { waitMs: 0, signal: AbortSignal.abort() };
  await assertRejects(
    () => releaseHalt(path, { time: 4, text: "no" }, asking),
    NotHalted,
    "an older Penstock",
  );
});

Deno.test("RunJournal.start() finds the market of an older run in the options that it kept", async () => {
  await using folder = new Folder();
  const { sources } = settleInstrument(configure({}), null);
  const instrument = { sources, exchangeInfo: null };
  const cases: [endpoint: string | null, market: string, isSame: boolean][] = [
    [null, "binance", true],
    ["wss://data-stream.binance.vision:443", "binance", true],
    // A demo has another port at every start.
    ["ws://127.0.0.1:40000", "built-in exchange", true],
    ["ws://127.0.0.1:40000", "ws://127.0.0.1:40000", true],
    ["ws://127.0.0.1:40000", "ws://127.0.0.1:40001", false],
    ["ws://127.0.0.1:40000", "binance", false],
    [null, "built-in exchange", false],
    ["wss://example.com", "built-in exchange", false],
  ];
  for (const [at, [endpoint, market, isSame]] of cases.entries()) {
    const kept = { exchange: "binance", symbol: "BTCUSDT", endpoint };
    const journal = await Journal.open(`${folder.path}/${at}.db`, { now: () => 0, remembers: 50 });
    await journal.startRun({ time: 1, content: { version: "0.0.9", options: kept, instrument } });
    await using run = new RunJournal(journal, new Engine(optionsOf(DEFAULTS)), "BTCUSDT");
    const start = () =>
      run.start({ time: 2, version: "0.1.0", options: kept, market, instrument, isNew: false });
    if (isSame) assertEquals(await start(), true, market);
    else await assertRejects(start, OtherRun, "cannot resume with ");
  }
});

/** The journal of a run that an earlier version made, which knew neither --fill nor --trailing-stop. */
const KNOWN_JOURNAL = new URL("../commands/known_run/journal.db.gz", import.meta.url);

Deno.test("RunJournal.start() resumes a run from before --fill, whose orders fill at the signal's trade, and no other", async () => {
  await using folder = new Folder();
  const path = `${folder.path}/known.db`;
  const compressed = new Blob([Deno.readFileSync(KNOWN_JOURNAL)]).stream();
  await Deno.writeFile(path, compressed.pipeThrough(new DecompressionStream("gzip")));
  const start = async (changed: ShownOptions): Promise<number> => {
    const journal = await Journal.open(path, { now: () => 0, remembers: 9 });
    const { content } = (await journal.last())!.started;
    const options = { ...shownConfig(configFrom(content["options"] as ShownOptions)), ...changed };
    const config = configFrom(options);
    const engine = new Engine({ ...engineChoices(config), stopAfter: null, strategy: strategyOf(config) });
    await using run = new RunJournal(journal, engine, "BTCUSDT");
    const { sources } = settleInstrument(configure({}), null);
    await run.start({
      time: 3,
      version: "0.1.0",
      options,
      market: "built-in exchange",
      instrument: { sources, exchangeInfo: null },
      isNew: false,
    });
    return engine.state.trades;
  };
  await assertRejects(
    () => start({ fill: "next" }),
    OtherRun,
    "other options: fill was signal and is next. ",
  );
  assertGreater(await start({}), 2_000);
  assertGreater(await start({ trailingStop: "1%" }), 2_000);
});
