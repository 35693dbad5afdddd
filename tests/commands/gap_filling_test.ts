import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { GapFilling } from "../../src/commands/run/gap_filling.ts";
import { type BackfilledTrade, runsOf } from "../../src/domain/market/backfilled_trades.ts";
import { FrameBatch } from "../../src/formats/frame_batch.ts";
import type { RecordingNote } from "../../src/domain/recording/recording_note.ts";
import type { BackfillEnd, FetchedTrades } from "../../src/feeds/rest/backfill.ts";
import { Engine } from "../../src/stages/engine.ts";
import { DEFAULTS, messageOf, optionsOf } from "../support/pipeline_input.ts";

const TIME = 1_723_161_255_342_000;

function rowsOf(...ids: number[]): BackfilledTrade[] {
  return ids.map((id) => {
    return { firstId: id, lastId: id, price: "100", quantity: "1", time: TIME + id, buyerIsMaker: true };
  });
}

function restFailure(fetched: number, lastId: number): BackfillEnd {
  return { complete: false, why: "refused", reason: "it said no", hint: "Ask again.", fetched, lastId };
}

/** Fills the gap from 6 to 99, at which a pipeline is held, with `rows`; returns what happened. */
async function filled(
  end: BackfillEnd,
  rows: readonly BackfilledTrade[],
  {
    most = 1_000,
    leaves = false,
    maxLag = null,
    receivedAt = Date.now(),
    stopAfter = null,
  }: Partial<Record<"most" | "receivedAt", number>> & {
    readonly leaves?: boolean;
    readonly maxLag?: number | null;
    readonly stopAfter?: number | null;
  } = {},
) {
  const engine = new Engine({ ...optionsOf(DEFAULTS, stopAfter), holdsAtGaps: true });
  const messages = [5, 100].map((id) =>
    messageOf({ firstId: id, lastId: id, time: TIME + id, price: "100" })
  );
  const reader = new FrameBatch(new BinanceMessageReader(DEFAULTS.symbol)).open(messages);
  const frames = { event: "frames", trades: reader } as const;
  for (const _event of engine.apply(frames));
  const asked: unknown[] = [];
  let pages = 0;
  const notes: RecordingNote[] = [];
  const logged: string[] = [];
  const gaps = new GapFilling({
    now: Date.now,
    state: engine.state,
    backfill: {
      async *fetch(from, until): AsyncGenerator<FetchedTrades, BackfillEnd> {
        asked.push(from, until);
        for (const run of runsOf(rows)) {
          pages++;
          yield await Promise.resolve({ rows: run, source: "historicalTrades" });
        }
        return end;
      },
    },
    config: { symbol: DEFAULTS.symbol, backfillMax: most, maxHold: 2_000, maxLag },
    leaves: () => leaves,
    apply: (input, note) => {
      for (const _event of engine.apply(input));
      if (note !== undefined) notes.push(note());
      else if (input.event !== "backfilled") {
        const { time: _time, ...happened } = input;
        notes.push(happened);
      }
      return null;
    },
    log: ({ level, text }) => logged.push(`${level}: ${text}`),
  });
  await gaps.fill(engine.state.heldGap!, receivedAt);
  const events = gaps.isLeft ? [] : [...engine.apply(frames)];
  const [gap = null] = events.filter((event) => event.type === "gap")
    .map(({ fromId, toId, missing, filled, absent }) => ({ fromId, toId, missing, filled, absent }));
  const skipped = notes.flatMap((note) => note.event === "late" ? [note.skipped] : []);
  return {
    ...{ asked, notes: notes.filter(({ event }) => event !== "late"), logged, gap, isLeft: gaps.isLeft },
    ...{ skipped, pages },
  };
}

Deno.test("GapFilling.fill() logs nothing if everything was fetched", async () => {
  const rows = rowsOf(...Array.from({ length: 94 }, (_, at) => at + 6));
  const { logged, gap, notes, asked } = await filled({ complete: true, fetched: 94, lastId: 99 }, rows);
  assertEquals([logged, asked], [[], [6, 99]]);
  assertEquals(gap, { fromId: 6, toId: 99, missing: 94, filled: 94, absent: undefined });
  assertEquals(notes, [{ event: "settled", filled: 94 }]);
});

