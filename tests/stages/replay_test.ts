import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { Chunk } from "../../src/domain/chunk.ts";
import { ChunkReader } from "../../src/domain/chunk_reader.ts";
import { type LateRow, lateText } from "../../src/domain/late_rows.ts";
import { noteText, type RecordingNote } from "../../src/domain/recording_note.ts";
import { UnusableInput } from "../../src/domain/unusable_input.ts";
import { ModelRun } from "../../src/stages/model_run.ts";
import { type Mark, Pipeline } from "../../src/stages/pipeline.ts";
import { Replay, type Replayed } from "../../src/stages/replay.ts";
import { DEFAULTS, messageOf, optionsOf, termsOf } from "../support/pipeline_input.ts";
import { scenario } from "../support/scenario.ts";

const TIME = 1_723_161_255_342_000;
const CHOICES = { ...DEFAULTS, short: 2, long: 4 };

function chunkOf(frames: readonly string[]): Chunk {
  const bytes = new TextEncoder().encode(frames.map((frame) => `${TIME} ${frame}\n`).join(""));
  return { origin: { name: "a.txt", layout: { kind: "recording" } }, bytes, start: 0, end: bytes.length };
}

function replayOf(
  frames: readonly string[],
  choices = CHOICES,
  models: readonly ModelRun[] = [],
): Replay {
  const pipeline = new Pipeline({ ...optionsOf(choices), withResults: true, models });
  const replay = new Replay(pipeline, new ChunkReader(choices.symbol, true));
  return replay.open(chunkOf([note({ event: "recording", version: 1, symbol: choices.symbol }), ...frames]));
}

function note(note: RecordingNote): string {
  return noteText(note);
}

function trade(id: number, price: number): string {
  return messageOf({ firstId: id, lastId: id, time: TIME + id * 1_000, price: String(price) });
}

function late(id: number, price: number): LateRow {
  return {
    firstId: id,
    lastId: id,
    price: String(price),
    quantity: "1",
    time: TIME + id * 1_000,
    buyerIsMaker: true,
  };
}

function namesOf(told: Iterable<Replayed>): string[] {
  return Array.from(told, (each) => "type" in each ? each.type : each.event);
}

Deno.test("Replay.run() tells notes in their place and lets the pipeline know of them", () => {
  const replay = replayOf([
    note({ event: "connected", endpoint: "ws://127.0.0.1:1", attempt: 1 }),
    ...[100, 100, 100, 100].map((price, at) => trade(at + 1, price)),
    note({ event: "disconnected", reason: "x", retryInMs: 1 }),
    trade(5, 110),
    note({ event: "connected", endpoint: "ws://127.0.0.1:1", attempt: 1 }),
    note({ event: "late", trades: lateText([late(6, 90), late(7, 80)]) }),
    note({ event: "settled", filled: 2 }),
    trade(8, 80),
    note({ event: "ended" }),
  ]);
  assertEquals(namesOf(replay.run()), [
    ...["recording", "connected", "disconnected", "signal", "refusal"],
    ...["connected", "late", "settled", "gap", "signal", "refusal", "ended"],
  ]);
  assert(replay.isDry);
  assertEquals(replay.pipeline.trades, 8);
});

Deno.test("Replay.enter() takes the connection for whole, but in a file that goes on with the same recording", () => {
  const head = { event: "recording", version: 1, symbol: CHOICES.symbol } as const;
  const next = { ...head, part: 2, since: TIME };
  const after = [
    note({ event: "disconnected", reason: "x", retryInMs: 1 }),
    note({ event: "continued", file: "b.txt" }),
  ];
  const cases = [
    { next, told: "refusal" },
    { next: { ...next, part: 3 }, told: "fill" },
    { next: { ...next, since: TIME + 1 }, told: "fill" },
    { next: { ...next, hash: "ab" }, told: "fill" },
    { next: head, told: "fill" },
  ];
  for (const { next, told } of cases) {
    const replay = replayOf([...[1, 2, 3, 4].map((id) => trade(id, 100)), ...after]);
    [...replay.run()];
    replay.enter();
    const names = namesOf(replay.open(chunkOf([note(next), trade(5, 110)])).run());
    assertEquals(names, ["recording", "signal", told], JSON.stringify(next));
  }
});

