/** The contract of every store of logs, whatever it keeps them in. A store's test calls this. */
import { assert, assertEquals, assertGreater, assertRejects } from "@std/assert";
import type {
  Addition,
  EntryLog,
  EntryStore,
  LogLease,
  SealedEntry,
} from "../../../src/stores/journal/entry_log.ts";
import { CopyExists } from "../../../src/stores/journal/entry_log.ts";
import { entryHash, GENESIS } from "../../../src/stores/journal/journal_chain.ts";
import type { EntryType, StoredEntry } from "../../../src/stores/journal/journal_entry.ts";
import { JournalError, JournalHeld } from "../../../src/stores/journal/journal_error.ts";
import { SeededRandom } from "../../support/random.ts";

/** A store to test. */
export interface StoreSubject {
  readonly name: string;
  readonly store: EntryStore;
  /** Returns a new place without a log. The place and everything beside it are removed after the test. */
  readonly newPlace: () => string;
}

const TIME = 1_723_161_255_342_123;
/** Text from all of Unicode, and invalid text: each must come back unchanged. */
const CONTENT = JSON.stringify({ note: "é 漢 \u{1f600} \n\u0000\ufffd\ud800", price: "61607.85" });

/** Makes consecutive additions, as a journal does. */
export class Writer {
  readonly lease: LogLease;
  seq = 0;
  hash = GENESIS;

  constructor(lease: LogLease) {
    this.lease = lease;
  }

  /** Seals entries of `run`. */
  sealed(run: number, types: readonly EntryType[]): SealedEntry[] {
    return types.map((type) => {
      const entry = { seq: ++this.seq, run, type, time: TIME + this.seq };
      this.hash = entryHash(this.hash, entry, CONTENT);
      return { ...entry, content: CONTENT, hash: this.hash };
    });
  }

  async append(
    run: number,
    types: readonly EntryType[],
    more: Partial<Addition> = {},
  ): Promise<SealedEntry[]> {
    const entries = this.sealed(run, types);
    const head = { seq: this.seq, hash: this.hash };
    await this.lease.append({
      entries,
      head,
      state: null,
      closes: null,
      closesFrom: null,
      firstCloses: null,
      handled: [],
      ...more,
    });
    return entries;
  }
}

