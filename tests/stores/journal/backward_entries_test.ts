import { assertEquals, assertLess } from "@std/assert";
import { BackwardEntries, type EntryLookup } from "../../../src/stores/journal/backward_entries.ts";
import { entryHash, GENESIS } from "../../../src/stores/journal/journal_chain.ts";
import type { RawEntry, StoredEntry } from "../../../src/stores/journal/journal_entry.ts";

/** A log of these entries that counts the requests to it. */
class CountedLog implements EntryLookup {
  readonly path = "counted.db";
  asked = 0;
  readonly #entries: readonly StoredEntry[];

  constructor(entries: readonly StoredEntry[]) {
    this.#entries = entries;
  }

  head() {
    return Promise.resolve({ seq: this.#entries.length, hash: new Uint8Array(32) });
  }

  after(seq: number, limit: number): Promise<readonly StoredEntry[]> {
    this.asked++;
    return Promise.resolve(this.#entries.filter((_, at) => at + 1 > seq).slice(0, limit));
  }

  placeOf(seq: number) {
    this.asked++;
    return Promise.resolve(seq > this.#entries.length ? null : { run: 1, hash: hashOf(seq) });
  }
}

function hashOf(seq: number): string {
  return String(seq).padStart(64, "0");
}

function entryAt(seq: number): StoredEntry {
  return { seq, run: 1, type: "checkpoint", time: seq, content: "{}", hash: hashOf(seq) };
}

Deno.test("BackwardEntries finds entries backwards from the last, like the log, a thousand at once", async () => {
  const count = 5_000;
  // An entry that cannot be read, so that the log has to be queried for it.
  const unread: StoredEntry = { seq: 2_500, type: null };
  const log = new CountedLog(
    Array.from({ length: count }, (_, at) => at + 1 === 2_500 ? unread : entryAt(at + 1)),
  );
  const entries = new BackwardEntries(log);
  for (let seq = count; seq > 0; seq--) {
    const expected = seq === 2_500 ? unread : entryAt(seq);
    assertEquals(await entries.after(seq - 1, 1), [expected]);
    if (seq > 1) assertEquals((await entries.placeOf(seq - 1))!.hash, hashOf(seq - 1));
    const [next] = await entries.after(seq, 1);
    assertEquals(next?.seq, seq === count ? undefined : seq + 1);
  }
  assertLess(log.asked, 30);
  assertEquals(await entries.after(10, 3), [entryAt(11), entryAt(12), entryAt(13)]);
  assertEquals(await entries.placeOf(count + 1), null);
});

Deno.test("BackwardEntries links an entry whose neighbours are in memory, and none that fails to fit them", async () => {
  const chain: RawEntry[] = [];
  for (let seq = 1, before = GENESIS; seq <= 6; seq++) {
    const entry = { seq, run: 1, type: "checkpoint", time: seq };
    before = entryHash(before, entry, "{}");
    chain.push({ ...entry, content: "{}", hash: before.toHex() });
  }
  const linkedIn = async (entries: readonly StoredEntry[]): Promise<(number | undefined)[]> => {
    const backward = new BackwardEntries(new CountedLog(entries));
    assertEquals(backward.linked(3), null);
    await backward.after(4, 1);
    return chain.map(({ seq }) => backward.linked(seq)?.seq);
  };
  // The first has no entry before it, and the last none after it.
  assertEquals(await linkedIn(chain), [undefined, 2, 3, 4, 5, undefined]);
  const altered = chain.with(2, { ...chain[2]!, content: "{ }" });
  assertEquals(await linkedIn(altered), [undefined, undefined, undefined, 4, 5, undefined]);
  const unread = chain.with(2, { seq: 3, type: null } as unknown as RawEntry);
  assertEquals(await linkedIn(unread), [undefined, undefined, undefined, undefined, 5, undefined]);
});
