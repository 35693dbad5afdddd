/** Rows and JSON records of every quality: the readers agree with naive ones, wherever chunks end, and never throw. */
import { assert } from "@std/assert";
import fc from "fast-check";
import type { ColumnName } from "../../src/domain/market/own_columns.ts";
import { ownCsv } from "../../src/formats/own_csv.ts";
import { fuzzCases } from "../support/fuzz_inputs.ts";
import { readFile } from "./read_file.ts";
import { type Said, VENUE_SAMPLES } from "./venue_samples.ts";
import { assertEquals } from "../support/equals.ts";

/** Each holds about ten rows. */
const FILES = fuzzCases(500, 10);

const AMOUNTS =
  "0 1 0.1 0.10 00.1 1e-05 1E+3 2.5e-7 9007199254740991 9007199254740992 0.000000001 1e15 1e16 .5 5. 1,5 -1 x"
    .split(" ").concat(["", " 7 ", "1.00000000000", "NaN"]);
const TIMES = [
  ..."1735689600 1735689600.5 1735689600123 1735689600123456 1735689600123456789 99999999 0 1e9 x".split(" "),
  "2025-01-01T00:00:00Z",
  "2025-01-01 00:00:00.123456789",
  "2025-01-01T02:00:00+02:00",
  "2025-02-30T00:00:00Z",
  "",
];
const SIDES = ["buy", "sell", "Buy", "SELL", "b", "s", "unknown", "up", "", "0"];
const IDS = ["7", "8", "9", "10", "007", "-1", "x", "", "9007199254740991", "9007199254740992"];
const POOLS: Readonly<Record<ColumnName, readonly string[]>> = {
  time: TIMES,
  price: AMOUNTS,
  quantity: AMOUNTS,
  side: SIDES,
  id: IDS,
  "-": ["", "é", "a b", "1"],
};

/** A file of rows with these columns, each field sometimes quoted. */
const files = fc.record({
  columns: fc.shuffledSubarray<ColumnName>(["time", "price", "quantity", "side", "id", "-"], {
    minLength: 6,
  }),
  separator: fc.constantFrom(",", ";", "\t"),
  end: fc.constantFrom("\n", "\r\n"),
  rows: fc.array(fc.array(fc.nat(10_000), { minLength: 6, maxLength: 6 }), { minLength: 1, maxLength: 20 }),
  isGood: fc.boolean(),
  hasHeader: fc.boolean(),
  chunkBytes: fc.integer({ min: 1, max: 400 }),
});

Deno.test("ownCsv() reads thousands of rows, most of them bad, as a naive reader does", async () => {
  let trades = 0;
  let rejected = 0;
  await fc.assert(
    fc.asyncProperty(files, async ({ columns, separator, end, rows, isGood, hasHeader, chunkBytes }) => {
      const fields = rows.map((row) =>
        columns.map((name, at) => {
          const pool = isGood && name !== "id" ? POOLS[name].slice(0, 4) : POOLS[name];
          return pool[row[at]! % pool.length]!;
        })
      );
      const lines = fields.map((row, at) =>
        row.map((field, column) => {
          const isQuoted = field.includes(separator) || rows[at]![column]! % 5 === 0;
          return isQuoted ? `"${field}"` : field;
        }).join(separator)
      );
      // Without a header, the first line has to be like a row.
      const header = columns.map((name) => `a ${name}`).join(separator);
      const all = [header, ...lines];
      const formats = [ownCsv(columns, null)];
      const read = await readFile(all.join(end) + (hasHeader ? end : ""), "BTCUSDT", { formats, chunkBytes });
      const expected = naive(columns, fields);
      assertEquals(read.trades, expected.trades);
      assertEquals(
        read.reasons.map((reason) => Number(reason.split(":")[1])),
        expected.rejected.map((at) => at + 2),
      );
      trades += read.trades.length;
      rejected += read.reasons.length;
    }),
    { numRuns: FILES },
  );
  assert(trades > FILES && rejected > FILES, `${trades} trades, ${rejected} rejected`);
});

