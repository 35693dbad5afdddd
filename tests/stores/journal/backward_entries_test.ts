import { assertEquals, assertLess } from "@std/assert";
import { BackwardEntries, type EntryLookup } from "../../../src/stores/journal/backward_entries.ts";
import type { StoredEntry } from "../../../src/stores/journal/journal_entry.ts";

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