/** Registers the contract's tests for a store. */
export function testEntryStore({ name, store, newPlace }: StoreSubject): void {
  const test = (what: string, fn: () => Promise<void>) => Deno.test(`${name} ${what}`, fn);
  const unchecked = () => Promise.resolve();

  test("creates an empty log if there is none, and refuses to read a missing one", async () => {
    const place = newPlace();
    assertEquals(await store.has(place), false);
    await assertRejects(() => store.read(place), JournalError, "there is none");
    {
      await using lease = await store.lease(place, unchecked);
      assertEquals(await lease.log.head(), { seq: 0, hash: GENESIS });
    }
    assertEquals(await store.has(place), true);
    await using log = await store.read(place);
    assertEquals(log.path, place);
    assertEquals(await log.last(), null);
    assertEquals([await log.after(0, 5), await log.lastOfType("fill", 1, 5)], [[], []]);
    assertEquals([await log.state(1), await log.closesUpTo(9, 9), await log.placeOf(1)], [null, [], null]);
    assertEquals([await log.heartbeat(), await log.requests(), await log.counts(null, 9)], [null, [], []]);
    assertEquals(await log.closesExtent(), { parts: 0, oldest: null });
    assertEquals(await log.storageFlaw(0), null);
  });

  test("returns every entry as it was appended, in pages, by type, and from the end", async () => {
    const place = newPlace();
    const random = new SeededRandom(3);
    const all: SealedEntry[] = [];
    await using lease = await store.lease(place, unchecked);
    const writer = new Writer(lease);
    const types = ["signal", "fill", "checkpoint", "gap"] as const;
    for (let run = 1; run <= 3; run++) {
      all.push(...await writer.append(run, ["started"]));
      for (let commit = 0; commit < 12; commit++) {
        const some = Array.from(
          { length: random.whole(1, 5) },
          () => types[random.whole(0, types.length - 1)]!,
        );
        all.push(...await writer.append(run, some));
      }
    }
    await using log = await store.read(place);
    assertEquals(await log.last(), pick(all.at(-1)!));
    assertEquals(await log.head(), { seq: all.length, hash: writer.hash });
    for (const [seq, limit] of [[0, 7], [0, 1_000], [5, 1], [all.length - 1, 9], [all.length, 9]] as const) {
      assertEquals(await contentsOf(log.after(seq, limit)), all.slice(seq, seq + limit).map(plain));
    }
    for (let run = 1; run <= 4; run++) {
      for (const type of ["started", ...types] as const) {
        const expected = all.filter((entry) => entry.type === type && entry.run === run).map(plain);
        assertEquals(await contentsOf(log.lastOfType(type, run, 3)), expected.slice(-3).reverse());
        const after = expected[1]?.seq ?? 0;
        assertEquals(
          await contentsOf(log.afterOfType(type, run, after, 2)),
          expected.filter(({ seq }) => seq > after).slice(0, 2),
        );
      }
    }
    for (const { seq, run, hash } of all) assertEquals(await log.placeOf(seq), { run, hash: hash.toHex() });
    for (const run of [null, 1, 2, 3, 4]) {
      const counted = all.filter((entry) => entry.type !== "checkpoint" && (run ?? entry.run) === entry.run);
      const expected = [...Map.groupBy(counted, ({ type }) => type)].map((
        [type, some],
      ) => [type, some.length]);
      assertEquals(Object.fromEntries(await log.counts(run, 1_000)), Object.fromEntries(expected));
    }
    assertEquals(await log.typeNotFound(3, all.length), null);
    assertEquals(await log.storageFlaw(3), null);
  });

  test("keeps the last state of every run, and the closes from the first that counts", async () => {
    const place = newPlace();
    await using lease = await store.lease(place, unchecked);
    const writer = new Writer(lease);
    const closes = (seq: number, count: number) => ({
      ...{ seq, decimals: 2, fresh: Number(seq === 2), before: seq === 2 ? null : seq - 1 },
      bytes: Uint8Array.from({ length: 8 * count }, (_, at) => at + seq),
      state: new Uint8Array(32).fill(seq).toHex(),
    });
    await writer.append(1, ["started"]);
    for (let seq = 2; seq <= 6; seq++) {
      const state = { run: seq < 5 ? 1 : 2, seq, content: `{"é":${seq}}`, closes: `[${seq}]` };
      const type = seq === 5 ? "started" : "checkpoint";
      const firstCloses = seq === 6 ? 4 : null;
      await writer.append(state.run, [type], { state, closes: closes(seq, seq), firstCloses });
    }
    await using log = await store.read(place);
    assertEquals(await log.state(1), { seq: 4, content: '{"é":4}', closes: "[4]" });
    assertEquals(await log.state(2), { seq: 6, content: '{"é":6}', closes: "[6]" });
    assertEquals(await log.state(3), null);
    assertEquals(await log.closesUpTo(3, 9), []);
    assertEquals(await log.closesUpTo(5, 9), [closes(5, 5), closes(4, 4)]);
    assertEquals(await log.closesUpTo(9, 2), [closes(6, 6), closes(5, 5)]);
    assertEquals(await log.closesKept(2), [{ seq: 6, count: 6 }, { seq: 5, count: 5 }]);
    assertEquals(await log.closesExtent(), { parts: 3, oldest: 4 });
    assertEquals(await log.repetitionFlaw(1, null), null);
  });

  test("removes the closes that new ones include, whatever else it removes", async () => {
    const place = newPlace();
    await using lease = await store.lease(place, unchecked);
    const writer = new Writer(lease);
    const closes = (seq: number) => ({
      ...{ seq, decimals: 2, fresh: 0, before: null, bytes: new Uint8Array(8 * seq), state: null },
    });
    const parts = async () => (await lease.log.closesKept(9)).map(({ seq }) => seq);
    await writer.append(1, ["started"]);
    for (let seq = 2; seq <= 6; seq++) await writer.append(1, ["checkpoint"], { closes: closes(seq) });
    await writer.append(1, ["checkpoint"], { closes: closes(7), closesFrom: 4 });
    assertEquals(await parts(), [7, 3, 2]);
    await writer.append(1, ["checkpoint"], { closes: closes(8), closesFrom: 7, firstCloses: 3 });
    assertEquals(await parts(), [8, 3]);
    assertEquals(await lease.log.closesUpTo(8, 1), [closes(8)]);
  });

  test("grants one lease at a time, names its holder, and checks before it changes anything", async () => {
    const place = newPlace();
    {
      await using lease = await store.lease(place, unchecked);
      await new Writer(lease).append(1, ["started"]);
      await assertRejects(() => store.lease(place, unchecked), JournalHeld);
      assertEquals(await lease.loss(), null);
    }
    const refusing = (log: EntryLog) => {
      assert(log.path === place);
      return Promise.reject(new JournalError("not like this"));
    };
    await assertRejects(() => store.lease(place, refusing), JournalError, "not like this");
    await using lease = await store.lease(place, async (log) => assertEquals((await log.last())?.seq, 1));
    assertEquals((await lease.log.last())?.seq, 1);
  });

  test("appends an addition whole or not at all, for open readers and for new ones", async () => {
    const place = newPlace();
    await using lease = await store.lease(place, unchecked);
    const writer = new Writer(lease);
    await writer.append(1, ["started"]);
    await using reader = await store.read(place);
    const seen: number[] = [];
    for (let commit = 0; commit < 5; commit++) {
      const state = { run: 1, seq: writer.seq + 3, content: "{}", closes: "[]" };
      const written = writer.append(1, ["signal", "fill", "checkpoint"], { state });
      // Whenever the answer arrives, entries, end and state belong to one commit.
      const moment = await reader.moment();
      const head = await reader.head();
      const entries = await reader.after(0, 1_000);
      const kept = await reader.state(1);
      await written;
      // Later writes do not show.
      assertEquals(await reader.after(0, 1_000), entries);
      await moment[Symbol.asyncDispose]();
      assertEquals(entries.length % 3, 1);
      assertEquals([head?.seq, kept?.seq ?? 1], [entries.length, entries.length]);
      seen.push(entries.length);
      assertEquals((await reader.last())?.seq, writer.seq);
    }
    assertGreater(seen.at(-1)!, 10);
  });

  test("files requests beside the lease, and removes those that an addition handled", async () => {
    const place = newPlace();
    await using lease = await store.lease(place, unchecked);
    const writer = new Writer(lease);
    await writer.append(1, ["started"]);
    await using box = await store.requestBox(place);
    await using reader = await store.read(place);
    const halt = { kind: "halt", action: "flatten", text: null } as const;
    const release = { kind: "release", halt: 7, text: "é\n\ud800" } as const;
    const first = await box.file({ run: 1, time: TIME, request: halt });
    const second = await box.file({ run: 2, time: TIME + 1, request: release });
    const third = await box.file({ run: 1, time: TIME + 2, request: halt });
    const filed = await lease.log.requests();
    assertEquals(filed.map(({ id, time, run, request }) => ({ id, time, run, request })), [
      { ...first, run: 1, request: halt },
      { ...second, run: 2, request: release },
      { ...third, run: 1, request: halt },
    ]);
    await box.withdraw(second);
    // The number of a removed request may be used again, so a request is identified by its time as well.
    await box.withdraw({ ...third, time: 1 });
    assertEquals(await Promise.all([first, second, third].map((key) => reader.isWaiting(key))), [
      true,
      false,
      true,
    ]);
    await writer.append(1, ["halt"], { handled: [first.id] });
    assertEquals((await reader.requests()).map(({ id }) => id), [third.id]);
    await assertRejects(() => store.requestBox(newPlace()), JournalError);
  });

  test("replaces the heartbeat, which is not an entry", async () => {
    const place = newPlace();
    await using lease = await store.lease(place, unchecked);
    await new Writer(lease).append(1, ["started"]);
    await using reader = await store.read(place);
    const heartbeat = { run: 1, seq: 1, time: TIME, pid: 5, trades: 7, tradesPerSecond: 2 };
    for (
      const more of [{ lagMs: null, last: null }, { lagMs: 12, last: { price: "61607.85", time: TIME } }]
    ) {
      await lease.writeHeartbeat({ ...heartbeat, ...more });
      assertEquals(await reader.heartbeat(), { ...heartbeat, ...more });
    }
    assertEquals((await reader.last())?.seq, 1);
  });

  test("copies a log to an unused place", async () => {
    const [place, to] = [newPlace(), newPlace()];
    await using lease = await store.lease(place, unchecked);
    const entries = await new Writer(lease).append(1, ["started", "fill"]);
    const { bytes: _bytes, ...copied } = await store.copy(place, to);
    assertEquals(copied, { run: 1, entry: 2, type: "fill", time: entries[1]!.time });
    await assertRejects(() => store.copy(place, to), CopyExists);
    await using copy = await store.read(to);
    assertEquals(await contentsOf(copy.after(0, 9)), entries.map(plain));
  });
}

function pick({ seq, run, time }: SealedEntry) {
  return { seq, run, time };
}

/** An entry with its content as text, whether the store returns text or bytes. */
function plain({ hash, ...entry }: SealedEntry) {
  return { ...entry, hash: hash.toHex() };
}

async function contentsOf(entries: Promise<readonly StoredEntry[]>) {
  return (await entries).map((entry) => {
    assert(entry.type !== null);
    const { content } = entry;
    return { ...entry, content: typeof content === "string" ? content : new TextDecoder().decode(content) };
  });
}
