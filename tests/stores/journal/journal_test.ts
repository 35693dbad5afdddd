import { assert, assertLess, assertRejects, assertThrows } from "@std/assert";
import { createHash } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import type { Journal } from "../../../src/stores/journal/journal.ts";
import { JournalError } from "../../../src/stores/journal/journal_error.ts";
import { JournalReader } from "../../../src/stores/journal/journal_reader.ts";
import {
  chainResultOf,
  checkpoint,
  contentsOf,
  draft,
  inFolder,
  openJournal,
  REMEMBERS,
  tamper,
  TIME,
  writeSample,
} from "../sample_journal.ts";
import { assertEquals } from "../../support/equals.ts";
import { SeededRandom } from "../../support/random.ts";

Deno.test("Journal keeps entries in order, numbered from 1, each in its run", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    {
      await using journal = await openJournal(path);
      assertEquals([journal.run, await journal.last()], [0, null]);
      assertEquals(await journal.startRun({ time: TIME, content: { config: { symbol: "BTCUSDT" } } }), 1);
      assertEquals(await journal.commit({ entries: [draft(1, "connected"), draft(2, "gap")] }), 3);
      assertEquals(await journal.commit({}), 3);
      assertEquals(await journal.commit({ entries: [draft(3)], checkpoint: checkpoint(3, [5, 6]) }), 5);
    }
    {
      await using journal = await openJournal(path);
      assertEquals(journal.run, 1);
      assertEquals(await journal.commit({ entries: [draft(4, "resumed")] }), 6);
      assertEquals(await journal.startRun({ time: TIME, content: {} }), 2);
      assertEquals(await journal.commit({ entries: [draft(5, "stopped")] }), 8);
    }
    const { entries } = await contentsOf(path);
    assertEquals(entries.map(({ seq, run, type }) => `${seq} ${run} ${type}`), [
      "1 1 started",
      "2 1 connected",
      "3 1 gap",
      "4 1 fill",
      "5 1 checkpoint",
      "6 1 resumed",
      "7 2 started",
      "8 2 stopped",
    ]);
    assertEquals(entries[3], { seq: 4, run: 1, ...draft(3) } as typeof entries[3]);
    assertEquals(entries[0]!.content, { config: { symbol: "BTCUSDT" } });
    assertEquals(await chainResultOf(path), { isWhole: true, entries: 8, from: TIME, to: TIME + 5 });
  });
});

Deno.test("Journal hashes each entry with the one before, as documented", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await writeSample(path);
    const database = new DatabaseSync(path, { readOnly: true });
    let before = new Uint8Array(32);
    let count = 0;
    for (const row of database.prepare("SELECT * FROM entries ORDER BY seq").all()) {
      const { seq, run, type, time, content, hash } = row;
      const text = new TextEncoder().encode([seq, run, type, time, content].join("\n"));
      before = new Uint8Array(createHash("sha256").update(new Uint8Array([...before, ...text])).digest());
      assertEquals(hash, before);
      count++;
    }
    assertEquals(count, 16);
    database.close();
  });
});

Deno.test("Journal refuses changes by any program", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await writeSample(path);
    const was = await contentsOf(path);
    const database = new DatabaseSync(path);
    const insert = (seq: number, verb = "INSERT") =>
      `${verb} INTO entries SELECT ${seq}, run, type, time, content, hash FROM entries WHERE seq = 5`;
    for (
      const sql of [
        "UPDATE entries SET content = '{}' WHERE seq = 3",
        "DELETE FROM entries",
        "DELETE FROM entries WHERE seq = 16",
        insert(3, "INSERT OR REPLACE"),
        insert(18),
        insert(0),
        "INSERT INTO entries (run, type, time, content, hash) VALUES (1, 'fill', 1, '{}', zeroblob(32))",
      ]
    ) assertThrows(() => database.prepare(sql).run(), Error, "entries of a journal", sql);
    database.close();
    assertEquals(await contentsOf(path), was);
  });
});

/** The numbers of the entries after one. */
async function entriesAfter(path: string, seq: number): Promise<number[]> {
  await using reader = await JournalReader.open(path);
  return (await Array.fromAsync(reader.entries({ afterSeq: seq }))).map((entry) => entry.seq);
}

