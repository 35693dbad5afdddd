/** Gaps: live, with what was fetched for them, and the same again from the notes of a recording. */
import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import { assertEquals } from "@std/assert";
import type { Chunk, Origin } from "../../src/formats/trade_file.ts";
import type { DisconnectCause } from "../../src/domain/market/disconnect_cause.ts";
import {
  backfilledText,
  type BackfilledTrade,
  BackfilledTrades,
} from "../../src/domain/market/backfilled_trades.ts";
import { FrameBatch } from "../../src/formats/frame_batch.ts";
import { noteText, type RecordingNote } from "../../src/domain/recording/recording_note.ts";
import { Engine, type EngineEvent, type EngineOptions, type EngineState } from "../../src/stages/engine.ts";
import { AppliedRecording, eventsIn } from "../support/applied.ts";
import { DEFAULTS, messageOf, optionsOf } from "../support/pipeline_input.ts";
import { RECORDING } from "../support/layouts.ts";

const TIME = 1_723_161_255_342_000;
const SECOND = 1_000_000;
const OPTIONS = optionsOf({ ...DEFAULTS, short: 2, long: 4 });

function trade(id: number, price: number): string {
  return messageOf({ firstId: id, lastId: id, time: TIME + id * 1_000, price: `${price}` });
}

function late(id: number, price: number): BackfilledTrade {
  return {
    firstId: id,
    lastId: id,
    price: `${price}`,
    quantity: "1",
    time: TIME + id * 1_000,
    buyerIsMaker: true,
  };
}

type Untimed = Extract<RecordingNote, { readonly event: "settled" | "waited" | "disconnected" }>;

/** A live run that is recorded. */
class Live {
  readonly engine: Engine;
  readonly #options: EngineOptions;
  readonly events: EngineEvent[] = [];
  readonly #batch = new FrameBatch(new BinanceMessageReader(DEFAULTS.symbol));
  readonly #late = new BackfilledTrades(DEFAULTS.symbol);
  #lines = `${TIME} ${noteText({ event: "recording", version: 1, symbol: DEFAULTS.symbol })}\n`;

  constructor(options: EngineOptions = OPTIONS) {
    this.#options = options;
    this.engine = new Engine({ ...options, holdsAtGaps: true });
  }

  get state(): EngineState {
    return this.engine.state;
  }

  /** Receives trades; at a gap it calls `fill` and continues. */
  receive(messages: readonly string[], receivedAt = TIME, fill: (live: Live) => void = () => {}): this {
    const reader = this.#batch.open(messages, receivedAt);
    let written = 0;
    const write = (until: number): void => {
      for (; written < until; written++) this.#lines += `${receivedAt} ${messages[written]}\n`;
    };
    for (;;) {
      this.#emit(this.engine.apply({ event: "frames", trades: reader }));
      if (this.state.heldGap === null) break;
      write(reader.taken - 1);
      fill(this);
    }
    write(reader.taken);
    return this;
  }

  fetched(rows: readonly BackfilledTrade[], skipped = 0): this {
    this.#emit(this.engine.apply({ event: "backfilled", trades: this.#late.open(rows, skipped, TIME) }));
    this.#note({ event: "late", trades: backfilledText(rows), ...(skipped > 0 ? { skipped } : {}) });
    return this;
  }

  settled(filled: number, through?: number): this {
    return this.#happened({ event: "settled", filled, ...(through === undefined ? {} : { through }) });
  }

  waited(until: number, hold: number): this {
    return this.#happened({ event: "waited", until, hold });
  }

  lost(reason: string, cause?: DisconnectCause): this {
    const lost = { reason, retryInMs: 0, ...(cause === undefined ? {} : { cause }) };
    return this.#happened({ event: "disconnected", ...lost });
  }

