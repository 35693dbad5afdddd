import { assert, assertGreater, assertRejects, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import { Journal } from "../../../src/stores/journal/journal.ts";
import { type Connect, connect } from "../../../src/stores/journal/sqlite/journal_file.ts";
import { JournalError } from "../../../src/stores/journal/journal_error.ts";
import { SeededRandom } from "../../support/random.ts";
import {
  bytesOf,
  chainResultOf,
  checkpoint,
  contentsOf,
  copyJournal,
  diskError,
  draft,
  impatient,
  inFolder,
  journalProcess,
  linesOf,
  openJournal,
  REMEMBERS,
  TIME,
  watched,
} from "../sample_journal.ts";
import { canMount, mount, run } from "../../support/small_disk.ts";
import { assertEquals } from "../../support/equals.ts";

/** How often a writer is killed; raise it for a longer test. */
const KILLS = 8;

/** The steps done to a new journal, in order. Together they write to every table and drop old closes. */
const STEPS: readonly ((journal: Journal) => Promise<unknown>)[] = [
  (journal) => journal.startRun({ time: TIME, content: { remembers: REMEMBERS } }),
  (journal) => journal.commit({ entries: [draft(1, "connected")] }),
  (journal) => journal.commit({ entries: [draft(2)], checkpoint: checkpoint(3, [1, 2, 3]) }),
  (journal) =>
    journal.commit({ entries: [draft(4), draft(5)], checkpoint: checkpoint(5, [4, 5, 6, 7, 8, 9, 10]) }),
  (journal) => journal.commit({ checkpoint: checkpoint(7, [11, 12, 13]) }),
  (journal) =>
    journal.heartbeat({ time: TIME, pid: 1, trades: 7, tradesPerSecond: 2, lagMs: null, last: null }),
  (journal) => journal.commit({ entries: [draft(8, "stopped")] }),
];

/** The content of a journal after each number of steps; null as long as there is no journal. */
async function statesOf(folder: string): Promise<Awaited<ReturnType<typeof stateOf>>[]> {
  const path = `${folder}/plain.db`;
  const states: Awaited<ReturnType<typeof stateOf>>[] = [];
  await using journal = await openJournal(path);
  for (const step of [() => Promise.resolve(0), ...STEPS]) {
    await step(journal);
    const copy = `${folder}/plain_${states.length}.db`;
    copyJournal(path, copy);
    states.push(await stateOf(copy));
  }
  return states;
}

/** What a resume reads from a journal, which it opens as after a crash. */
async function stateOf(path: string) {
  await using journal = await openJournal(path, { verify: true });
  const { values } = await journal.lastCloses();
  assert((await chainResultOf(path)).isWhole);
  return { ...await contentsOf(path), last: await journal.last(), values };
}

function isMissing(path: string): boolean {
  try {
    Deno.statSync(path);
    return false;
  } catch {
    return true;
  }
}

Deno.test("Journal stops at a fault in any write, and reopens intact with everything it confirmed", async () => {
  await inFolder(async (folder) => {
    const states = await statesOf(folder);
    const created = `${folder}/created.db`;
    await (await openJournal(created)).close();
    let number = 0;
    // Each write of its creation; then each write of the steps, in a journal that was created before.
    for (const existing of [null, created]) {
      // Until no write remains that could fail.
      for (let failing = 0, hasFailed = true; hasFailed; failing++) {
        hasFailed = false;
        for (
          const [moment, isLasting] of [["before", false], ["before", true], ["after", false]] as const
        ) {
          const path = `${folder}/${number++}.db`;
          if (existing !== null) Deno.copyFileSync(existing, path);
          let failed = "";
          const connection = watched((at, when, sql) => {
            if (when !== moment || !(isLasting ? at >= failing : at === failing)) return;
            if (failed === "") failed = sql;
            throw diskError();
          });
          let confirmed = -1;
          const error = await faultOf(async () => {
            await using journal = await openJournal(path, { connect: connection });
            confirmed = 0;
            for (const step of existing === null ? [] : STEPS) {
              const why = await faultOf(() => step(journal));
              if (why !== null) {
                const again = await assertRejects(
                  () => journal.commit({ entries: [draft(9)] }),
                  JournalError,
                );
                assertEquals(
                  again.message,
                  `${why.message} It accepts nothing more until it is opened again.`,
                );
                throw why;
              }
              confirmed++;
            }
          });
          if (failed === "") continue;
          hasFailed = true;
          const doing = confirmed < 0 ? "open" : "write to";
          assertEquals(
            error?.message,
            `Cannot ${doing} the journal ${path}: the disk failed (disk I/O error). ` +
              "Check that it works and has room, then start again.",
          );
          assert(isMissing(`${path}.new`) && isMissing(`${path}.lock`));
          const state = await stateOf(path);
          // A caller that sees an error after the commit cannot know that the commit took place.
          const isIn = moment === "after" && failed === "COMMIT" && confirmed >= 0;
          assertEquals(state, states[Math.max(0, confirmed) + (isIn ? 1 : 0)]!, `${moment} ${failed}`);
        }
      }
    }
    // Its creation, and at least eight writes for a step.
    assertGreater(number / 3, 50);
  });
});

async function faultOf(use: () => Promise<unknown>): Promise<JournalError | null> {
  try {
    await use();
    return null;
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    return error;
  }
}

/** The hash of a journal's files. */
function digestOf(path: string): string {
  const hash = createHash("sha256");
  for (const bytes of bytesOf(path)) hash.update(`${bytes?.length}`).update(bytes ?? "");
  return hash.digest("hex");
}

Deno.test("Journal is intact whenever its process dies, before, after and within any write", async () => {
  await inFolder(async (folder) => {
    const states = await statesOf(folder);
    const path = `${folder}/a.db`;
    const random = new SeededRandom(7);
    let confirmed = 0;
    let isOpen = false;
    let count = 0;
    const found = new Set<number>();
    const looks: (() => Promise<void>)[] = [];
    /** Mostly nothing changes between the end of a write and the start of the next one. */
    const looked = new Set<string>();
    const look = (moment: string, sql: string) => {
      for (const withMemory of [false, true]) {
        const copy = `${folder}/copy_${count++}.db`;
        copyJournal(path, copy, withMemory);
        if (!isOpen && isMissing(copy)) continue;
        const isIn = moment === "after" && sql === "COMMIT" && isOpen;
        const at = confirmed + (isIn ? 1 : 0);
        found.add(confirmed);
        const look = `${at} ${withMemory} ${digestOf(copy)}`;
        if (looked.has(look)) continue;
        looked.add(look);
        looks.push(async () => assertEquals(await stateOf(copy), states[at]!, `${moment} ${sql}`));
      }
      if (!isOpen || moment === "before") return;
      // The write reached the disk only in part.
      const torn = `${folder}/torn_${count}.db`;
      copyJournal(path, torn);
      const log = Deno.readFileSync(`${torn}-wal`);
      Deno.writeFileSync(`${torn}-wal`, log.subarray(0, random.whole(0, log.length)));
      looks.push(async () => {
        const { entries } = await stateOf(torn);
        assertEquals(entries, states.at(-1)!.entries.slice(0, entries.length));
      });
    };
    const connection = watched((_number, moment, sql) => look(moment, sql));
    {
      await using journal = await openJournal(path, { connect: connection });
      isOpen = true;
      for (const step of STEPS) {
        await step(journal);
        confirmed++;
      }
    }
    for (const compare of looks) await compare();
    assertEquals([...found], [0, 1, 2, 3, 4, 5, 6]);
    assertEquals(await stateOf(path), states.at(-1)!);
  });
});

Deno.test(`Journal has everything it confirmed after its process is killed, ${KILLS} times over`, async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/data/a.db`;
    Deno.mkdirSync(`${folder}/data`);
    const body = `
      const options = { now: () => 0, remembers: 10 };
      let journal = await Journal.open(${JSON.stringify(path)}, options);
      if (journal.run === 0) await journal.startRun({ time: 1, content: {} });
      let number = (await journal.last()).checkpoint?.state.number ?? 0;
      const amount = (x) => String(x);
      for (;;) {
        // Sometimes the journal is closed and opened again, so that a kill can interrupt that too.
        if (++number % 97 === 0) {
          await journal.close();
          journal = await Journal.open(${JSON.stringify(path)}, options);
        }
        const seq = await journal.commit({
          entries: [{ type: "fill", time: number, content: { number } }],
          checkpoint: {
            time: number,
            state: { number },
            account: { cash: amount(number), fees: "0", realized: "0" },
            positions: [{ symbol: "BTCUSDT", quantity: amount(number), cost: "1" }],
            closes: { decimals: 2, fresh: false, values: [3 * number, 3 * number + 1, 3 * number + 2] },
          },
        });
        console.log(seq + " " + number);
      }
    `;
    const flags = [`--allow-read=${folder}/data`, `--allow-write=${folder}/data`];
    const random = new SeededRandom(11);
    for (let time = 0; time < KILLS; time++) {
      const process = journalProcess(folder, body, flags);
      const printed: string[] = [];
      const until = random.whole(0, 250);
      let isKilled = false;
      for await (const line of linesOf(process)) {
        printed.push(line);
        if (printed.length >= until && !isKilled) {
          process.kill("SIGKILL");
          isKilled = true;
        }
      }
      assertEquals((await process.status).signal, "SIGKILL");
      const { entries } = await contentsOf(path);
      for (const line of printed) {
        const [seq, number] = line.split(" ").map(Number);
        assertEquals(entries[seq! - 1]!.type, "checkpoint");
        assertEquals(entries[seq! - 2]!.content["number"], number);
      }
      const fills = entries.filter(({ type }) => type === "fill").map(({ content }) => content["number"]);
      assertEquals(fills, Array.from(fills, (_, at) => at + 1));
      await using journal = await openJournal(path, { verify: true });
      const { checkpoint } = (await journal.last())!;
      assertEquals([checkpoint!.state, checkpoint!.account.cash], [
        { number: fills.length },
        `${fills.length}`,
      ]);
      assertEquals(entries.at(-1)!.seq, checkpoint!.seq);
      const end = 3 * fills.length + 3;
      assertEquals((await journal.lastCloses()).values, Array.from({ length: 10 }, (_, at) => end - 10 + at));
    }
  });
});

/** Commits until it fails; returns how often that worked, and why it stopped. */
async function fill(journal: Journal): Promise<{ confirmed: number; message: string }> {
  for (let confirmed = 0;; confirmed++) {
    try {
      await journal.commit({ entries: [draft(confirmed)], checkpoint: checkpoint(confirmed, [confirmed]) });
    } catch (error) {
      assert(error instanceof JournalError, String(error));
      return { confirmed, message: error.message };
    }
    assert(confirmed < 100_000);
  }
}

Deno.test("Journal stops when SQLite has no space left, and continues when it has", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    const small: Connect = (at, readOnly) => {
      const database = connect(at, readOnly);
      database.prepare("PRAGMA max_page_count = 60").get();
      return database;
    };
    await (await openJournal(path)).close();
    let confirmed: number;
    {
      await using journal = await openJournal(path, { connect: small });
      await journal.startRun({ time: TIME, content: {} });
      const end = await fill(journal);
      confirmed = end.confirmed;
      const why = "the disk is full (database or disk is full). Make room, then start again.";
      assertEquals(end.message, `Cannot write to the journal ${path}: ${why}`);
      // It holds no lock any more.
      const other = impatient(path, false);
      other.prepare("BEGIN IMMEDIATE").run();
      other.close();
    }
    assertGreater(confirmed, 100);
    await using journal = await openJournal(path, { verify: true });
    assertEquals((await contentsOf(path)).entries.length, 1 + 2 * confirmed);
    assertEquals((await journal.last())!.checkpoint!.state, { number: confirmed - 1 });
    await journal.commit({ entries: [draft(1)], checkpoint: checkpoint(1, [1]) });
  });
});

Deno.test({
  name: "Journal stops when the disk is full, and continues when there is space again",
  ignore: !canMount,
  fn: async () => {
    await inFolder(async (folder) => {
      const disk = `${folder}/disk`;
      Deno.mkdirSync(disk);
      for (const kilobytes of [0, 8, 60, 100, 150, 300, 500, 516, 1100]) {
        assert(mount(disk, "size=1200k"));
        try {
          const path = `${disk}/a.db`;
          // Another file takes up the space.
          const ballast = `${disk}/ballast`;
          Deno.writeFileSync(ballast, new Uint8Array((1200 - kilobytes) * 1024));
          let confirmed = -1;
          let message = "";
          try {
            await using journal = await openJournal(path);
            await journal.startRun({ time: TIME, content: {} });
            ({ confirmed, message } = await fill(journal));
          } catch (error) {
            assert(error instanceof JournalError);
            message = error.message;
          }
          const isClear = /: the disk (is full|failed) \(.*room, then start again\./.test(message);
          assert(isClear && message.includes(path), message);
          const isThere = !isMissing(path);
          if (isThere) {
            // Reading takes no space.
            const size = Deno.statSync(path).size;
            if (kilobytes > 100) assert((await chainResultOf(path)).isWhole);
            assertEquals(Deno.statSync(path).size, size);
          }
          Deno.removeSync(ballast);
          await using journal = await openJournal(path, { verify: true });
          if (confirmed >= 0) {
            assertEquals((await contentsOf(path)).entries.length, 1 + 2 * confirmed);
            await journal.commit({ entries: [draft(1)] });
          } else {
            assert((await contentsOf(path)).entries.length <= 1);
            await journal.startRun({ time: TIME, content: {} });
          }
        } finally {
          assert(run("umount", disk));
        }
      }
    });
  },
});

Deno.test("Journal.open() reports a failing disk, and releases the journal", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await (await openJournal(path)).close();
    const broken: Connect = () => {
      throw diskError();
    };
    const { message } = await assertRejects(() => openJournal(path, { connect: broken }), JournalError);
    assertStringIncludes(
      message,
      `Cannot open the journal ${path}: the disk failed (disk I/O error). Check that it`,
    );
    await (await openJournal(path)).close();
  });
});