Deno.test("Journal.last() returns a run's start and its last checkpoint", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    const look = async (journal: Journal): Promise<unknown[]> => {
      const { run, started, checkpoint } = (await journal.last())!;
      const { seq, state, account, positions, time } = checkpoint ?? {};
      return [
        run,
        started.seq,
        seq,
        state,
        account,
        positions,
        time,
        await entriesAfter(path, seq ?? started.seq),
      ];
    };
    const again = async () => {
      await using journal = await openJournal(path);
      return await look(journal);
    };
    {
      await using journal = await openJournal(path);
      await journal.startRun({ time: TIME, content: { long: 10 } });
      await journal.commit({ entries: [draft(1, "connected")] });
      const none = undefined;
      assertEquals(await look(journal), [1, 1, none, none, none, none, none, [2]]);
      assertEquals(await journal.lastCloses(), { decimals: 0, values: [] });
      await journal.commit({ entries: [draft(3)], checkpoint: checkpoint(3, [5, 6]) });
      const { state, account, positions, time } = checkpoint(3);
      assertEquals(await look(journal), [1, 1, 4, state, account, positions, time, []]);
      await journal.commit({ entries: [draft(4, "disconnected"), draft(5, "stopped")] });
      assertEquals(await look(journal), [1, 1, 4, state, account, positions, time, [5, 6]]);
    }
    const { state, account, positions, time } = checkpoint(3);
    assertEquals(await again(), [1, 1, 4, state, account, positions, time, [5, 6]]);
    {
      await using journal = await openJournal(path);
      assertEquals((await journal.last())!.started.content, { long: 10 });
      assertEquals(await journal.lastCloses(), { decimals: 2, values: [5, 6] });
      await journal.startRun({ time: TIME, content: {} });
      assertEquals([(await journal.last())!.checkpoint, (await journal.lastCloses()).values], [null, []]);
      // This run does not use the closes of the run before.
      await journal.commit({ checkpoint: checkpoint(6, [7]) });
      assertEquals((await journal.lastCloses()).values, [7]);
    }
    assertEquals((await again()).slice(0, 6), [2, 7, 8, { number: 6 }, checkpoint(6).account, []]);
  });
});

Deno.test("Journal.lastCloses() assembles the last closes, and the journal keeps no more than it needs for them", async () => {
  const anyValues = fc.array(fc.nat(1e9), { maxLength: 14 });
  const anyStep = fc.oneof(
    { weight: 6, arbitrary: fc.record({ values: anyValues, fresh: fc.constant(false) }) },
    { weight: 1, arbitrary: fc.record({ values: anyValues, fresh: fc.constant(true) }) },
    { weight: 1, arbitrary: fc.constantFrom("reopen" as const, "run" as const, "finer" as const) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { maxLength: 20 }), async (steps) => {
      await inFolder(async (folder) => {
        const path = `${folder}/a.db`;
        let journal = await openJournal(path);
        try {
          await journal.startRun({ time: TIME, content: {} });
          let decimals = 0;
          // The naive way: all closes of the run as decimals of 10^-8.
          let all: bigint[] = [];
          let longest = 0;
          for (const step of steps) {
            if (step === "reopen") {
              await journal.close();
              journal = await openJournal(path);
            } else if (step === "run") {
              await journal.startRun({ time: TIME, content: {} });
              all = [];
            } else if (step === "finer") decimals = Math.min(6, decimals + 1);
            else {
              const { values, fresh } = step;
              await journal.commit({ checkpoint: { ...checkpoint(1), closes: { decimals, fresh, values } } });
              const exact = values.map((value) => BigInt(value) * 10n ** BigInt(8 - decimals));
              all = [...(fresh ? [] : all), ...exact];
              longest = Math.max(longest, values.length);
            }
            const last = await journal.lastCloses();
            assertEquals(
              last.values.map((value) => BigInt(value) * 10n ** BigInt(8 - last.decimals)),
              all.slice(-REMEMBERS),
            );
          }
          const reading = new DatabaseSync(path, { readOnly: true });
          const { kept } = reading.prepare("SELECT sum(length(prices)) / 8 AS kept FROM checkpoint_prices")
            .get()!;
          reading.close();
          assertLess(Number(kept), REMEMBERS + longest + 1);
        } finally {
          await journal.close();
        }
        assert((await chainResultOf(path)).isWhole);
      });
    }),
    { numRuns: 40 },
  );
});

Deno.test("Journal stores the closes of hundreds of checkpoints beside a few, whenever it is opened again", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    const random = new SeededRandom(3);
    const all: number[] = [];
    let journal = await openJournal(path, { remembers: 5_000 });
    await journal.startRun({ time: TIME, content: { remembers: 5_000 } });
    for (let at = 0; at < 500; at++) {
      const values = Array.from({ length: random.whole(0, 6) }, () => random.whole(1, 1e9));
      await journal.commit({
        entries: [draft(at), draft(at), draft(at)],
        checkpoint: checkpoint(at, values),
      });
      all.push(...values);
      if (random.whole(0, 40) > 0) continue;
      await journal.close();
      journal = await openJournal(path, { remembers: 5_000 });
      assertEquals((await journal.lastCloses()).values, all);
    }
    assertEquals((await journal.lastCloses()).values, all);
    await journal.close();
    assert((await chainResultOf(path)).isWhole);
    tamper(path, (database) => {
      const { parts } = database.prepare("SELECT count(*) AS parts FROM checkpoint_prices").get()!;
      assertLess(Number(parts), 140);
      database.exec(
        "UPDATE checkpoint_prices SET prices = zeroblob(length(prices)) WHERE length(prices) > 800",
      );
    });
    await using altered = await openJournal(path, { remembers: 5_000 });
    const { message } = await assertRejects(() => altered.lastCloses(), JournalError);
    assert(message.includes("are not those that it was written with"), message);
  });
});

