/** A run that is killed at any moment and started again loses nothing and books nothing twice. */
import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { eventsOf, type Penstock, type PrintedEvent } from "../support/penstock.ts";
import { SeededRandom } from "../support/random.ts";
import { inFolder } from "../stores/sample_journal.ts";
import { canMount, mount, run } from "../support/small_disk.ts";
import {
  assertKept,
  assertRunMatchesReference,
  assertVerifies,
  besidesRules,
  reproducibleExchange,
  startRun,
  startRunUnder,
  wholeEntries,
} from "./reference_run.ts";

/** How often the run is killed; `deno task test:kill` does it more often. */
const KILLS = Number(Deno.env.get("PENSTOCK_KILLS") ?? 10);
/** The latest moment of a kill after the start of the process, or after its first fill, ms. */
const LATEST_KILL_MS = 700;
const ignore = Deno.build.os === "windows";

/** Resolves after `ms`. The moment of a kill is random, so there is no event to wait for. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The events that a killed process printed; its last line may be incomplete. */
async function printedBy(program: Penstock): Promise<PrintedEvent[]> {
  const { stdout } = await program.finished();
  const lines = stdout.split("\n");
  const last = lines.pop() ?? "";
  return eventsOf(last.endsWith("}") ? stdout : lines.join("\n"));
}

Deno.test({
  name:
    `penstock run, killed ${KILLS} times at any moment, books every fill once and decides as if uninterrupted`,
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      const path = `${folder}/run.db`;
      const random = new SeededRandom(5);
      await using exchange = reproducibleExchange();
      const printed: PrintedEvent[][] = [];
      for (let kill = 0; kill < KILLS; kill++) {
        await using program = startRunUnder([], exchange, path, `--record=${folder}/${kill}.txt`);
        // Every other process certainly trades. One that is killed before it connects changes nothing.
        if (kill % 2 === 0) await program.event("fill");
        await pause(random.fraction() * LATEST_KILL_MS);
        program.signal("SIGKILL");
        printed.push(await printedBy(program));
        await wholeEntries(path);
      }
      await using program = startRun(exchange, path, `--record=${folder}/${KILLS}.txt`);
      await program.event("fill");
      program.signal("SIGINT");
      const { code, stdout, stderr } = await program.finished();
      assertEquals([code, besidesRules(stderr)], [0, ""]);
      printed.push(eventsOf(stdout));
      assertKept(await wholeEntries(path), printed);
      await assertVerifies(path, KILLS + 1);
      const { fills, trades } = await assertRunMatchesReference(path);
      const summary = printed.at(-1)!.at(-1)!;
      assertEquals([summary.trades, summary.fills], [trades, fills]);
      assertGreater(fills, KILLS / 2);
      assert(
        printed.some((events) => events.some(({ type, filled }) => type === "gap" && Number(filled) > 0)),
      );
    }),
});

Deno.test({
  name: "penstock run ends with 1 when the disk is full, and resumes there once there is space again",
  ignore: !canMount,
  fn: () =>
    inFolder(async (folder) => {
      assert(mount(folder, "size=256k"));
      try {
        const path = `${folder}/run.db`;
        await using exchange = reproducibleExchange();
        const printed: PrintedEvent[][] = [];
        {
          await using program = startRunUnder([], exchange, path);
          const { code, stdout, stderr } = await program.finished();
          assertEquals(code, 1);
          assertMatch(
            besidesRules(stderr),
            /^penstock: Cannot write to the journal .*run\.db: the disk is full.*/,
          );
          assert(!stderr.includes("    at "), stderr);
          printed.push(eventsOf(stdout));
        }
        assertEquals(printed[0]!.at(-1)!.type, "summary");
        assert(mount(folder, "remount,size=64m"));
        assertKept(await wholeEntries(path), printed);
        await using program = startRunUnder([], exchange, path);
        await program.event("fill");
        program.signal("SIGINT");
        const { code, stdout, stderr } = await program.finished();
        assertEquals([code, besidesRules(stderr)], [0, ""]);
        printed.push(eventsOf(stdout));
        assertKept(await wholeEntries(path), printed);
        await assertRunMatchesReference(path);
      } finally {
        run("umount", folder);
      }
    }),
});
