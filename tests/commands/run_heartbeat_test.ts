/** What a run does every few seconds, whether anything happens or not. */
import { assertEquals, assertGreater } from "@std/assert";
import { JournalReader } from "../../src/stores/journal/journal_reader.ts";
import { inProcess } from "../support/in_process.ts";
import { within } from "../support/penstock.ts";
import { withExchange } from "./journal_run.ts";

/** Waits until the journal at `path` has more than `count` entries: no event says that there is a checkpoint. */
async function entriesAbove(path: string, count: number): Promise<void> {
  await using reader = await JournalReader.open(path);
  const find = async (): Promise<void> => {
    if (await reader.lastSeq() > count) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
    await find();
  };
  await within(find(), `entry ${count + 1}`);
}

Deno.test("penstock run saves every ten seconds how far it has come, and resumes from there after a kill", async () => {
  await withExchange({ rate: 500 }, async (place) => {
    // Averages that do not exist yet: nothing is decided that would be kept at once.
    const windows = ["--short=400000", "--long=500000"];
    const recording = `${place.journal}.txt`;
    {
      await using program = place.runQuickly(...windows, "--record", recording);
      await program.event("connected");
      // It started and connected, each of which is kept, and had seen no trade.
      await entriesAbove(place.journal, 4);
      program.signal("SIGKILL");
      await program.finished();
    }
    // What it had kept is in its recording, too.
    const { code, stdout } = await inProcess("verify", place.journal, recording);
    assertEquals(code, 0, stdout);
    await using program = place.runQuickly(...windows);
    const line = await program.logged("goes on after");
    assertGreater(Number(/after (\d+) trades/.exec(line)?.[1]), 0);
  });
});

Deno.test("penstock run says every ten seconds whether it is halted", async () => {
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
