import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import { assert, assertGreater } from "@std/assert";
import type { Chunk } from "../../src/formats/trade_file.ts";
import { ChunkReader } from "../../src/formats/chunk_reader.ts";
import type { PipelineEvent } from "../../src/domain/run/event.ts";
import { Money } from "../../src/domain/numbers/money.ts";
import { Pipeline } from "../../src/stages/pipeline.ts";
import { originOf, SPOT_AGGREGATES } from "../support/csv.ts";
import { DEFAULTS, optionsOf } from "../support/pipeline_input.ts";
import { SeededRandom } from "../support/random.ts";
import type { Choices } from "../support/reference.ts";
import { assertEquals } from "../support/equals.ts";

const ROWS = 3_000;
const CUTS = 500;

const OPTIONS: Choices = {
  ...DEFAULTS,
  ...{
    short: 3,
    long: 8,
    latency: 120_000,
    slippage: "1.5",
    stake: "4000",
    fee: "0.0002",
    maxDrawdown: "0.05",
  },
};

/**
 * Aggregates with everything that happens to a stream: gaps, repeated rows, an id that jumps and ids that continue
 * from there, times that stand still, and rows that are not trades.
 */
function rowsOf(random: SeededRandom): string[] {
  const rows: string[] = [];
  let [id, time, cents] = [5_000, 1_723_161_255_342_000, 6_183_763];
  for (let n = 0; n < ROWS; n++) {
    if (random.whole(1, 60) === 1) id += random.whole(1, 400);
    if (n === ROWS / 4) id += 3_000_000_000;
    time += random.pick([0, 0, 1_000, 40_000, 90_000]);
    cents += random.whole(-900, 900);
    const last = id + random.pick([0, 0, 0, 2]);
    const price = (cents / 100).toFixed(2);
    rows.push(`${n},${price}${random.pick(["", "000000", "1"])},0.5,${id},${last},${time},True,True`);
    if (random.whole(1, 40) === 1) rows.push(rows[rows.length - random.whole(1, Math.min(9, rows.length))]!);
    if (random.whole(1, 200) === 1) {
      rows.push(random.pick([`${n},0.0,0.0,-1,-1,${time},True,True`, "", "1,2"]));
    }
    // A far id that no trade follows is not believed.
    if (random.whole(1, 400) === 1) rows.push(`${n},1,1,${last + 2e9},${last + 2e9},${time},True,True`);
    id = last + 1;
  }
  return rows;
}

const BYTES = new TextEncoder().encode(`${rowsOf(new SeededRandom(7)).join("\n")}\n`);
/** Where each row ends, and where the first starts. */
const ENDS = [0, ...BYTES.entries().filter(([, byte]) => byte === 10).map(([at]) => at + 1)];

/** A pipeline with its reader, and its events over one part of the file after another. */
class Run {
  readonly pipeline: Pipeline;
  readonly events: PipelineEvent[] = [];
  readonly #reader = new ChunkReader(new BinanceMessageReader("BTCUSDT"), false);
  readonly #origin = originOf(SPOT_AGGREGATES);

  constructor(withResults = true) {
    this.pipeline = new Pipeline({ ...optionsOf(OPTIONS), withResults });
  }

  /** Reads from one byte to another. The whole file lies in memory around them. */
  read(start: number, end: number): void {
    const chunk: Chunk = { origin: this.#origin, bytes: BYTES, start, end };
    this.events.push(...this.pipeline.run(this.#reader.open(chunk)));
  }

  /** All that can be asked of a run at any time. */
  get current(): unknown {
    const { totals, lastTime, trades } = this.pipeline;
    return { totals, lastTime, trades, results: shown(this.pipeline.results()) };
  }
}

/** A value with its decimals as text, so that it can be kept and compared. */
function shown(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, part) => part instanceof Money ? part.toFixed() : part));
}

Deno.test("Pipeline's events over the first part of a file are those of the whole file up to there: 500 cuts", () => {
  const whole = new Run();
  const eventsAt = ENDS.map((end, row) => {
    whole.read(ENDS[row - 1] ?? 0, end);
    return whole.events.length;
  });
  const atOnce = new Run();
  atOnce.read(0, BYTES.length);
  assertEquals(atOnce.events, whole.events);
  assertEquals(atOnce.current, whole.current);

  const lines = whole.events.map((event) => JSON.stringify(event));
  const random = new SeededRandom(11);
  let waiting = 0;
  for (let n = 0; n < CUTS; n++) {
    const row = random.whole(0, ENDS.length - 1);
    const part = new Run(false);
    part.read(0, ENDS[row]!);
    const expected = lines.slice(0, eventsAt[row]);
    // Compared as texts, which is much faster, and one by one only if they differ.
    const found = part.events.map((event) => JSON.stringify(event));
    if (found.join("\n") !== expected.join("\n")) assertEquals(found, expected, `cut after row ${row}`);
    const expired = part.pipeline.end().toArray();
    assert(expired.every(({ type }) => type === "expired"), `cut after row ${row}`);
    waiting += expired.length;
  }
  // Otherwise no cut would have been between a signal and its fill.
  assertGreater(waiting, 100);
  const kinds = whole.events.map((event): string => event.type === "refusal" ? event.reason : event.type);
  for (const kind of ["gap", "signal", "fill", "halt", "halted"]) assert(kinds.includes(kind), kind);
  const { duplicates, rejected, passedOver } = whole.pipeline.totals;
  for (const count of [duplicates, rejected, passedOver]) assertGreater(count, 5);
});

Deno.test("Pipeline's results after the first part of a file are those of the whole file at that point", () => {
  const random = new SeededRandom(13);
  const whole = new Run();
  for (let row = 1; row < ENDS.length; row++) {
    whole.read(ENDS[row - 1]!, ENDS[row]!);
    if (random.whole(1, 40) > 1) continue;
    const part = new Run();
    part.read(0, ENDS[row]!);
    assertEquals(part.current, whole.current, `cut after row ${row}`);
  }
});
