/** Commands that read a journal or send requests to its run, in the same process as the run. */
import { assertEquals, assertGreater, assertMatch, assertStringIncludes } from "@std/assert";
import { rehash, tamper } from "../stores/sample_journal.ts";
import { inProcess } from "../support/in_process.ts";
import { inScene, LiveScene } from "./live_scene.ts";

Deno.test(
  "penstock status shows a run, and on request fails if the run is halted or not alive",
  inScene(async (folder) => {
    await using scene = new LiveScene(folder);
    const { journal, view, live } = scene;
    await scene.start();
    await scene.trades(200);
    await live.heartbeat();
    const status = (...args: string[]) => inProcess("status", journal, ...args);
    assertStringIncludes((await status()).stdout, "running");
    const { type, state, fills, halted } = JSON.parse((await status("--json")).stdout);
    assertEquals([type, state, fills, halted], ["status", "running", view.of("fill").length, false]);
    assertGreater(fills, 0);
    const both = await status("--max-age=1h", "--fail-on-halt");
    assertEquals(both.code, 0);
    assertMatch(both.stdout, /; not halted$/);
    scene.file({ kind: "halt", action: "hold", text: null });
    await live.handleRequests();
    const found = await status("--fail-on-halt");
    assertEquals([found.code, found.stdout], [1, ""]);
    assertStringIncludes(found.stderr, "halted");
    assertEquals((await status("--max-age=1h")).code, 0);
    await scene.stop();
    assertEquals((await status("--max-age=1h")).code, 1);
  }),
);

Deno.test(
  "penstock export writes every fill, copies a journal once, and refuses books that do not add up",
  inScene(async (folder) => {
    await using scene = new LiveScene(folder);
    const { journal, view } = scene;
    await scene.start();
    await scene.trades(400);
    await scene.stop();
    const fills = view.of("fill");
    const exported = await inProcess("export", journal, "--format=json");
    const ids = exported.stdout.split("\n").map((line) => JSON.parse(line).tradeId);
    assertEquals(ids, fills.map(({ tradeId }) => tradeId));
    const closed = await inProcess("export", journal, "--closed", "--format=json");
    assertEquals(closed.stdout.split("\n").length, fills.filter(({ side }) => side === "sell").length);
    assertMatch(closed.stderr, /\d/);
    const copy = `--copy=${folder}/copy.db`;
    const mixed = await inProcess("export", journal, copy, "--closed");
    assertEquals(mixed.code, 2);
    assertStringIncludes(
      mixed.stderr,
      "--copy copies the whole journal and exports nothing: give it without --closed",
    );
    assertEquals((await inProcess("export", journal, copy)).code, 0);
    const again = await inProcess("export", journal, copy);
    assertEquals(again.code, 2);
    assertStringIncludes(again.stderr, "--copy: ");
    tamper(journal, (database) => {
      const { seq } = database.prepare("SELECT min(seq) AS seq FROM entries WHERE type = 'fill'").get()!;
      database.prepare("UPDATE entries SET content = json_set(content, '$.fee', '9') WHERE seq = ?").run(
        seq!,
      );
      rehash(database);
    });
    const unsound = await inProcess("export", journal, "--closed");
    assertEquals(unsound.code, 1);
    assertStringIncludes(unsound.stderr, "do not balance");
  }),
);

Deno.test(
  "penstock halt and release take effect in a live run or at its next start",
  inScene(async (folder) => {
    await using scene = new LiveScene(folder);
    const { journal, view, live } = scene;
    await scene.start();
    await scene.trades(100);
    const looking = setInterval(() => void live.handleRequests(), 10);
    const halt = await inProcess("halt", journal, "--flatten", "--reason=enough");
    assertEquals(halt.code, 0, halt.stderr);
    assertStringIncludes(halt.stdout, "is halted: its position is sold at the next trade");
    assertEquals(view.of("halt").map(({ action, text }) => [action, text]), [["flatten", "enough"]]);
    const twice = await inProcess("halt", journal);
    assertEquals(twice.code, 2);
    assertStringIncludes(twice.stderr, "is already halted");
    const unreasoned = await inProcess("release", journal);
    assertEquals(unreasoned.code, 2);
    assertStringIncludes(unreasoned.stderr, "--reason is missing");
    const release = await inProcess("resume", journal, "--reason=reviewed");
    assertEquals(release.code, 0, release.stderr);
    assertMatch(
      release.stdout,
      /^The halt in .* \(by hand\) is released: reviewed\. .* The run trades again\.$/,
    );
    assertEquals(view.of("released").map(({ text }) => text), ["reviewed"]);
    clearInterval(looking);
    await scene.stop();
    const filed = await inProcess("halt", journal);
    assertStringIncludes(filed.stdout, "is not running. The halt is filed: at its next start the run halts");
    assertEquals(await scene.waiting(), 1);
    const withdrawn = await inProcess("release", journal, "--reason=mistaken");
    assertStringIncludes(withdrawn.stdout, "is withdrawn: the run will trade");
    assertEquals(await scene.waiting(), 0);
  }),
);

Deno.test(
  "penstock writes the error of a failed command as JSON if its log is JSON",
  inScene(async (folder) => {
    const failed = await inProcess("verify", "--log-format=json", `${folder}/none.db`, `${folder}/none.txt`);
    assertEquals([failed.code, JSON.parse(failed.stderr).level], [1, "error"]);
  }),
);