Deno.test("Journal.lastCloses() refuses missing or changed closes", async () => {
  await inFolder(async (folder) => {
    const changes = {
      "missing": "DELETE FROM checkpoint_prices WHERE seq = 10",
      "not those": "UPDATE checkpoint_prices SET prices = zeroblob(24) WHERE seq = 10",
      "not those that": "UPDATE checkpoint_prices SET decimals = 3 WHERE seq = 10",
      "not those that it": "UPDATE checkpoint_prices SET fresh = 1 WHERE seq = 10",
    };
    for (const [what, sql] of Object.entries(changes)) {
      const path = `${folder}/${what}.db`;
      await writeSample(path);
      tamper(path, (database) => database.exec(sql));
      await using journal = await openJournal(path);
      const { message } = await assertRejects(() => journal.lastCloses(), JournalError, what);
      assert(message.startsWith(`The journal ${path} is damaged: the closes of entry 10 are `), message);
      await assertRejects(() => openJournal(path, { verify: true }), JournalError);
      const chain = await chainResultOf(path);
      assert(!chain.isWhole && chain.flaw === "derived" && chain.what.includes(what));
    }
  });
});

Deno.test("Journal.commit() refuses what no journal can hold before it writes anything, and continues", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await using journal = await openJournal(path);
    await assertRejects(() => journal.commit({ entries: [draft(1)] }), Error, "call startRun() first");
    await journal.startRun({ time: TIME, content: {} });
    const { account, closes } = checkpoint(1);
    const wrong = [
      { entries: [{ ...draft(1), time: 1.5 }] },
      { entries: [draft(1), { ...draft(1), content: { amount: 1n } }] },
      { entries: [draft(1)], checkpoint: { ...checkpoint(1), time: NaN } },
      { entries: [{ ...draft(1), content: new Date(0) }] },
      { entries: [{ ...draft(1), content: [1] }] },
      { checkpoint: { ...checkpoint(1), state: new Date(0) } },
      { checkpoint: checkpoint(1, [1.5]) },
      { checkpoint: checkpoint(1, [2 ** 53]) },
      { checkpoint: { ...checkpoint(1), account: { ...account, cash: "1e5" } } },
      { checkpoint: { ...checkpoint(1), positions: [{ symbol: "X", quantity: "", cost: "1" }] } },
      { checkpoint: { ...checkpoint(1), closes: { ...closes, decimals: 9 } } },
    ];
    for (const commit of wrong) {
      const { name } = await assertRejects(() => journal.commit(commit), Error);
      assert(name === "RangeError" || name === "TypeError", name);
    }
    assertEquals(await journal.commit({ entries: [draft(1)] }), 2);
    assertEquals((await contentsOf(path)).entries.length, 2);
    await journal.close();
    await journal.close();
    await assertRejects(() => journal.commit({ entries: [draft(2)] }), Error, "is closed");
    for (const remembers of [-1, 1.5, NaN]) {
      await assertRejects(() => openJournal(path, { remembers }), RangeError, "The closes to remember");
    }
  });
});

Deno.test("Journal.commit() keeps the account and the positions of every run as of its last checkpoint", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await using journal = await openJournal(path);
    await journal.startRun({ time: TIME, content: {} });
    assertEquals((await contentsOf(path)).account, null);
    const positions = [
      { symbol: "ETHUSDT", quantity: "1.5", cost: "3000.25" },
      { symbol: "BTCUSDT", quantity: "0", cost: "0" },
    ];
    await journal.commit({ checkpoint: { ...checkpoint(1), positions } });
    assertEquals((await contentsOf(path)).account, checkpoint(1).account);
    assertEquals((await contentsOf(path)).positions, positions.toReversed());
    await journal.commit({ checkpoint: checkpoint(2) });
    assertEquals((await contentsOf(path)).account, checkpoint(2).account);
    assertEquals((await contentsOf(path)).positions, []);
    assert((await chainResultOf(path)).isWhole);
  });
});

Deno.test("Journal.spent counts commits and measures their time with the given clock", async () => {
  await inFolder(async (folder) => {
    const times = [0, 5, 10, 12, 20, 27];
    await using journal = await openJournal(`${folder}/a.db`, { now: () => times.shift()! });
    await journal.startRun({ time: TIME, content: {} });
    await journal.commit({ entries: [draft(1)] });
    await journal.commit({});
    await journal.commit({ checkpoint: checkpoint(1) });
    assertEquals(journal.spent, { commits: 3, totalMs: 14, worstMs: 7 });
    assertEquals(times, []);
  });
});

Deno.test("Journal keeps an integer up to 2^53 exactly, as a time and as a price", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a.db`;
    const largest = Number.MAX_SAFE_INTEGER;
    await using journal = await openJournal(path);
    await journal.startRun({ time: largest, content: {} });
    await journal.commit({ checkpoint: checkpoint(1, [largest, largest - 1, 0]) });
    assertEquals((await journal.last())!.started.time, largest);
    assertEquals((await journal.lastCloses()).values, [largest, largest - 1, 0]);
  });
});
