/**
 * The smaller readers of outside text, on texts that are mostly garbage. Whatever the text, they return what their
 * types declare, and throw only their own errors.
 */
import { assert, assertEquals } from "@std/assert";
import { readArguments } from "../src/config/arguments.ts";
import { configure, readConfigFile } from "../src/config/config.ts";

import { ConfigError } from "../src/domain/process/config_error.ts";
import { csvColumns } from "../src/formats/csv_layout.ts";
import { type BackfilledTrade, BackfilledTrades } from "../src/domain/market/backfilled_trades.ts";
import { OPTION_NAMES } from "../src/config/options.ts";
import { isNote, readNote } from "../src/domain/recording/recording_note.ts";
import { retryAfterMs } from "../src/feeds/live/connect_failure.ts";
import { fuzzCases } from "./support/fuzz_inputs.ts";
import { SeededRandom } from "./support/random.ts";

const INPUTS = fuzzCases(50_000);

const PIECES = [
  ...'{ } [ ] : , " \\ \\u0000 null true false penstock recording event version symbol'.split(" "),
  ..."0 1 -1 1e5 NaN 9007199254740993 99999999999999999999 0.00000001 1700000000000 -0 0x1 ∞".split(" "),
  ..."price qty id time isBuyerMaker True run --symbol --short= -- - = _ BTCUSDT 30s 20% none".split(" "),
  ..."\x1b[2J \0 \u202e é 🦀 \ud800 constructor __proto__ toString".split(" "),
  " ",
  "\n",
  "\t",
];

/** A text of pieces that the readers know, in no sensible order. */
function garbage(random: SeededRandom): string {
  let text = "";
  for (let left = random.whole(0, 12); left > 0; left--) text += random.pick(PIECES);
  return text;
}

Deno.test("readNote() reads or refuses any note", () => {
  const random = new SeededRandom(1);
  let notes = 0;
  for (let n = 0; n < INPUTS; n++) {
    const text = random.pick(["", '{"penstock":', '{"penstock": {"event":'] as const) + garbage(random);
    if (!isNote(text)) continue;
    const { event } = readNote(text);
    if (event === "malformed" || event === "unknown") notes++;
  }
  assert(notes > INPUTS / 10, `${notes} notes`);
});

Deno.test("csvColumns() accepts or refuses any first line", () => {
  const random = new SeededRandom(2);
  for (let n = 0; n < INPUTS; n++) {
    const line = garbage(random).replaceAll("\n", ",");
    const layout = csvColumns(line);
    if ("columns" in layout) continue;
    assert(layout.unknown.length > 0 && /^[ -~…]*$/.test(layout.unknown), layout.unknown);
  }
});

Deno.test("BackfilledTrades accepts any row or rejects it with a reason", () => {
  const random = new SeededRandom(3);
  const rows = new BackfilledTrades("BTCUSDT");
  const counts = { trade: 0, other: 0, rejected: 0, empty: 0 };
  for (let n = 0; n < INPUTS; n++) {
    const number = () => random.pick([0, 1, -1, 2.5, NaN, Infinity, 2 ** 53, 1_700_000_000_000]);
    const row: BackfilledTrade = {
      firstId: number(),
      lastId: number(),
      price: random.pick([garbage(random), "100.5"]),
      quantity: random.pick([garbage(random), "1"]),
      time: number(),
      buyerIsMaker: true,
    };
    const readResult = rows.open([row]).next();
    assert(readResult !== null);
    counts[readResult]++;
    if (readResult === "rejected") assert(rows.reason !== "", JSON.stringify(row));
    // An aggregate is read once for every trade that it covers.
    if (readResult === "trade") {
      for (let id = row.firstId; id < row.lastId; id++) assertEquals(rows.next(), "trade");
    }
    assertEquals(rows.next(), null);
    if (readResult !== "trade") continue;
    assert(Number.isSafeInteger(row.firstId) && row.firstId >= 0 && row.lastId >= row.firstId);
    assert(rows.trade.price > 0);
  }
  assert(counts.trade > INPUTS / 1_000 && counts.rejected > INPUTS / 2, JSON.stringify(counts));
});

Deno.test("readArguments() and configure() read any command line completely, or refuse it with a reason", () => {
  const random = new SeededRandom(4);
  // Every option is read each time: this costs a hundred times as much as the others.
  for (let n = 0; n < INPUTS / 50; n++) {
    const args = Array.from({ length: random.whole(0, 6) }, () => garbage(random));
    const { given, mistakes } = readArguments(args);
    for (const mistake of mistakes) assert(mistake.length > 0);
    try {
      const { config } = configure(given);
      assertEquals(Object.keys(config).sort(), [...OPTION_NAMES].sort());
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      assert(error.mistakes.length > 0);
    }
  }
});

Deno.test("readConfigFile() reads options or reports what is wrong, for any text", () => {
  const random = new SeededRandom(5);
  for (let n = 0; n < INPUTS; n++) {
    const mistakes: string[] = [];
    const given = readConfigFile(garbage(random), "x.json", "run", mistakes);
    for (const name of Object.keys(given)) assert(OPTION_NAMES.some((known) => known === name), name);
  }
});

Deno.test("retryAfterMs() returns a bounded wait for any header", () => {
  const random = new SeededRandom(6);
  for (let n = 0; n < INPUTS; n++) {
    const ms = retryAfterMs(garbage(random), 1_700_000_000_000);
    assert(ms >= 0 && Number.isFinite(ms), String(ms));
  }
});
