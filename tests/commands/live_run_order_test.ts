/** The order in which a live run records, keeps and shows what happens. */
import { assert, assertEquals } from "@std/assert";
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
    // More than may be fetched.
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
