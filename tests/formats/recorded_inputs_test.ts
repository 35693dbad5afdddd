import { assert, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { Chunk } from "../../src/formats/trade_file.ts";
import { backfilledText, type BackfilledTrade } from "../../src/domain/market/backfilled_trades.ts";
import { noteText, type RecordingNote } from "../../src/domain/recording/recording_note.ts";
import { UnusableInput } from "../../src/domain/market/unusable_input.ts";
import { ModelRun } from "../../src/stages/model_run.ts";
import { type Applied, AppliedRecording, eventsIn, namesOf } from "../support/applied.ts";
import { isRemark, type Recorded } from "../../src/formats/recorded_inputs.ts";
import { DEFAULTS, messageOf, optionsOf, tradingParametersOf } from "../support/pipeline_input.ts";
import { scenario } from "../support/scenario.ts";
import { RECORDING } from "../support/layouts.ts";
import { assertEquals } from "../support/equals.ts";

const TIME = 1_723_161_255_342_000;
const OPTIONS = { ...DEFAULTS, short: 2, long: 4 };

function chunkOf(frames: readonly string[]): Chunk {
  const bytes = new TextEncoder().encode(frames.map((frame) => `${TIME} ${frame}\n`).join(""));
  return { origin: { name: "a.txt", layout: RECORDING }, bytes, start: 0, end: bytes.length };
}

function recordingOf(
  frames: readonly string[],
  choices = OPTIONS,
  models: readonly ModelRun[] = [],
): AppliedRecording {
  const recording = new AppliedRecording({ ...optionsOf(choices), withResults: true, models });
  recording.inputs.open(
    chunkOf([note({ event: "recording", version: 1, symbol: choices.symbol }), ...frames]),
  );
  return recording;
}

function note(note: RecordingNote): string {
  return noteText(note);
}

function trade(id: number, price: number): string {
  return messageOf({ firstId: id, lastId: id, time: TIME + id * 1_000, price: String(price) });
}

function late(id: number, price: number): BackfilledTrade {
  return {
    firstId: id,
    lastId: id,
    price: String(price),
    quantity: "1",
    time: TIME + id * 1_000,
    buyerIsMaker: true,
  };
}

Deno.test("RecordedInputs.next() returns notes in their places, and the engine applies them", () => {
  const recording = recordingOf([
    note({ event: "connected", endpoint: "ws://127.0.0.1:1", attempt: 1 }),
    ...[100, 100, 100, 100].map((price, at) => trade(at + 1, price)),
    note({ event: "disconnected", reason: "x", retryInMs: 1 }),
    trade(5, 110),
    note({ event: "connected", endpoint: "ws://127.0.0.1:1", attempt: 1 }),
    note({ event: "late", trades: backfilledText([late(6, 90), late(7, 80)]) }),
    note({ event: "settled", filled: 2 }),
    trade(8, 80),
    note({ event: "ended" }),
  ]);
  assertEquals(namesOf(recording.run()), [
    "recording",
    "connected",
    "connected",
    "disconnected",
    "disconnected",
    "signal",
    "refusal",
    "connected",
    "connected",
    "backfilled",
    "settled",
    "gap",
    "signal",
    "refusal",
    "ended",
  ]);
  assert(recording.inputs.isExhausted);
  assertEquals(recording.state.trades, 8);
});

Deno.test("RecordedInputs.enter() assumes a connection, except in a file that continues the same recording", () => {
  const head = { event: "recording", version: 1, symbol: OPTIONS.symbol } as const;
  const next = { ...head, part: 2, since: TIME };
  const after = [
    note({ event: "disconnected", reason: "x", retryInMs: 1 }),
    note({ event: "continued", file: "b.txt" }),
  ];
  const cases = [
    { next, printed: "refusal" },
    { next: { ...next, part: 3 }, printed: "fill" },
    { next: { ...next, since: TIME + 1 }, printed: "fill" },
    { next: { ...next, hash: "ab" }, printed: "fill" },
    { next: head, printed: "fill" },
  ];
  for (const { next, printed } of cases) {
    const recording = recordingOf([...[1, 2, 3, 4].map((id) => trade(id, 100)), ...after]);
    [...recording.run()];
    recording.inputs.enter();
    const events = eventsIn(recording.run(chunkOf([note(next), trade(5, 110)])));
    assertEquals(namesOf(events), ["signal", printed], JSON.stringify(next));
  }
});

Deno.test("RecordedInputs.enter() stops waiting for rules that never arrived, except in a file that continues the same recording", () => {
  const head = { event: "recording", version: 1, symbol: OPTIONS.symbol } as const;
  const trades = [1, 2, 3, 4].map((id) => trade(id, 100));
  const cases = [
    { behind: [note({ ...head, part: 2, since: TIME })], printed: "refusal" },
    { behind: [note(head)], printed: "fill" },
    { behind: [note(head), note({ event: "rules-awaited" })], printed: "refusal" },
    { behind: [], printed: "fill" },
  ];
  for (const { behind, printed } of cases) {
    const model = new ModelRun(tradingParametersOf(OPTIONS));
    const recording = recordingOf([note({ event: "rules-awaited" }), ...trades], OPTIONS, [model]);
    [...recording.run()];
    recording.inputs.enter();
    const events = [...recording.run(chunkOf([...behind, trade(5, 110)]))];
    assertEquals(namesOf(events).slice(-2), ["signal", printed]);
    assertEquals(recording.state.totalsOf(model).fills, printed === "fill" ? 1 : 0);
  }
});

Deno.test("RecordedInputs.next() gives the speed of a recording's clock after its first line, and 1 where the next has none", () => {
  const head = { event: "recording", version: 1, symbol: OPTIONS.symbol } as const;
  const recording = recordingOf([]);
  const speeds = [60, "max", undefined, undefined] as const;
  [...recording.run()];
  const found = speeds.map((speed) => {
    recording.inputs.enter();
    recording.inputs.open(chunkOf([note(speed === undefined ? head : { ...head, speed }), trade(1, 100)]));
    const inputs: Recorded[] = [];
    for (let input = recording.inputs.next(); input !== null; input = recording.inputs.next()) {
      inputs.push(input);
      [...recording.apply(input)];
    }
    return inputs.flatMap((input) => input.event === "speed" ? [input.speed] : []);
  });
  assertEquals(found, [[60], [Infinity], [1], []]);
});

Deno.test("RecordedInputs.step() returns one message or note at a time, with the same result as next()", () => {
  fc.assert(
    fc.property(scenario, ({ choices, messages }) => {
      const frames = messages.filter((message) => !/[\r\n]/.test(message) && message.trim() !== "");
      const whole = recordingOf(frames, choices as typeof OPTIONS);
      const expected = [...whole.run()];
      const stepped = recordingOf(frames, choices as typeof OPTIONS);
      const applied: Applied[] = [];
      let taken = 0;
      while (!stepped.inputs.isExhausted) {
        const read = stepped.inputs.step();
        if (read === null) break;
        const before = stepped.state.trades;
        applied.push(...stepped.apply(read));
        // A trade whose id jumped is held until the next trade confirms it.
        assert(stepped.state.trades - before <= 2);
        if (read.event === "frames" && stepped.inputs.hasStepped) taken++;
      }
      assertEquals(applied, expected);
      assertEquals(stepped.state.totals, whole.state.totals);
      assertEquals(taken, frames.length);
    }),
    { numRuns: 200 },
  );
});

Deno.test("Engine.apply() stops at a number of trades, and continues from there with the same input", () => {
  fc.assert(
    fc.property(scenario, fc.array(fc.integer({ min: 1, max: 30 })), (given, lengths) => {
      const { choices, messages } = given;
      const frames = messages.filter((message) => !/[\r\n]/.test(message) && message.trim() !== "");
      const whole = recordingOf(frames, choices as typeof OPTIONS);
      const expected = eventsIn(whole.run());
      const { engine, inputs, state } = recordingOf(frames, choices as typeof OPTIONS);
      const events: Applied[] = [];
      const rest = lengths.values();
      for (let input = inputs.next(); input !== null; input = inputs.next()) {
        if (isRemark(input)) continue;
        for (const length of rest) {
          const stopAt = state.trades + length;
          events.push(...engine.apply(input, stopAt));
          assert(state.trades <= stopAt);
          if (state.trades < stopAt) break;
        }
        events.push(...engine.apply(input));
      }
      assertEquals(events, expected);
      assertEquals(state.snapshot(), whole.state.snapshot());
    }),
    { numRuns: 200 },
  );
});

Deno.test("Engine.apply() continues within a page of fetched trades", () => {
  const frames = [
    trade(1, 100),
    note({ event: "late", trades: backfilledText([late(2, 90), late(3, 80), late(4, 70)]) }),
    note({ event: "settled", filled: 3 }),
    trade(5, 60),
  ];
  const recording = recordingOf(frames);
  const { engine, inputs, state } = recording;
  let input = inputs.next();
  while (input?.event !== "backfilled") {
    if (!isRemark(input!)) [...engine.apply(input!)];
    input = inputs.next();
  }
  [...engine.apply(input, 3)];
  assertEquals([state.trades, state.lastId], [3, 3]);
  assertEquals(namesOf([...recording.apply(input), ...recording.run()]), ["backfilled", "settled", "gap"]);
  assertEquals([state.trades, state.lastId], [5, 5]);
});

Deno.test("RecordedInputs.next() throws UnusableInput for fetched trades that no backfill wrote", () => {
  const recording = recordingOf([note({ event: "late", trades: "[[1]]" })]);
  assertThrows(
    () => [...recording.run()],
    UnusableInput,
    "a.txt: in a note of backfilled trades a backfilled trade is [1]",
  );
});
