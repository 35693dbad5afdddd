/** `penstock run` on a stream whose trade ids start over or arrive late. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { parseFaults } from "../../src/simulator/faults.ts";
import { BuiltInExchange } from "../../src/simulator/server.ts";
import { inProcess } from "../support/in_process.ts";
import { eventsOf, type PrintedEvent } from "../support/penstock.ts";
import { startHere } from "../support/program_here.ts";
import { outcomeOf } from "../support/recorded_run.ts";
import { inFolder } from "../stores/sample_journal.ts";
import { assertRun } from "./event_contract.ts";

/** The events of a run on an exchange that restarts after `fills` fills, and the events of its recording. */
async function acrossReset(
  folder: string,
  fills: number,
): Promise<{ live: PrintedEvent[]; recorded: PrintedEvent[] }> {
  const state = `${folder}/a.db`;
  const record = `${folder}/a.txt`;
  const windows = ["--short=5", "--long=20", "--cash=1000000", "--json", "--log-level=error"];
  let exchange = BuiltInExchange.listen({ rate: 300 });
  const { endpoint, restEndpoint } = exchange;
  const port = Number(new URL(endpoint).port);
  await using program = startHere(
    [
      ...["run", "--endpoint", endpoint, "--rest-endpoint", restEndpoint, "--retry-max=250ms"],
      ...["--state", state, "--record", record, ...windows],
    ],
  );
  try {
    for (let seen = 0; seen < fills; seen++) await program.event("fill");
    await exchange[Symbol.asyncDispose]();
    exchange = BuiltInExchange.listen({ rate: 300, port });
    await program.event("reset");
    for (let seen = 0; seen < fills; seen++) await program.event("fill");
    program.signal("SIGINT");
    const { code, stdout } = await program.finished();
    assertEquals(code, 0);
    const live = eventsOf(stdout);
    assertRun(live);
    const outcome = await outcomeOf(state, [record]);
    assertEquals(outcome.type, "verified", JSON.stringify(outcome));
    const recorded = eventsOf((await inProcess("backtest", ...windows, record)).stdout);
    return { live, recorded };
  } finally {
    await exchange[Symbol.asyncDispose]();
  }
}

Deno.test("penstock run continues when an exchange restarts, and its journal, recording and backtest agree", async () => {
  await inFolder(async (folder) => {
    const { live, recorded } = await acrossReset(folder, 3);
    const summary = live.at(-1)!;
    assertEquals([summary.resets, summary.rejected], [1, 0]);
    const reset = live.find(({ type }) => type === "reset")!;
    assert(Number(reset.lastId) > 20);
    const decisions = (events: readonly PrintedEvent[]) =>
      events.filter(({ type }) => ["gap", "reset", "signal", "fill", "refusal"].includes(type));
    assertEquals(decisions(recorded), decisions(live));
    for (const count of ["trades", "duplicates", "outOfOrder", "resets", "gaps", "cash", "position"]) {
      assertEquals(recorded.at(-1)![count], summary[count], count);
    }
    const { code, stdout } = await inProcess("status", "--json", `${folder}/a.db`);
    assertEquals(code, 0);
    assertEquals(JSON.parse(stdout).cash, summary.cash);
  });
});

Deno.test("penstock run logs that the ids started over", async () => {
  let exchange = BuiltInExchange.listen({ rate: 300 });
  const { endpoint } = exchange;
  await using program = startHere(
    [
      "run",
      "--state=none",
      "--json",
      "--log-level=warn",
      "--endpoint",
      endpoint,
      "--retry-max=250ms",
      "--long=30",
    ],
  );
  try {
    await program.event("fill");
    await exchange[Symbol.asyncDispose]();
    exchange = BuiltInExchange.listen({ rate: 300, port: Number(new URL(endpoint).port) });
    const line = await program.logged("started over");
    assertMatch(
      line,
      /the exchange's trade ids started over at \d+, after \d+: the averages start/,
    );
    program.signal("SIGINT");
    assertEquals((await program.finished()).code, 0);
  } finally {
    await exchange[Symbol.asyncDispose]();
  }
});

Deno.test("penstock run counts a trade that arrives late in a gap separately, logs it, and does not trade on it", async () => {
  await inFolder(async (folder) => {
    const faults = parseFaults("reorder@200,duplicate=3@300");
    await using exchange = BuiltInExchange.listen({ speed: Infinity, faults });
    const [state, record] = [`${folder}/a.db`, `${folder}/a.txt`];
    await using program = startHere(
      [
        ...["run", "--endpoint", exchange.endpoint, "--backfill=off", "--json", "--log-level=warn"],
        ...["--state", state, "--record", record, "--stop-after=600"],
      ],
    );
    const { code, stdout, stderr } = await program.finished();
    assertEquals(code, 0);
    const live = eventsOf(stdout);
    assertRun(live);
    const { trades, duplicates, outOfOrder, gaps } = live.at(-1)!;
    assertEquals([trades, duplicates, outOfOrder, gaps], [600, 3, 1, 1]);
    const gap = live.find(({ type }) => type === "gap")!;
    assertMatch(stderr, new RegExp(`trade ${gap.fromId} is out of order: trade \\d+ came before it`));
    assertEquals((await outcomeOf(state, [record])).type, "verified");
    const recorded = await inProcess("backtest", "--json", record);
    assertEquals([recorded.code, eventsOf(recorded.stdout).at(-1)!.outOfOrder], [0, 1]);
  });
});
