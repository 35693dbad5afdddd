/** The trades in a range of times are those of a naive filter, by blocks or one by one. */
import fc from "fast-check";
import { TimeRange } from "../../src/domain/market/time_range.ts";
import { isoTime } from "../../src/domain/numbers/time.ts";
import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import { layoutOf } from "../../src/formats/file_layout.ts";
import { OutOfRange, RangedTrades } from "../../src/formats/ranged_trades.ts";
import type { FileReader } from "../../src/formats/trade_file.ts";
import { csvText, type FileTrade, messagesText, walk } from "../support/trade_files.ts";
import { assertEquals } from "../support/equals.ts";

const ENCODER = new TextEncoder();

/** A reader of a text with one chunk. */
function readerOf(text: string): FileReader {
  const bytes = ENCODER.encode(text);
  const layout = layoutOf(bytes.subarray(0, bytes.indexOf(10)));
  if (typeof layout === "string") throw new TypeError(layout);
  const reader = layout.reader(new BinanceMessageReader("BTCUSDT"), true);
  reader.open({ origin: { name: "a.csv", layout }, bytes, start: 0, end: bytes.length });
  return reader;
}

/** A trade with its line in the file, or ids that are left out. */
type Step = { readonly id: number; readonly line?: number } | { readonly from: number; readonly to: number };

/** Reads all of it; where `blocks` says so, as the parse stage takes blocks. */
function stepsOf(reader: FileReader, ranged: RangedTrades, blocks: readonly number[]): Step[] {
  const steps: Step[] = [];
  let after = { id: -1, time: 0, decimals: 2 };
  for (let turn = 0;; turn++) {
    const most = blocks[turn % blocks.length]!;
    const block = after.id < 0 || most === 0 ? null : ranged.takeBlock!(after, most);
    if (block !== null) {
      for (let row = 0; row < block.size; row++) steps.push({ id: block.id[row]! });
      const last = block.size - 1;
      after = { id: block.id[last]!, time: block.time[last]!, decimals: 2 };
      continue;
    }
    const read = ranged.next();
    if (read === null) return steps;
    if (read === "empty") steps.push({ from: ranged.emptyFirstId, to: ranged.emptyId });
    if (read !== "trade") continue;
    const { lastId, time } = ranged.trade;
    steps.push({ id: lastId, line: reader.line });
    after = { id: lastId, time, decimals: 2 };
  }
}

/** Trades whose times step back now and then. */
function trembling(trades: readonly FileTrade[], seed: number): FileTrade[] {
  return trades.map((trade, at) => ({
    ...trade,
    time: trade.time - ((at * 7 + seed) % 13 === 0 ? 400_000 : 0),
  }));
}

Deno.test("RangedTrades gives the trades in the range, and the ids of all others, however they are read", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.integer({ min: 1, max: 400 }),
      fc.tuple(
        fc.double({ min: -0.1, max: 1.1, noNaN: true }),
        fc.double({ min: -0.1, max: 1.1, noNaN: true }),
      ),
      fc.array(fc.constantFrom(0, 8, 30, 2048), { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      (seed, count, [one, other], blocks, isCsv) => {
        const trades = trembling(walk(seed, count, { holes: 30, aggregated: isCsv }), seed);
        const [first, last] = [trades[0]!.time, trades.at(-1)!.time];
        const limits = [one, other].map((share) => Math.round(first + share * (last - first)));
        const [from, to] = limits.sort((a, b) => a - b) as [number, number];
        const range = new TimeRange(isoTime(from), isoTime(to));
        const out = new OutOfRange();
        const reader = readerOf(isCsv ? csvText(trades, "spot aggTrades") : messagesText(trades, "trade"));
        const ranged = new RangedTrades(reader, range, out);
        const steps = stepsOf(reader, ranged, blocks);

        const inside = trades.filter(({ time }) => time >= from && time < to);
        assertEquals(
          steps.flatMap((step) => "id" in step ? [step.id] : []),
          inside.map(({ lastId }) => lastId),
        );
        for (const step of steps) {
          if ("line" in step) assertEquals(trades[step.line! - 1]!.lastId, step.id);
        }
        const outside = trades.filter((trade) => !inside.includes(trade));
        const ids = steps.flatMap((step) => "from" in step ? idsFrom(step.from, step.to) : []);
        assertEquals(ids, outside.flatMap(({ firstId, lastId }) => idsFrom(firstId, lastId)));
        assertEquals(
          [out.before, out.after],
          [outside.filter(({ time }) => time < from).length, outside.filter(({ time }) => time >= to).length],
        );
        const times = outside.map(({ time }) => time);
        assertEquals([out.earliest, out.latest], [Math.min(...times), Math.max(...times)]);
        assertEquals(ranged.hasAny, inside.length > 0);
      },
    ),
    { numRuns: 120 },
  );
});

function idsFrom(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, at) => from + at);
}