/** What a reader is to make of rows, computed plainly. */
function naive(columns: readonly ColumnName[], rows: readonly (readonly string[])[]) {
  const trades: Said[] = [];
  const rejected: number[] = [];
  let hasIds: boolean | null = null;
  let last = 0;
  for (const [at, row] of rows.entries()) {
    const text = (name: ColumnName) => row[columns.indexOf(name)]!.trim();
    const price = units(text("price"));
    const quantity = units(text("quantity"));
    const time = micros(text("time"));
    const side = text("side").toLowerCase();
    const id = /^(0|[1-9]\d*)$/.test(text("id")) && BigInt(text("id")) <= 9_007_199_254_740_991n
      ? text("id")
      : null;
    const isPrice = price !== null && BigInt(plain(price).replace(".", "")) <= 9_007_199_254_740_991n;
    const isSide = ["buy", "sell", "b", "s", "unknown"].includes(side);
    const isIdRefused = hasIds === true && id === null;
    if (!isPrice || quantity === null || quantity > 10n ** 23n || time === null || !isSide || isIdRefused) {
      rejected.push(at);
      continue;
    }
    hasIds ??= id !== null;
    if (!hasIds && time < last) {
      rejected.push(at);
      continue;
    }
    last = time;
    const number = hasIds ? Number(id) : trades.length + 1;
    trades.push([number, time, plain(price!), plain(quantity), side.startsWith("s")]);
  }
  return { trades, rejected };
}

/** An amount above 0 in hundred-millionths; null if the text is not one. */
function units(text: string): bigint | null {
  if (!/^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return null;
  const [mantissa = "", exponent = "0"] = text.toLowerCase().split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const shift = 8 - fraction.length + Number(exponent);
  const digits = BigInt(whole + fraction);
  const value = shift >= 0 ? digits * 10n ** BigInt(shift) : digits / 10n ** BigInt(-shift);
  const isExact = shift >= 0 || digits % 10n ** BigInt(-shift) === 0n;
  return isExact && value > 0n ? value : null;
}

function plain(value: bigint): string {
  const fraction = String(value % 100_000_000n).padStart(8, "0").replace(/0+$/, "");
  return `${value / 100_000_000n}${fraction === "" ? "" : `.${fraction}`}`;
}

function micros(text: string): number | null {
  if (/^\d+(\.\d+)?$/.test(text)) {
    const [whole = "", fraction = ""] = text.split(".");
    const ns = BigInt(whole + fraction.padEnd(9, "0").slice(0, 9));
    const size = Number(whole);
    if (size < 1e8) return null;
    const per = size < 1e11
      ? 1_000n
      : size < 1e14
      ? 1_000_000n
      : size < 1e17
      ? 1_000_000_000n
      : 1_000_000_000_000n;
    return Number(ns / per);
  }
  if (!/^\d{4}-\d\d-\d\d[T ]/.test(text) || text.startsWith("2025-02-30")) return null;
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? "";
  const zoned = text.replace(/\.\d+/, "").replace(" ", "T").replace(
    /(\d)$/,
    (_, digit) => /[+]\d\d:\d\d$/.test(text) ? digit : `${digit}Z`,
  );
  return Date.parse(zoned) * 1000 + Number(fraction.padEnd(6, "0").slice(0, 6));
}

Deno.test("venueCsv and jsonTrades read damaged files the same wherever chunks end, and never throw", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...VENUE_SAMPLES),
      fc.array(fc.tuple(fc.nat(5_000), fc.oneof(fc.constantFrom(...`{}[]",:;.\n\r \\09eE-`), fc.string())), {
        minLength: 1,
        maxLength: 4,
      }),
      fc.integer({ min: 1, max: 100 }),
      async ({ text, symbol }, changes, chunkBytes) => {
        let damaged = text;
        for (const [at, insert] of changes) {
          const place = at % damaged.length;
          damaged = damaged.slice(0, place) + insert + damaged.slice(place + (at % 3));
        }
        const whole = await readFile(damaged, symbol);
        assertEquals(await readFile(damaged, symbol, { chunkBytes }), whole);
        for (const reason of whole.reasons) assert(reason.startsWith("a.csv"), reason);
      },
    ),
    { numRuns: FILES },
  );
});