Deno.test("GapFilling.fill() fetches the newest trades if more are missing than may be fetched, and logs it", async () => {
  const rows = rowsOf(...Array.from({ length: 20 }, (_, at) => at + 80));
  const { logged, gap, asked, skipped } = await filled({ complete: true, fetched: 20, lastId: 99 }, rows, {
    most: 20,
  });
  // A recording has to list the ids left out, or a replay would take them for ids that the exchange lacks.
  assertEquals([asked, skipped], [[80, 99], [74]]);
  assertEquals(logged, [
    "warn: 94 trades are missing, more than the 20 that may be fetched (--backfill-max): the newest 20 are fetched, " +
    "and the averages start again with them",
  ]);
  assertEquals(gap, { fromId: 6, toId: 99, missing: 94, filled: 20, absent: undefined });
});

Deno.test("GapFilling.fill() counts nothing as filled if none of the newest could be fetched", async () => {
  const { logged, gap } = await filled(restFailure(0, 79), [], { most: 20 });
  assertEquals(logged.length, 2);
  assertStringIncludes(logged[1]!, "20 of 20 missed trades could not be fetched: it said no. Ask again.");
  assertEquals(gap, { fromId: 6, toId: 99, missing: 94, filled: 0, absent: undefined });
});

Deno.test("GapFilling.fill() logs how many ids have no trade on the exchange, and emits no gap if none has", async () => {
  const some = await filled({ complete: true, fetched: 2, lastId: 99 }, rowsOf(50, 60));
  assertEquals(some.logged, [
    "info: the exchange itself has no trade for 92 of the 94 ids from 6 to 99: nothing is missing there",
  ]);
  assertEquals(some.gap, { fromId: 6, toId: 99, missing: 2, filled: 2, absent: 92 });
  assertEquals(some.notes, [{ event: "settled", filled: 2, through: 99 }]);
  const none = await filled({ complete: true, fetched: 0, lastId: 99 }, []);
  assertEquals([none.logged.length, none.gap], [1, null]);
});

Deno.test("GapFilling.fill() leaves a gap to the next run only if it is stopped before everything is fetched", async () => {
  const left = await filled(restFailure(0, 5), [], { leaves: true });
  assertEquals([left.isLeft, left.notes, left.logged], [true, [], []]);
  const whole = await filled({ complete: true, fetched: 1, lastId: 99 }, rowsOf(99), { leaves: true });
  assertEquals(whole.isLeft, false);
});

Deno.test("GapFilling.fill() notes that live trades waited meanwhile if any of them may be too old now", async () => {
  const rows = rowsOf(...Array.from({ length: 94 }, (_, at) => at + 6));
  const end = { complete: true, fetched: 94, lastId: 99 } as const;
  const waits = async (options: { readonly maxLag?: number; readonly receivedAt?: number }) => {
    const { notes } = await filled(end, rows, options);
    assertEquals(notes.at(-1)!.event, "settled");
    return notes.flatMap((note) => note.event === "waited" ? [note.hold] : []);
  };
  assertEquals(await waits({}), []);
  assertEquals(await waits({ receivedAt: Date.now() - 3_000 }), [2_000_000]);
  assertEquals(await waits({ maxLag: 500 }), [500_000]);
  assertEquals(await waits({ maxLag: 5_000 }), [2_000_000]);
});

Deno.test("GapFilling.fill() fetches no more once the run has enough trades", async () => {
  const rows = [10, 20, 30, 40, 50].flatMap((id) => rowsOf(id, id + 1, id + 2));
  const { pages, isLeft } = await filled({ complete: true, fetched: 15, lastId: 99 }, rows, { stopAfter: 3 });
  assertEquals([pages, isLeft], [2, false]);
});
