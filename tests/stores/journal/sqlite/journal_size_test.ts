/** The size of a journal on disk, with real pipelines and one commit for every trade with a decision. */
import { BinanceMessageReader } from "../../../../src/exchanges/binance/binance_message.ts";
import { assert, assertEquals, assertLess } from "@std/assert";
import { Engine } from "../../../../src/stages/engine.ts";
import { Journal } from "../../../../src/stores/journal/journal.ts";
import { JournalReader } from "../../../../src/stores/journal/journal_reader.ts";
import { RunJournal } from "../../../../src/stores/journal/run_journal.ts";
import { DEFAULTS, messageOf, optionsOf } from "../../../support/pipeline_input.ts";
import { SeededRandom } from "../../../support/random.ts";
import { UNSYNCED } from "../../../support/unsynced.ts";
import { inFolder, TIME } from "../../sample_journal.ts";
import { FrameBatch } from "../../../../src/formats/frame_batch.ts";

const MOST_BYTES = 800;
/** The limit with a fill every three seconds; a live run keeps its state every ten. */
const FILLS_BETWEEN_CHECKPOINTS = 3;

/** The size in bytes of a run's journal after this many fills, including the files beside it. */
async function sizeAfter(
  most: number,
  folder: string,
  latency: number,
): Promise<{ readonly atWork: number; readonly closed: number }> {
  const path = `${folder}/${latency}.db`;
  const choices = { ...DEFAULTS, short: 2, long: 5, cash: "1000000", latency };
  const engine = new Engine(optionsOf(choices));
  const journal = new RunJournal(
    await Journal.open(path, {
      now: () => 0,
      remembers: choices.long,
      store: UNSYNCED,
    }),
    engine,
    choices.symbol,
  );
  const instrument = { sources: {}, exchangeInfo: null } as unknown as Parameters<
    RunJournal["start"]
  >[0]["instrument"];
  await journal.start({ time: TIME, version: "1", options: {}, market: "binance", instrument, isNew: false });
  const random = new SeededRandom(7);
  const batch = new FrameBatch(new BinanceMessageReader(choices.symbol));
  let cents = 6_000_000;
  let fills = 0;
  let isDue = false;
  for (let id = 4_000_000_001; fills < most; id++) {
    cents += random.whole(-900, 900);
    const time = TIME + (id - 4_000_000_001) * 100_000;
    const trade = { firstId: id, lastId: id, time, price: (cents / 100).toFixed(2) };
    const events = [...engine.apply({ event: "frames", trades: batch.open([messageOf(trade)]) })];
    await journal.keep(events);
    const before = Math.floor(fills / FILLS_BETWEEN_CHECKPOINTS);
    fills += events.filter(({ type }) => type === "fill").length;
    if (events.length === 0 && isDue) await journal.checkpoint(time);
    isDue = isDue && events.length > 0 || Math.floor(fills / FILLS_BETWEEN_CHECKPOINTS) > before;
  }
  const atWork = sizeOf(path);
  await journal.stop(TIME, "asked to");
  await journal.close();
  await using reader = await JournalReader.open(path);
  assertEquals((await reader.counts()).fill, most);
  assert((await reader.verifyChain()).isWhole);
  return { atWork, closed: sizeOf(path) };
}

/** The size of a journal, including the files beside it. */
function sizeOf(path: string): number {
  return ["", "-wal", "-shm"].reduce((sum, side) => {
    try {
      return sum + Deno.statSync(path + side).size;
    } catch {
      return sum;
    }
  }, 0);
}

Deno.test("Journal takes less than 800 bytes for a fill and its signal, including checkpoints", async () => {
  await inFolder(async (folder) => {
    const { atWork, closed } = await sizeAfter(10_000, folder, 0);
    assertLess(closed / 10_000, MOST_BYTES);
    assertLess(atWork / 10_000, MOST_BYTES, "while the run is live");
    // With latency, a signal and its fill are two commits instead of one.
    assertLess((await sizeAfter(3_000, folder, 300)).closed / 3_000, MOST_BYTES);
  });
});