  /** The recording, with more trades at its end that nothing was fetched for. */
  recording(more: readonly string[] = []): Chunk {
    const bytes = new TextEncoder().encode(this.#lines + more.map((line) => `${TIME} ${line}\n`).join(""));
    const origin: Origin = { name: "a.txt", layout: RECORDING };
    return { origin, bytes, start: 0, end: bytes.length };
  }

  /** Checks that the recording leads to the same, to the last field. */
  assertReplays(): void {
    const recording = new AppliedRecording(this.#options);
    const events = eventsIn(recording.run(this.recording()));
    assertEquals(events, this.events);
    assertEquals(recording.state.snapshot(), this.state.snapshot());
    assertEquals(recording.state.memory.closes, this.state.memory.closes);
  }

  get gaps(): Record<string, unknown>[] {
    return this.events.filter(({ type }) => type === "gap")
      .map(({ type: _type, time: _time, ...gap }) => ({ ...gap }));
  }

  types(): string[] {
    return this.events.map((event) => event.type === "refusal" ? `refusal ${event.reason}` : event.type);
  }

  #happened(note: Untimed): this {
    this.#emit(this.engine.apply({ ...note, time: TIME }));
    this.#note(note);
    return this;
  }

  #emit(events: Iterable<EngineEvent>): void {
    this.events.push(...events);
  }

  #note(note: RecordingNote): void {
    this.#lines += `${TIME} ${noteText(note)}\n`;
  }
}

const symbol = DEFAULTS.symbol;
const flat = (from: number, to: number, price = 100) =>
  Array.from({ length: to - from + 1 }, (_, at) => trade(from + at, price));

Deno.test("an id among fetched trades for which the exchange has no trade does not empty the averages", () => {
  const live = new Live().receive(
    [...flat(1, 4), trade(10, 90)],
    TIME,
    (live) => live.fetched([late(5, 100)]).fetched([late(7, 100)]).fetched([late(9, 100)]).settled(3),
  );
  assertEquals(live.gaps, [{ symbol, fromId: 5, toId: 9, missing: 3, filled: 3, absent: 2 }]);
  assertEquals(live.state.memory.closes.values, [100, 100, 100, 90]);
  assertEquals(live.state.totals.absent, 2);
  live.assertReplays();
});

Deno.test("a gap without fetched trades has its own event, even after a gap that was filled", () => {
  const fill = (live: Live) => void live.fetched([late(5, 100)]).settled(1);
  const live = new Live().receive([...flat(1, 4), ...flat(6, 10)], TIME, fill);
  // As between two recordings, or if a process had no backfill.
  const recorded = new AppliedRecording(OPTIONS);
  const events = eventsIn(recorded.run(live.recording([trade(20, 100), trade(30, 100)])));
  const gaps = events.filter((event) => event.type === "gap");
  assertEquals(gaps.map(({ fromId, toId, missing, filled }) => [fromId, toId, missing, filled]), [
    [5, 5, 1, 1],
    [11, 19, 9, 0],
    [21, 29, 9, 0],
  ]);
});

Deno.test("a gap that a process fetched but did not settle is not part of a later one", () => {
  const live = new Live().receive([...flat(1, 4)]);
  live.fetched([late(5, 100), late(6, 100)]);
  const next = new Live();
  next.engine.restore(JSON.parse(JSON.stringify(live.state.snapshot())), live.state.memory.closes);
  next.receive(
    [...flat(7, 9), trade(11, 100)],
    TIME,
    (next) => void next.fetched([late(10, 100)]).settled(1),
  );
  assertEquals(next.gaps, [{ symbol, fromId: 10, toId: 10, missing: 1, filled: 1 }]);
});

Deno.test("a fetched trade that is dated tomorrow starts no day: today's halt stays", () => {
  const DAY_MS = 86_400_000;
  const live = new Live(optionsOf({ ...DEFAULTS, short: 2, long: 4, maxDailyLoss: "0.001" })).receive(
    [...flat(1, 4), trade(5, 110), trade(6, 100), trade(9, 100)],
    TIME,
    (live) =>
      live.fetched([7, 8].map((id) => ({ ...late(id, 100), time: TIME / 1_000 + DAY_MS }))).settled(2),
  );
  assertEquals(live.types().filter((type) => type !== "signal"), ["fill", "halt", "gap"]);
  live.assertReplays();
});

