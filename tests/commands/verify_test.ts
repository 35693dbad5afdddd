/** `penstock verify` on journals and recordings of real runs. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { BuiltInExchange } from "../../src/simulator/server.ts";
import { parseFaults } from "../../src/simulator/faults.ts";
import { inProcess } from "../support/in_process.ts";
import { eventsOf, penstock } from "../support/penstock.ts";
import { outcomeOf, RecordedRun } from "../support/recorded_run.ts";
import { contentsOf, inFolder } from "../stores/sample_journal.ts";

Deno.test("penstock verify proves a run that was stopped, in one line or one JSON object", async () => {
  await inFolder(async (folder) => {
    await using exchange = BuiltInExchange.listen({ seed: 3, rate: 3_000 });
    const run = new RecordedRun(folder, exchange, ".txt.gz");
    await run.stoppedAfter(20);
    const { code, stdout, stderr } = await inProcess("verify", run.journal, ...run.recordings);
    assertEquals([code, stderr], [0, ""]);
    assertMatch(
      stdout,
      /^Verified in [\d.]+ m?s: .*a\.db is intact, and all [\d,]+ entries of run 1, with \d+ fills in [\d,]+ trades from 20\S+Z to 20\S+Z, follow from .*1\.txt\.gz$/,
    );
    const [printed, ...more] = eventsOf(
      (await inProcess("verify", "--json", run.journal, ...run.recordings)).stdout,
    );
    assertEquals(more, []);
    assertEquals([printed!.type, printed!["run"], printed!["chained"]], ["verified", 1, printed!["entries"]]);
    assert(Number(printed!["fills"]) >= 20 && Number(printed!["trades"]) > 100);
  });
});

Deno.test("penstock verify proves a run with partial fills and a stake that is a share of the cash, across a kill", async () => {
  await inFolder(async (folder) => {
    // Nearly every trade is a partial fill. At thousands a second, a busy machine would still be printing them at the
    // stop.
    await using exchange = BuiltInExchange.listen({ seed: 8, rate: 300 });
    const run = new RecordedRun(folder, exchange);
    const options = { stake: "12.50%", fee: "0.1%", participation: "30%" };
    await run.killedAfter(15, options);
    await run.stoppedAfter(15, { ...options, stake: "12.5%", fee: "0.001" });
    const outcome = await outcomeOf(run.journal, run.recordings);
    assertEquals(outcome.type, "verified", JSON.stringify(outcome));
    const { stdout } = await inProcess("status", run.journal, "--json");
    assertEquals(JSON.parse(stdout).run, 1);
  });
});

Deno.test("penstock verify proves a run through faults and kills, whether missed trades were fetched or not", async () => {
  await inFolder(async (folder) => {
    const faults = parseFaults(
      "drop@150,duplicate=9@300,hole=5@400,malformed@450,reorder@500,close@700,hole=3@900",
    );
    await using exchange = BuiltInExchange.listen({ seed: 5, rate: 3_000, faults });
    const run = new RecordedRun(folder, exchange);
    await run.killedAfter(15);
    await run.killedAfter(1);
    await run.killedAfter(25, { backfill: "off" });
    await run.killedAfter(4, { "max-drawdown": "90%" });
    await run.stoppedAfter(12);
    const outcome = await outcomeOf(run.journal, run.recordings);
    assertEquals(outcome.type, "verified", JSON.stringify(outcome));

    // A recording is left out, and recordings are swapped.
    const [first, second, ...rest] = run.recordings as [string, string, ...string[]];
    const without = await outcomeOf(run.journal, [first, ...rest]);
    assert(without.type === "difference");
    assertStringIncludes(
      without.what,
      "Give all recordings of the run, in the order in which they were made",
    );
    const swapped = await outcomeOf(run.journal, [second, first, ...rest]);
    assert(swapped.type === "difference");
    assertStringIncludes(swapped.what, `${second} is the recording of entry `);
    const short = await outcomeOf(run.journal, run.recordings.slice(0, -1));
    assert(short.type === "difference");
    assertStringIncludes(short.what, "There is no recording for what follows entry ");
  });
});

Deno.test("penstock verify proves the last run of a journal, or the one that --run names", async () => {
  await inFolder(async (folder) => {
    await using exchange = BuiltInExchange.listen({ seed: 8, rate: 3_000 });
    const run = new RecordedRun(folder, exchange);
    await run.killedAfter(5);
    await run.stoppedAfter(5, { "new-run": "", long: "30" });
    const [first, second] = run.recordings as [string, string];
    assertEquals((await outcomeOf(run.journal, [second])).type, "verified");
    assertEquals((await outcomeOf(run.journal, [first], 1)).type, "verified");
    const { code, stdout } = await inProcess("verify", run.journal, first);
    assertEquals(code, 5);
    assertStringIncludes(stdout, `${first} is the recording of entry 1 in run 1 (--run 1)`);
    const none = await inProcess("verify", "--run=3", run.journal, first);
    assertEquals([none.code, none.stdout], [1, ""]);
    assertStringIncludes(none.stderr, "has no run 3: there are 1 to 2");
  });
});

Deno.test("penstock verify proves runs with waiting orders, halts, refusals and gaps, and runs that end by themselves", async () => {
  const cases: readonly (readonly [Readonly<Record<string, string>>, string, readonly string[]])[] = [
    [{ latency: "300ms", slippage: "2" }, "drop@200,hole=5@400", ["expired"]],
    [{ "max-drawdown": "0.001%" }, "", ["halt", "refusal"]],
    [{ "backfill-max": "5" }, "drop@100,hole=200@300", ["disconnected", "gap"]],
    // More trades are missed between the processes than are still to come, so the run ends among fetched trades.
    [{ "stop-after": "500", long: "10", short: "3" }, "", ["stopped"]],
  ];
  for (const [options, faults, types] of cases) {
    await inFolder(async (folder) => {
      const plan = faults === "" ? [] : parseFaults(faults);
      await using exchange = BuiltInExchange.listen({ seed: 42, rate: 3_000, faults: plan });
      const run = new RecordedRun(folder, exchange);
      await run.process(
        async (program) => {
          for (let signals = 0; signals < 8; signals++) await program.event("signal");
          program.signal("SIGKILL");
        },
        options,
        true,
      );
      await run.process(async (program) => {
        if (options["stop-after"] !== undefined) return;
        for (let signals = 0; signals < 12; signals++) await program.event("signal");
        program.signal("SIGINT");
      }, options);
      const outcome = await outcomeOf(run.journal, run.recordings);
      assertEquals(outcome.type, "verified", JSON.stringify([options, outcome]));
      const { counts } = await contentsOf(run.journal);
      for (const type of types) assert(Object.hasOwn(counts, type), `${type} in ${JSON.stringify(counts)}`);
    });
  }
});

Deno.test("penstock verify proves a live run so far", async () => {
  await inFolder(async (folder) => {
    await using exchange = BuiltInExchange.listen({ seed: 34, rate: 500 });
    const run = new RecordedRun(folder, exchange);
    await run.process(async (program) => {
      let before = 0;
      for (let time = 0; time < 12; time++) {
        await program.event("fill");
        const outcome = await outcomeOf(run.journal, run.recordings);
        assert(outcome.type === "verified" && outcome.fills > time, JSON.stringify(outcome));
        assert(outcome.entries >= before);
        before = outcome.entries;
      }
      program.signal("SIGINT");
    });
    assertEquals((await outcomeOf(run.journal, run.recordings)).type, "verified");
  });
});

Deno.test("penstock verify shows a changed trade in its context and ends with 5", async () => {
  await inFolder(async (folder) => {
    await using exchange = BuiltInExchange.listen({ seed: 13, rate: 3_000 });
    const run = new RecordedRun(folder, exchange);
    // A buy signal contains its trade's price, so only this entry can be the first that differs.
    let changed: unknown;
    const { code: stopped } = await run.process(async (program) => {
      for (let buys = 0; buys < 8; buys++) {
        ({ tradeId: changed } = await program.event("signal", ({ side }) => side === "buy"));
      }
      await program.event("fill");
      program.signal("SIGINT");
    });
    assertEquals(stopped, 0);
    const [recording] = run.recordings as [string];
    const lines = Deno.readTextFileSync(recording).split("\n");
    const at = lines.findIndex((line) => line.includes(`"t":${changed},`));
    lines[at] = lines[at]!.replace(/"p":"(\d+)/, (_, whole) => `"p":"${Number(whole) + 500}`);
    Deno.writeTextFileSync(recording, lines.join("\n"));
    const { code, stdout, stderr } = await inProcess("verify", run.journal, recording);
    assertEquals([code, stderr], [5, ""]);
    assertMatch(stdout, /^Difference in run 1 of \S+a\.db: /);
    assertStringIncludes(stdout, `, trade ${changed}, ${recording} line ${at + 1}\n`);
    assertMatch(stdout, /\n {2}at {7}entry \d+, trade /);
    assertMatch(stdout, /\n {2}before {3}entry \d+, as derived: \{"type":/);
    for (const side of ["journal", "derived"]) {
      assertMatch(stdout, new RegExp(`\\n {2}${side} {2}\\{"type":"signal"`));
    }
    const [printed] = eventsOf((await inProcess("verify", "--json", run.journal, recording)).stdout);
    assertEquals([printed!.type, printed!["run"], printed!["recording"]], ["difference", 1, recording]);
    assertEquals(printed!["line"], at + 1);
  });
});

Deno.test("penstock verify names what it cannot read, and ends with the matching exit code", async () => {
  await inFolder(async (folder) => {
    const [journal, other] = [`${folder}/a.db`, `${folder}/b.txt`];
    Deno.writeTextFileSync(other, "1723161255342000 {}\n");
    const cases: readonly (readonly [string[], number, string])[] = [
      [["verify", journal], 2, `one file given: expected "penstock verify JOURNAL RECORDING..."`],
      [["verify", "--short=3", journal, other], 2, `--short is not an option of "verify"`],
      [["verify", journal, other], 1, `Cannot open the journal ${journal}: there is none`],
      [["verify", other, other], 1, "Cannot open the journal"],
    ];
    for (const [at, [args, expected, text]] of cases.entries()) {
      // One as a user starts it.
      const { code, stdout, stderr } = await (at === 0 ? penstock(...args) : inProcess(...args));
      assertEquals([code, stdout], [expected, ""]);
      assertStringIncludes(stderr, text);
    }
    await using exchange = BuiltInExchange.listen({ seed: 1, rate: 3_000 });
    const run = new RecordedRun(folder, exchange);
    await run.stoppedAfter(1);
    const strange = await inProcess("verify", run.journal, other);
    assertEquals(strange.code, 3);
    assertStringIncludes(strange.stderr, `${other}:1: it is not a recording that Penstock wrote`);
    const missing = await inProcess("verify", run.journal, `${folder}/none.txt`);
    assertEquals(missing.code, 3);
  });
});
