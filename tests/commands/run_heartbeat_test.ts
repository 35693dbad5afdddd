/** What a run does every few seconds, even if nothing happens. */
import { assertEquals, assertGreater } from "@std/assert";
import { JournalReader } from "../../src/stores/journal/journal_reader.ts";
import { inProcess } from "../support/in_process.ts";
import { within } from "../support/penstock.ts";
import { withExchange } from "./journal_run.ts";

/** Waits until the journal at `path` has more than `count` entries, because no event reports a checkpoint. */
async function entriesAbove(path: string, count: number): Promise<void> {
  await using reader = await JournalReader.open(path);
  const find = async (): Promise<void> => {
    if (await reader.lastSeq() > count) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
    await find();
  };
  await within(find(), `entry ${count + 1}`);
}

Deno.test("penstock run saves its progress every ten seconds, and resumes from there after a kill", async () => {
  await withExchange({ rate: 500 }, async (place) => {
    // The averages do not exist yet, so there is no decision that would be kept at once.
    const windows = ["--short=400000", "--long=500000"];
    const recording = `${place.journal}.txt`;
    {
      await using program = place.runQuicklyApart(...windows, "--record", recording);
      await program.event("connected");
      // Its start and its connection are kept; it had seen no trade.
      await entriesAbove(place.journal, 4);
      program.signal("SIGKILL");
      await program.finished();
    }
    // Everything it kept is in its recording, too.
    const { code, stdout } = await inProcess("verify", place.journal, recording);
    assertEquals(code, 0, stdout);
    await using program = place.runQuickly(...windows);
    const line = await program.logged("resumes after");
    assertGreater(Number(/after (\d+) trades/.exec(line)?.[1]), 0);
  });
});

Deno.test("penstock run reports every ten seconds whether it is halted", async () => {
  await withExchange({ rate: 200 }, async (place) => {
    await using program = place.runQuickly();
    assertEquals((await program.event("status")).halted, false);
    await place.halt();
    await program.event("halt");
    assertEquals((await program.event("status")).halted, true);
    program.signal("SIGINT");
    assertEquals((await program.finished()).code, 0);
  });
});