Deno.test("ids at the end of a gap for which the exchange has no trade are not a gap", () => {
  const live = new Live().receive(
    [...flat(1, 4), trade(8, 90)],
    TIME,
    (live) => live.fetched([late(5, 100)]).settled(1, 7),
  );
  assertEquals(live.gaps, [{ symbol, fromId: 5, toId: 7, missing: 1, filled: 1, absent: 2 }]);
  assertEquals(live.state.memory.closes.values, [100, 100, 100, 90]);
  live.assertReplays();
});

Deno.test("a trade with only a readable id is fetched with the gap after it", () => {
  const unusable = trade(5, 100).replace(/"p":"[^"]*"/, '"p":"0"');
  const held: (object | null)[] = [];
  const live = new Live().receive(
    [...flat(1, 4), unusable, trade(8, 90)],
    TIME,
    (live) => {
      held.push(live.state.heldGap);
      live.fetched([late(5, 110), late(6, 100), late(7, 100)]).settled(3);
    },
  );
  assertEquals(held, [{ fromId: 5, toId: 7 }]);
  assertEquals(live.gaps, [{ symbol, fromId: 5, toId: 7, missing: 3, filled: 3 }]);
  assertEquals(live.state.memory.closes.values, [110, 100, 100, 90]);
  live.assertReplays();
  // Without a gap after it there is nothing to ask for.
  const without = new Live().receive([...flat(1, 4), unusable, trade(6, 90)]);
  assertEquals([without.gaps, without.state.memory.closes.values], [[], [100, 100, 100, 90]]);
});

Deno.test("a jump over ids for which the exchange has no trade is counted, and is not a gap", () => {
  const live = new Live().receive(
    [...flat(1, 4), trade(6, 90), trade(9, 90)],
    TIME,
    (live) => live.settled(0, live.state.heldGap!.toId),
  );
  assertEquals([live.gaps, live.state.totals.gaps, live.state.totals.absent], [[], 0, 3]);
  assertEquals(live.state.memory.closes.values, [100, 100, 90, 90]);
  live.assertReplays();
});

Deno.test("a gap whose newest trades were fetched restarts the averages with them, and is one event", () => {
  const live = new Live().receive(
    [...flat(1, 4), trade(1000, 90), trade(1001, 120)],
    TIME,
    (live) =>
      live.fetched([late(996, 100), late(997, 100)], 991).fetched([late(998, 100), late(999, 100)]).settled(
        4,
      ),
  );
  assertEquals(live.gaps, [{ symbol, fromId: 5, toId: 999, missing: 995, filled: 4 }]);
  // The averages are full again at the first live trade, and cross at the second.
  assertEquals(live.types(), ["gap", "signal", "fill"]);
  assertEquals(live.state.memory.closes.values, [100, 100, 90, 120]);
  live.assertReplays();
});

Deno.test("a gap with only some of its newest trades fetched says so, and counts ids that do not exist", () => {
  const live = new Live().receive(
    [...flat(1, 4), trade(100, 90)],
    TIME,
    (live) => live.fetched([late(91, 100)], 85).fetched([late(93, 100)]).settled(2),
  );
  // 85 were skipped and 6 did not come; the exchange lacks two.
  assertEquals(live.gaps, [{ symbol, fromId: 5, toId: 99, missing: 93, filled: 2, absent: 2 }]);
  assertEquals(live.state.memory.closes.values, [90]);
  live.assertReplays();
});

Deno.test("a gap whose filling was interrupted is one event, with all that is missing, once it is filled", () => {
  const live = new Live().receive(flat(1, 4)).fetched([late(91, 100), late(92, 100)], 86);
  const resumed = new Engine(OPTIONS);
  resumed.restore(JSON.parse(JSON.stringify(live.state.snapshot())), live.state.memory.closes);
  const rows = new BackfilledTrades(DEFAULTS.symbol);
  const events = [
    ...resumed.apply({ event: "backfilled", trades: rows.open([late(93, 100), late(94, 100)]) }),
  ];
  events.push(...resumed.apply({ event: "settled", filled: 2, time: TIME }));
  const after = new FrameBatch(new BinanceMessageReader(DEFAULTS.symbol)).open([trade(95, 90)]);
  events.push(...resumed.apply({ event: "frames", trades: after }));
  const [gap] = events;
  assertEquals(events.length, 1);
  assertEquals(gap!.type === "gap" && [gap!.fromId, gap!.toId, gap!.missing, gap!.filled], [5, 94, 90, 4]);
});

