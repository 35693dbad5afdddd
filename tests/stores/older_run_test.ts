import { assertThrows } from "@std/assert";
import { configure } from "../../src/domain/config.ts";
import { settleInstrument } from "../../src/domain/instrument.ts";
import { Pipeline } from "../../src/stages/pipeline.ts";
import { NotHalted, releaseHalt } from "../../src/stores/halt_release.ts";
import { Journal } from "../../src/stores/journal.ts";
import { OtherRun, RunJournal } from "../../src/stores/run_journal.ts";
import { Folder } from "../feeds/recorded_input.ts";
import { DEFAULTS, optionsOf } from "../support/pipeline_input.ts";

Deno.test("RunJournal.begin() refuses a run that an older version kept, and says what to do", async () => {
  await using folder = new Folder();
  const path = `${folder.path}/old.db`;
  const options = { now: () => 0, window: 50 };
  {
    using journal = Journal.open(path, options);
    journal.startRun({ time: 1, content: { version: "0.0.9", options: {} } });
    const halt = { reason: "max-drawdown", limit: "0.2", value: "0.21", tradeId: 7 };
    journal.commit({
      checkpoint: {
        time: 2,
        state: { gate: { waiting: [], halt } },
        account: { cash: "1", fees: "0", realized: "0" },
        positions: [],
        prices: { decimals: 0, fresh: true, values: [] },
      },
    });
  }
  const { sources } = settleInstrument(configure({}), null);
  const instrument = { sources, exchangeInfo: null };
  using journal = new RunJournal(Journal.open(path, options), new Pipeline(optionsOf(DEFAULTS)), "BTCUSDT");
  assertThrows(
    () =>
      journal.begin({
        time: 3,
        version: "0.1.0",
        options: {},
        market: "binance",
        instrument,
        isNew: false,
      }),
    OtherRun,
    "was kept by an older Penstock, which knew fewer limits, and cannot go on. Give another --state, or --new-run",
  );
  journal.close();
  assertThrows(() => releaseHalt(path, { time: 4, text: "no" }), NotHalted, "an older Penstock");
});
