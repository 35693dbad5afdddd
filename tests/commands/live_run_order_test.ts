/** The order in which a live run records, keeps and shows what happens. */
import { assert, assertEquals } from "@std/assert";
import { HERE } from "../../src/commands/run/surroundings.ts";
import { Journal } from "../../src/stores/journal/journal.ts";
import { RunJournal } from "../../src/stores/journal/run_journal.ts";
import { inProcess } from "../support/in_process.ts";
import { JournalReader } from "../../src/stores/journal/journal_reader.ts";
import { within } from "../support/penstock.ts";
import { inScene, LiveScene, RestSide } from "./live_scene.ts";
import { wholeEntries } from "./reference_run.ts";

Deno.test(
  "LiveRun shows nothing before its journal has it, and keeps nothing that does not follow from its recording",
  inScene(async (folder) => {
    await using rest = new RestSide();
    await using scene = new LiveScene(folder, { ...rest.options, latency: "100ms", backfillMax: "40" });
    const { live, view } = scene;
    scene.watch();
    await scene.start();
    for (let batch = 0; batch < 8; batch++) await scene.trades(25);
    await scene.frames(["x"]);
    // The missing trades are fetched.
    scene.miss(30);
    await scene.trades(25);
    // More trades than may be fetched.
    scene.miss(60);
    await scene.trades(25);
    scene.file({ kind: "halt", action: "flatten", text: "enough" });
    await live.handleRequests();
    await scene.trades(25);
    await scene.disconnect();
    await scene.connect();
    // There may have been no decision since.
    await scene.trades(3);
    await live.checkpoint();
    scene.lookAtDisk();
    scene.file({ kind: "release", halt: (await scene.lastEntry("halt")).seq, text: "reviewed" });
    await live.handleRequests();
    await scene.tradesUntil("signal");
    await scene.stop();
    scene.lookAtDisk();
    const types = new Set(view.events.map(({ type }) => type));
    for (const type of ["fill", "gap", "halt", "released", "disconnected", "expired", "summary"] as const) {
      assert(types.has(type), type);
    }
    assert(await scene.assertLeftWhole() > 20);
    assertEquals(view.of("gap").map(({ missing, filled }) => [missing, filled]), [[30, 30], [60, 40]]);
  }),
);

Deno.test(
  "LiveRun notes in its recording within a second what its journal has, so that no removal goes unnoticed",
  inScene(async (folder) => {
    await using scene = new LiveScene(folder);
    const { journal, recording, live } = scene;
    const noted = async (): Promise<void> => {
      const note = `{"event":"kept","entry":${(await wholeEntries(journal)).at(-1)!.seq},`;
      while (!Deno.readTextFileSync(recording).includes(note)) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    await scene.start();
    await scene.tradesUntil("fill");
    await within(noted(), "the note of a fill");
    await scene.trades(1);
    await live.checkpoint();
    await using reader = await JournalReader.open(journal);
    assertEquals((await reader.checkpoint())!.state["trades"], scene.received);
    await within(noted(), "the note of a checkpoint");
    await scene.stop();
  }),
);

/** A journal that takes as long as a test says to keep events. */
class SlowJournal extends RunJournal {
  static opens: Promise<void> = Promise.resolve();
  static most = 0;
  static #now = 0;

  override async keep(...events: Parameters<RunJournal["keep"]>): Promise<void> {
    SlowJournal.most = Math.max(SlowJournal.most, ++SlowJournal.#now);
    await SlowJournal.opens;
    await super.keep(...events);
    SlowJournal.#now--;
  }
}

Deno.test(
  "LiveRun takes one input after another, draws none that is being kept, and closes once all are",
  inScene(async (folder) => {
    const journals = () => Promise.resolve({ open: Journal.open, RunJournal: SlowJournal });
    await using scene = new LiveScene(folder, {}, { surroundings: { ...HERE, journals } });
    const { live, view, journal, recording } = scene;
    await scene.start();
    await scene.trades(30);
    const before = view.events.length;
    const opening = Promise.withResolvers<void>();
    SlowJournal.opens = opening.promise;
    const taken = [scene.disconnect(), scene.connect(), scene.trades(1)];
    live.draw();
    const closing = scene.close();
    await new Promise((resolve) => setTimeout(resolve));
    assertEquals([view.events.length, view.glances, view.closed], [before, [], 0]);
    opening.resolve();
    await Promise.all([...taken, closing]);
    assertEquals(SlowJournal.most, 1);
    const types = view.events.slice(before).map(({ type }) => type);
    assertEquals([types[0], types[1], types.at(-1)], ["disconnected", "connected", "summary"]);
    const { code, stdout } = await inProcess("verify", "--log-level=error", journal, recording);
    assertEquals(code, 0, stdout);
  }),
);