Deno.test("the event of a gap that one process left half filled includes what it had fetched", () => {
  const left = new Live().receive(flat(1, 4)).fetched([late(5, 100), late(6, 100)]);
  const events = [...left.engine.end()];
  const resumed = new Engine(OPTIONS);
  resumed.restore(JSON.parse(JSON.stringify(left.state.snapshot())), left.state.memory.closes);
  const rows = new BackfilledTrades(DEFAULTS.symbol).open([late(7, 100)]);
  events.push(...resumed.apply({ event: "backfilled", trades: rows }));
  events.push(...resumed.apply({ event: "settled", filled: 1, time: TIME }));
  const after = new FrameBatch(new BinanceMessageReader(DEFAULTS.symbol)).open([trade(8, 90)]);
  events.push(...resumed.apply({ event: "frames", trades: after }));
  assertEquals(events.map((event) => event.type === "gap" && [event.fromId, event.toId, event.filled]), [
    [5, 7, 3],
  ]);
});

Deno.test("live trades that waited longer than the hold move the averages, but never trade", () => {
  const arrived = TIME;
  const live = new Live().receive(flat(1, 4)).receive(
    [trade(6, 110), trade(7, 120)],
    arrived,
    (live) => live.fetched([late(5, 100)]).waited(arrived + 30 * SECOND, 2 * SECOND).settled(1),
  );
  assertEquals(live.types(), ["gap"]);
  assertEquals(live.gaps[0]!["filled"], 1);
  // The next trade arrived just too early and is late too; the one after it crosses.
  live.receive([trade(8, 130)], arrived + 28 * SECOND - 1);
  assertEquals(live.types(), ["gap"]);
  live.receive([trade(9, 140)], arrived + 28 * SECOND);
  assertEquals(live.types(), ["gap", "signal", "fill"]);
  assertEquals(live.state.memory.closes.values, [110, 120, 130, 140]);
  live.assertReplays();
});

Deno.test("a live trade that waited counts as old as it was when the wait ended", () => {
  const engine = new Engine({ ...OPTIONS, parameters: { ...OPTIONS.parameters, maxLag: 5_000 } });
  const received = (messages: readonly string[], at: number) => [
    ...engine.apply({
      event: "frames",
      trades: new FrameBatch(new BinanceMessageReader(symbol)).open(messages, at),
    }),
  ];
  received(flat(1, 4), TIME);
  const until = TIME + 6 * SECOND;
  [...engine.apply({ event: "waited", until, hold: 5 * SECOND, time: until })];
  const events = received([trade(5, 110)], TIME + 2 * SECOND);
  assertEquals(events.map(({ type }) => type), ["signal", "refusal"]);
  const [, refusal] = events;
  assertEquals(refusal!.type === "refusal" && [refusal!.reason, refusal!.value], ["max-lag", "5995"]);
});

/** Cause and reason of a disconnection, and why a later order is refused. */
const LOST: readonly [reason: string, cause: DisconnectCause | undefined, refused: string][] = [
  ["no data for 15003 ms", "stale", "stale"],
  [`the exchange closed the connection (1001 "no data for 9 ms")`, "closed", "disconnected"],
  // As in older recordings, where the words decide.
  ["no data for 15003 ms", undefined, "stale"],
  ["the connection broke: x", undefined, "disconnected"],
];

for (const [reason, cause, refused] of LOST) {
  Deno.test(`an order is refused as ${refused} after: ${reason}, cause ${cause}`, () => {
    const live = new Live().receive(flat(1, 4)).lost(reason, cause).receive([trade(5, 110)]);
    assertEquals(live.types(), ["disconnected", "signal", `refusal ${refused}`]);
    live.assertReplays();
  });
}
