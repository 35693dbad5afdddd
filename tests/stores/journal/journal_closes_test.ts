/** A journal that lacks closes which a resume needs is damaged, and its opening entry says how many it needs. */
import { assertEquals } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { JournalReader } from "../../../src/stores/journal/journal_reader.ts";
import { checkpoint, inFolder, openJournal, REMEMBERS, TIME } from "../sample_journal.ts";

/** The flaw of a journal that opens with `content` and has the closes of its last `left` checkpoints only; null for none. */
async function flawOf(path: string, content: object, left: number): Promise<string | null> {
  await using journal = await openJournal(path);
  await journal.startRun({ time: TIME, content: { ...content } });
  for (let number = 1; number <= 8; number++) {
    await journal.commit({ checkpoint: checkpoint(number, [number, number + 1, number + 2]) });
  }
  const database = new DatabaseSync(path);
  const limit = database.prepare("SELECT seq FROM checkpoint_prices ORDER BY seq DESC LIMIT 1 OFFSET ?");
  const { seq } = limit.get(left - 1)!;
  database.prepare("DELETE FROM checkpoint_prices WHERE seq < ?").run(seq!);
  database.close();
  await using reader = await JournalReader.open(path);
  const result = await reader.verifyChain();
  return result.isWhole ? null : result.what;
}

Deno.test("JournalReader.verifyChain() misses closes that the opening entry says a resume needs, whatever the strategy", async () => {
  await inFolder(async (folder) => {
    // Ten closes are in four checkpoints of three.
    const openings = {
      kept: { remembers: REMEMBERS, options: { strategy: "another", period: 3 } },
      older: { options: { short: 3, long: REMEMBERS } },
    };
    for (const [name, content] of Object.entries(openings)) {
      assertEquals(await flawOf(`${folder}/${name}_whole.db`, content, 4), null, name);
      assertEquals(
        await flawOf(`${folder}/${name}.db`, content, 3),
        "the closes before those of entry 7 are missing",
        name,
      );
    }
    // Nobody knows how many an unknown strategy of an older version would need.
    assertEquals(await flawOf(`${folder}/unknown.db`, { options: {} }, 1), null);
  });
});
