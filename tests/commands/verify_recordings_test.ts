/** `penstock verify` in the test's process: which recordings it uses, and how it ends. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { inProcess } from "../support/in_process.ts";
import { rehash, tamper } from "../stores/sample_journal.ts";
import { messageOf } from "../support/pipeline_input.ts";
import { inScene, LiveScene, type Options, TRADES } from "./live_scene.ts";

/** A run of 50 trades, from its start to its end. */
async function run(folder: string, options: Options, at: number): Promise<LiveScene> {
  await using scene = new LiveScene(folder, options, { at });
  await scene.start();
  await scene.trades(50);
  await scene.stop();
  return scene;
}

Deno.test(
  "penstock verify uses only the recordings of the given run from a folder",
  inScene(async (folder) => {
    const record = `${folder}/recorded/`;
    const other = `${folder}/other.db`;
    const { journal } = await run(folder, { record }, 0);
    await run(folder, { record, state: other }, 50);
    await run(folder, { record, newRun: "on" }, 100);
    const verify = async (...args: string[]) => {
      const { code, stdout } = await inProcess("verify", "--json", "--log-level=error", ...args, record);
      const { type, run, trades, recordings } = JSON.parse(stdout);
      return [code, type, run, trades, recordings.length];
    };
    assertEquals(await verify(journal), [0, "verified", 2, 50, 1]);
    assertEquals(await verify(journal, "--run=1"), [0, "verified", 1, 50, 1]);
    assertEquals(await verify(other), [0, "verified", 1, 50, 1]);
  }),
);

Deno.test(
  "penstock verify ends with 5 if the journal does not follow from the recording",
  inScene(async (folder) => {
    const { journal, recording } = await run(folder, {}, 0);
    const whole = await inProcess("verify", "--log-level=error", journal, recording);
    assertEquals([whole.code, whole.stdout.startsWith("Verified in ")], [0, true]);
    const lines = Deno.readTextFileSync(recording).split("\n");
    // The recording without one of its trades.
    lines.splice(lines.findIndex((line) => line.includes(`"e":"trade"`)) + 10, 1);
    Deno.writeTextFileSync(recording, lines.join("\n"));
    const { code, stdout } = await inProcess("verify", "--log-level=error", journal, recording);
    assertEquals(code, 5);
    assertStringIncludes(stdout, "entry");
    const json = await inProcess("verify", "--json", "--log-level=error", journal, recording);
    assertMatch(json.stdout, /^\{"type":"difference",/);
    assertEquals(json.code, 5);
  }),
);

Deno.test(
  "penstock verify ends with 5 if a recording has more than its run, or if one of its limits is missing from a journal",
  inScene(async (folder) => {
    const { journal, recording } = await run(folder, {}, 0);
    const text = Deno.readTextFileSync(recording);
    const lines = text.split("\n");
    const last = lines.findLastIndex((line) => line.includes(`"e":"trade"`));
    const [time] = lines[last]!.split(" ");
    lines.splice(last + 1, 0, `${time} ${messageOf(TRADES[50]!)}`);
    Deno.writeTextFileSync(recording, lines.join("\n"));
    const more = await inProcess("verify", "--log-level=error", journal, recording);
    assertEquals(more.code, 5);
    assertStringIncludes(
      more.stdout,
      "The recording has 1 more trades than the run had processed when it stopped",
    );
    Deno.writeTextFileSync(recording, text);
    tamper(journal, (database) => {
      database.exec(
        "UPDATE entries SET content = json_remove(content, '$.options.stopLoss') WHERE type = 'started'",
      );
      rehash(database);
    });
    const less = await inProcess("verify", "--log-level=error", journal, recording);
    assertEquals(less.code, 5);
    assertStringIncludes(less.stdout, "stopLoss is missing");
  }),
);
