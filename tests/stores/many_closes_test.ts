/** The closes of a run with a long window, beside hundreds of checkpoints. */
import { assertGreater, assertLess } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { configure, shownConfig } from "../../src/config/config.ts";
import type { ShownOptions } from "../../src/stores/journal/run_journal.ts";
import { assertEquals } from "../support/equals.ts";
import { HandRun } from "../support/hand_run.ts";
import { SeededRandom } from "../support/random.ts";
import { outcomeOf } from "../support/recorded_run.ts";
import { inFolder, TIME } from "./sample_journal.ts";

const OPTIONS: ShownOptions = { ...shownConfig(configure({}).config), ...{ short: 1, long: 900 } };

/** How many checkpoints in a journal have closes. */
function partsIn(path: string): number {
  using database = new DatabaseSync(path, { readOnly: true });
  return Number(database.prepare("SELECT count(*) AS parts FROM checkpoint_prices").get()!["parts"]);
}

/** Runs processes one after another, each of them killed, with a checkpoint after every trade. */
async function run(folder: string, areOlder: readonly boolean[]): Promise<readonly [string, string[]]> {
  const journal = `${folder}/${areOlder}.db`;
  const random = new SeededRandom(5);
  const recordings: string[] = [];
  let trades = 0;
  for (const [number, isOlder] of areOlder.entries()) {
    const recording = `${folder}/${areOlder}-${number}.txt`;
    recordings.push(recording);
    await using process = await HandRun.open(
      ...[journal, recording, OPTIONS, TIME + trades * 1_000 + number * 2] as const,
      ...[{}, isOlder ? null : undefined] as const,
    );
    assertEquals(process.engine.state.trades, trades);
    for (let at = 0; at < 310; at++) {
      await process.trade(60_000 + random.whole(-50, 50));
      await process.checkpoint();
    }
    trades += 310;
  }
  return [journal, recordings];
}

Deno.test("a run with a long window resumes from few checkpoints with closes, and verifies", async () => {
  await inFolder(async (folder) => {
    const [journal, recordings] = await run(folder, [false, false, false, false]);
    assertLess(partsIn(journal), 260);
    assertEquals((await outcomeOf(journal, recordings)).type, "verified");
  });
});

Deno.test("a run that an older version started, whose checkpoints keep their closes, resumes and verifies", async () => {
  await inFolder(async (folder) => {
    const [older, recordings] = await run(folder, [true, true]);
    assertGreater(partsIn(older), 600);
    assertEquals((await outcomeOf(older, recordings)).type, "verified");
    const [journal, all] = await run(folder, [true, false, true, false]);
    assertEquals((await outcomeOf(journal, all)).type, "verified");
  });
});
