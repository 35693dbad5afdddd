import fc from "fast-check";
import { type ClosesPart, ClosesTail } from "../../../src/stores/journal/closes_tail.ts";
import type { ClosesNote } from "../../../src/stores/journal/closes_note.ts";
import { assertEquals } from "../../support/equals.ts";

/** The stored parts of a chain, as a journal keeps them. */
class Chain {
  readonly parts = new Map<number, ClosesPart>();
  #last: ClosesPart | null = null;

  add(part: ClosesPart, from: number | null): void {
    for (const seq of this.parts.keys()) {
      if (part.note.fresh || seq >= (from ?? Infinity)) this.parts.delete(seq);
    }
    if (part.note.count > 0 || part.note.fresh) this.parts.set(part.seq, part);
    this.#last = part;
  }

  /** The last checkpoint, and the parts that it leads to, newest first. */
  *newest(): Generator<ClosesPart> {
    for (let part = this.#last ?? undefined; part !== undefined;) {
      yield part;
      const { before } = part.note;
      if (before === null) return;
      part = this.parts.get(before);
      if (part === undefined) throw new Error(`The closes of entry ${before} are missing`);
    }
  }

  /** The tail as it follows from what is stored. */
  get tail(): ClosesTail {
    const parts = [...this.newest()];
    return this.#last === null
      ? new ClosesTail()
      : ClosesTail.at(this.#last.seq, this.#last.note, parts.reverse());
  }
}

function noteOf(decimals: number, values: readonly number[], before: number | null): ClosesNote {
  return { decimals, fresh: before === null, count: values.length, hash: "", before };
}

const anyStep = fc.record({
  entries: fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: 1, max: 9 }) },
    fc.integer({ min: 1, max: 600 }),
  ),
  count: fc.oneof(
    { weight: 9, arbitrary: fc.nat(5) },
    { weight: 1, arbitrary: fc.constantFrom(1023, 1024, 1025) },
  ),
  fresh: fc.nat(60).map((chance) => chance === 0),
  finer: fc.nat(90).map((chance) => chance === 0),
});

Deno.test("ClosesTail takes closes over so that all are kept once, and decides the same from what is stored", () => {
  fc.assert(fc.property(fc.array(anyStep, { minLength: 100, maxLength: 400 }), (steps) => {
    const tail = new ClosesTail();
    const chain = new Chain();
    let [seq, decimals, next] = [0, 0, 0];
    let all: number[] = [];
    for (const { entries, count, fresh, finer } of steps) {
      seq += entries;
      if (finer) decimals++;
      const values = Array.from({ length: count }, () => next++);
      all = fresh ? values : [...all, ...values];
      const draft = { decimals, values, fresh };
      const placed = tail.placed(seq, draft, 1_000_000);
      assertEquals(chain.tail.placed(seq, draft, 1_000_000), placed);
      const { closes, before, from } = placed;
      const note = noteOf(decimals, closes.values, closes.fresh ? null : before);
      const part = { seq, note, values: Float64Array.from(closes.values) };
      tail.add(part);
      chain.add(part, from);
    }
    const newest = [...chain.newest()];
    assertEquals(newest.toReversed().flatMap(({ values }) => [...values]), all);
    assertEquals(newest.filter(({ note }) => note.count > 0 || note.fresh).length, chain.parts.size);
  }));
});

Deno.test("ClosesTail gathers closes that arrive one by one beside one checkpoint for each thousand of them", () => {
  const tail = new ClosesTail();
  const chain = new Chain();
  for (let seq = 3; seq < 30_000; seq += 3) {
    const placed = tail.placed(seq, { decimals: 2, values: [seq], fresh: false }, 20_000);
    const { values } = placed.closes;
    const part = { seq, note: noteOf(2, values, placed.before), values: Float64Array.from(values) };
    tail.add(part);
    chain.add(part, placed.from);
  }
  const counts = [...chain.parts.values()].map(({ note }) => note.count).filter((count) => count > 1);
  assertEquals(counts, [...Array.from({ length: 9 }, () => 1024), 768]);
});

Deno.test("ClosesTail takes nothing over that a resume does not need, nor for a writer that removes nothing", () => {
  const tail = new ClosesTail();
  const values = Float64Array.of(1, 2, 3);
  tail.add({ seq: 200, note: noteOf(2, [1, 2, 3], null), values });
  tail.add({ seq: 255, note: noteOf(2, [1, 2, 3], 200), values });
  const draft = { decimals: 2, values: [4, 5], fresh: false };
  const taken = {
    closes: { ...draft, values: [1, 2, 3, 1, 2, 3, 4, 5], fresh: true },
    before: null,
    from: 200,
  };
  assertEquals(tail.placed(256, draft, 8), taken);
  const apart = tail.apart(draft);
  assertEquals(apart, { closes: draft, before: 255, from: null });
  assertEquals(tail.placed(256, draft, 7), apart);
  assertEquals(tail.placed(256, draft, null), apart);
  assertEquals(tail.placed(255, draft, 8), apart);
  assertEquals(tail.placed(256, { ...draft, decimals: 3 }, 8).from, null);
  assertEquals(tail.placed(256, { ...draft, values: [] }, 8).from, null);
  assertEquals(tail.placed(256, { ...draft, fresh: true }, 8).from, null);
});