Deno.test("Replay.enter() waits no longer for rules that never came, but in a file that goes on with the same recording", () => {
  const head = { event: "recording", version: 1, symbol: CHOICES.symbol } as const;
  const trades = [1, 2, 3, 4].map((id) => trade(id, 100));
  const cases = [
    { behind: [note({ ...head, part: 2, since: TIME })], told: "refusal" },
    { behind: [note(head)], told: "fill" },
    { behind: [note(head), note({ event: "rules-awaited" })], told: "refusal" },
    { behind: [], told: "fill" },
  ];
  for (const { behind, told } of cases) {
    const model = new ModelRun(termsOf(CHOICES));
    const replay = replayOf([note({ event: "rules-awaited" }), ...trades], CHOICES, [model]);
    [...replay.run()];
    replay.enter();
    const events = [...replay.open(chunkOf([...behind, trade(5, 110)])).run()];
    assertEquals(namesOf(events).slice(-2), ["signal", told]);
    assertEquals(replay.pipeline.totalsOf(model).fills, told === "fill" ? 1 : 0);
  }
});

Deno.test("Replay.step() works off one message or note at a time, to the same end as run()", () => {
  fc.assert(
    fc.property(scenario, ({ choices, messages }) => {
      const frames = messages.filter((message) => !/[\r\n]/.test(message) && message.trim() !== "");
      const whole = replayOf(frames, choices as typeof CHOICES);
      const expected = [...whole.run()];
      const stepped = replayOf(frames, choices as typeof CHOICES);
      const told: Replayed[] = [];
      let steps = 0;
      for (; !stepped.isDry; steps++) {
        const before = stepped.pipeline.trades;
        told.push(...stepped.step());
        // A trade whose id leapt comes with the one that proves it.
        assert(stepped.pipeline.trades - before <= 2);
      }
      assertEquals(told, expected);
      assertEquals(stepped.pipeline.totals, whole.pipeline.totals);
      // The first line and the look that finds nothing more.
      assertEquals(steps, frames.length + 2);
    }),
    { numRuns: 200 },
  );
});

Deno.test("Replay.runMarked() tells when a number of trades is reached, goes on from there, or is forsaken", () => {
  fc.assert(
    fc.property(
      scenario,
      fc.array(fc.integer({ min: 1, max: 30 })),
      fc.boolean(),
      (given, lengths, forsakes) => {
        const { choices, messages } = given;
        const frames = messages.filter((message) => !/[\r\n]/.test(message) && message.trim() !== "");
        const whole = replayOf(frames, choices as typeof CHOICES);
        const expected = [...whole.run()];
        const replay = replayOf(frames, choices as typeof CHOICES);
        const mark: Mark = { trades: -1 };
        const told: Replayed[] = [];
        let running = replay.runMarked(mark);
        for (const length of lengths) {
          mark.trades = replay.pipeline.trades + length;
          let next = running.next();
          for (; !next.done && next.value !== mark; next = running.next()) told.push(next.value as Replayed);
          if (next.done) break;
          assertEquals(replay.pipeline.trades, mark.trades);
          if (forsakes) running = replay.runMarked(mark);
        }
        mark.trades = -1;
        for (const each of running) told.push(each as Replayed);
        assertEquals(told, expected);
        assertEquals(replay.pipeline.snapshot(), whole.pipeline.snapshot());
      },
    ),
    { numRuns: 200 },
  );
});

Deno.test("Replay.runMarked() goes on within a page of fetched trades", () => {
  const frames = [
    trade(1, 100),
    note({ event: "late", trades: lateText([late(2, 90), late(3, 80), late(4, 70)]) }),
    note({ event: "settled", filled: 3 }),
    trade(5, 60),
  ];
  const replay = replayOf(frames);
  const mark = { trades: 3 };
  for (const told of replay.runMarked(mark)) if (told === mark) break;
  assertEquals([replay.pipeline.trades, replay.pipeline.lastId], [3, 3]);
  assertEquals(namesOf(replay.run()), ["settled", "gap"]);
  assertEquals([replay.pipeline.trades, replay.pipeline.lastId], [5, 5]);
});

Deno.test("Replay.run() throws UnusableInput for fetched trades that no backfill wrote", () => {
  const replay = replayOf([note({ event: "late", trades: "[[1]]" })]);
  assertThrows(
    () => [...replay.run()],
    UnusableInput,
    "a.txt: in a note of fetched trades a late trade is [1]",
  );
});
