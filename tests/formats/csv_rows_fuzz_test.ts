/**
 * Both ways of reading CSV rows, the WebAssembly loop and the slow one, must agree with a naive reader on every input.
 * Most inputs are bad.
 */
import { assert, assertGreater } from "@std/assert";
import fc from "fast-check";
import { csvColumns, fieldsOf } from "../../src/formats/csv_layout.ts";
import type { Origin } from "../../src/formats/trade_file.ts";
import type { TradeFields, TradeReader } from "../../src/domain/market/trade_reader.ts";
import { CsvRows } from "../../src/formats/csv_rows.ts";
import { open, originOf } from "../support/csv.ts";
import { fuzzCases } from "../support/fuzz_inputs.ts";
import { SeededRandom } from "../support/random.ts";
import { assertEquals } from "../support/equals.ts";

const ROWS = 100_000;
/** Each holds about 75 rows. */
const FILES = fuzzCases(1_500, 70);

/** Headers, each with rows of its layout. */
const SHAPES: readonly (readonly [header: string, ...rows: string[]])[] = [
  [
    "id,price,qty,quoteQty,time,isBuyerMaker,isBestMatch",
    "51175358,17.80180000,5.69000000,101.29224200,1583709433583,True,True",
    "3735683259,61837.63000000,0.02000000,1236.75260000,1735689600010866,False,True",
  ],
  [
    "aggId,price,qty,firstId,lastId,time,isBuyerMaker,isBestMatch",
    "60953854,0.00000908,3591711.00,209942017,209942017,1729987202368,False,True",
    "3071000001,61837.63000000,12.00410000,3735683259,3735683263,1735689600010866,True,True",
    "7,0,0,-1,-1,1729987202368,False,True",
  ],
  [
    "id,price,qty,base_qty,time,is_buyer_maker",
    "1151022504,78526.1,83.0,0.10569734,1788220802731,true",
    "123456789012345,7,1,1,1,false",
  ],
  [
    "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker",
    "171927517,0.7097,19.0,551530707,551530707,1729209603958,false",
    "171927518,0.7096,2254.0,551530708,551530712,1729209604056,true",
    "171927519,0.00000000,0.0,-1,-1,1729209604056,true",
  ],
  [
    "note,is_buyer_maker,transact_time,last_trade_id,first_trade_id,quantity,price",
    "x,true,1729209604056,551530712,551530708,2254.0,0.7096",
    ",False,1735689600010866,9007199254740991,0,3,61837.63000000",
    "é,False,1,-1,-1,0.000,0",
  ],
  ["time,qty,price,isBestMatch,isBuyerMaker,id", "1729209604056,0.5,1.25,,True,99999999"],
];

const FIELDS = [
  ..."0 1 -0 -1 00 01 -2 7 12345678 99999999 100000000 123456789 999999999999999 9007199254740991".split(" "),
  ..."9007199254740992 9999999999999999 10000000000000000 99999999999999999999 1e3 1E+2 1. .5 1.2.3".split(
    " ",
  ),
  ..."0.0 0.00000001 0.000000001 0.000000010 90071992.54740991 9007199254740991 90071992.54740992 9007199254740992"
    .split(
      " ",
    ),
  ..."89999999.99999999 89999999.9999999900000 100000000 1.123456789 0.1234 0.12345 1.5000 01.5 -0.5".split(
    " ",
  ),
  ..."1000000000000000 1000000000000000.00000001 999999999999999.99999999 NaN 0x1 True true False".split(" "),
  ..."false TRUE tRue truE falsE FAlse TAlse true1 Truex t f null 1729209604056123 99999999999999".split(" "),
  "",
  " ",
  " 1",
  "1 ",
  "\t1",
  "１",
  "1\0",
  `"1"`,
  "1;2",
  "é",
  "\u{1F4B0}",
  "9".repeat(50),
  "1." + "0".repeat(50),
  "0".repeat(50),
];
const SCRAPS = [
  ",",
  ".",
  "0",
  "9",
  "-",
  "e",
  " ",
  "\r",
  "\n",
  "\0",
  "é",
  "\u{1F4B0}",
  "/",
  ":",
  "~",
  "true",
  "True,",
];

/** One change of a kind that a careless program, a cut or a broken disk might make. */
function mutate(row: string, random: SeededRandom): string {
  const at = random.whole(0, row.length);
  const fields = row.split(",");
  const column = random.whole(0, fields.length - 1);
  const field = fields[column]!;
  switch (random.whole(0, 14)) {
    case 0:
      return row.slice(0, at);
    case 1:
      return row.slice(0, at) + row.slice(at + random.whole(1, 6));
    case 2:
      return row.slice(0, at) + random.pick(SCRAPS) + row.slice(at);
    case 3:
      return row.slice(0, at) + String.fromCharCode((row.charCodeAt(at) || 48) ^ (1 << random.whole(0, 6))) +
        row.slice(at + 1);
    case 4:
      return fields.toSpliced(column, 1).join(",");
    case 5:
      return fields.toSpliced(column, 0, random.pick(FIELDS)).join(",");
    case 6:
      return row + random.pick(SCRAPS);
    case 7:
    case 8:
      return fields.with(column, random.pick(FIELDS)).join(",");
    case 9:
      return fields.with(column, field.replace(/\d+$/, "") + String(random.whole(0, 1e9))).join(",");
    default: {
      // Numbers of every length that are still valid numbers.
      if (!/^[\d.]+$/.test(field)) return row;
      const digits = (most: number) =>
        Array.from({ length: random.whole(1, most) }, () => random.whole(0, 9)).join("");
      const whole = digits(random.pick([1, 5, 8, 9, 13, 16])).replace(/^0+(?=\d)/, "");
      return fields.with(column, field.includes(".") ? `${whole}.${digits(9)}` : whole).join(",");
    }
  }
}

const LIMIT = 10n ** 8n;

/** The hundred-millionths in decimal text, and how many decimals count, or null. */
function decimalOf(text: string): { units: bigint; decimals: number } | null {
  if (!/^(0|[1-9]\d*)(\.\d+)?$/.test(text)) return null;
  const [whole, fraction = ""] = text.split(".");
  const decimals = fraction.replace(/0+$/, "").length;
  if (decimals > 8) return null;
  return { units: BigInt(whole + fraction.slice(0, 8).padEnd(8, "0")), decimals };
}

function wholeOf(text: string): bigint | null {
  return /^(0|[1-9]\d*)$/.test(text) && BigInt(text) < 2n ** 53n ? BigInt(text) : null;
}

/** The content of one row: the trade, or the number (from 0) and the content of the wrong field. */
function naiveRow(fields: string[], kinds: readonly string[]): string | { wrong: number } {
  const trade: Record<string, string> = {};
  const isStruckOut = kinds.every((kind, column) => {
    const field = fields[column]!;
    if (kind === "first id" || kind === "last id") return field === "-1";
    return kind !== "price" && kind !== "quantity" || /^0+(\.0+)?$/.test(field);
  });
  if (kinds.includes("first id") && isStruckOut) return "other";
  for (const [column, kind] of kinds.entries()) {
    const field = fields[column]!;
    const decimal = decimalOf(field);
    const whole = wholeOf(field);
    if (kind === "price") {
      if (
        decimal === null || decimal.units === 0n ||
        decimal.units / 10n ** BigInt(8 - decimal.decimals) >= 2n ** 53n
      ) {
        return { wrong: column };
      }
      trade[kind] = `${decimal.units / 10n ** BigInt(8 - decimal.decimals)} at ${decimal.decimals}`;
    } else if (kind === "quantity") {
      if (decimal === null || decimal.units === 0n || decimal.units > 10n ** 15n * LIMIT) {
        return { wrong: column };
      }
      trade[kind] = `${decimal.units / LIMIT} and ${decimal.units % LIMIT}`;
    } else if (kind === "amount") {
      if (!/^\d+(\.\d+)?$/.test(field)) return { wrong: column };
    } else if (kind === "flag" || kind === "buyer is maker") {
      if (!["true", "false"].includes(field.toLowerCase())) return { wrong: column };
      if (kind === "buyer is maker") trade[kind] = field.toLowerCase();
    } else if (kind === "time") {
      const isLong = /^[1-9]\d{17,18}$/.test(field) && BigInt(field) / 1000n < 2n ** 53n;
      if (!isLong && (whole === null || whole === 0n)) return { wrong: column };
      const stamp = BigInt(field);
      const isSeconds = stamp >= 10n ** 8n && stamp < 10n ** 11n;
      const time = isSeconds ? stamp * 1_000_000n : stamp < 10n ** 14n ? stamp * 1000n : stamp;
      trade[kind] = String(Number(isLong ? stamp / 1000n : time));
    } else if (kind !== "anything") {
      if (whole === null) return { wrong: column };
      if (kind === "trade id") trade["first id"] = trade["last id"] = field;
      else trade[kind] = field;
    }
  }
  if (BigInt(trade["last id"]!) < BigInt(trade["first id"]!)) return { wrong: kinds.indexOf("last id") };
  return `${trade["first id"]} to ${trade["last id"]} at ${trade.time}: ${trade.price}, ${trade.quantity}, ${
    trade["buyer is maker"]
  }`;
}

const ENCODER = new TextEncoder();

function bytesIn(text: string): number {
  return ENCODER.encode(text).length;
}

/** The content of each line, as text. */
function naively(text: string, kinds: readonly string[]): string[] {
  const found: string[] = [];
  let isFirst = true;
  for (const [index, ended] of text.split("\n").entries()) {
    const line = ended.replace(/\r$/, "");
    if (/^[ \t]*$/.test(line)) continue;
    const isHeader = isFirst && /^[ \t]*([a-z]|,\D*$)/i.test(line);
    isFirst = false;
    if (isHeader) continue;
    const fields = line.split(",");
    const before = (column: number) =>
      bytesIn(fields.slice(0, column).map((field) => field + ",").join("")) + 1;
    const place = `file:${index + 1}:`;
    if (fields.length > kinds.length) {
      found.push(`${place}${before(kinds.length)}: the row has ${fields.length}`);
    } else if (fields.length < kinds.length) {
      found.push(`${place}${bytesIn(line) + 1}: the row has ${fields.length}`);
    } else {
      const read = naiveRow(fields, kinds);
      found.push(typeof read === "string" ? read : `${place}${before(read.wrong)}: field ${read.wrong}`);
    }
  }
  return found;
}

/**
 * The result of CsvRows for the same text, cut into chunks at some line ends, with stale bytes around them. `slow`
 * reads them too, without the loop.
 */
function really(
  text: string,
  origin: Origin,
  slow: CsvRows,
  names: readonly string[],
  random: SeededRandom,
): string[] {
  const reader = open(origin);
  const found: string[] = [];
  const lines = text.split(/(?<=\n)/);
  while (lines.length > 0) {
    const piece = ENCODER.encode(lines.splice(0, random.pick([1, 3, 50, 1000])).join(""));
    const start = random.pick([0, 0, 1, 5]);
    const bytes = ENCODER.encode("7".repeat(start + piece.length + random.pick([0, 0, 1, 23, 24, 25, 100])));
    bytes.set(piece, start);
    reader.open({ origin, bytes, start, end: start + piece.length });
    slow.open({ origin, bytes, start, end: start + piece.length });
    for (let readResult = reader.next(); readResult !== null; readResult = reader.next()) {
      const isSame = slow.next() === readResult && slow.line === reader.line &&
        slow.sample() === reader.sample() &&
        (readResult === "trade" ? sameTrade(slow.trade, reader.trade) : sameRefusal(slow, reader));
      assert(isSame, `the two ways read this otherwise: ${reader.sample()}`);
      const { firstId, lastId, time, price, decimals, quantityWhole, quantityFraction } = reader.trade;
      if (readResult === "trade") {
        found.push(
          `${firstId} to ${lastId} at ${time}: ${price} at ${decimals}, ` +
            `${quantityWhole} and ${quantityFraction}, ${reader.trade.buyerIsMaker}`,
        );
      } else if (readResult === "other") found.push("other");
      else {
        const [, place, what] = /^(file:\d+:\d+: )(the row has \d+|\w+(?= is ))/.exec(reader.reason) ?? [];
        const column = names.indexOf(what!);
        found.push(`${place}${column < 0 ? what : `field ${column}`}`);
      }
    }
    assert(slow.next() === null);
  }
  return found;
}

function sameTrade(one: TradeFields, other: TradeFields): boolean {
  return one.firstId === other.firstId && one.lastId === other.lastId && one.time === other.time &&
    one.price === other.price && one.decimals === other.decimals &&
    one.quantityWhole === other.quantityWhole && one.quantityFraction === other.quantityFraction &&
    one.buyerIsMaker === other.buyerIsMaker;
}

function sameRefusal(one: TradeReader, other: TradeReader): boolean {
  return one.reason === other.reason && one.emptyFirstId === other.emptyFirstId &&
    one.emptyId === other.emptyId;
}

Deno.test("CsvRows.next() agrees with a naive reader on a great many mutated rows of every layout", () => {
  const counts = { rows: 0, trade: 0, other: 0, rejected: 0 };
  const file = fc.record({
    shape: fc.constantFrom(...SHAPES),
    hasHeader: fc.boolean(),
    end: fc.constantFrom("\n", "\r\n"),
    rows: fc.array(fc.integer(), { minLength: 1, maxLength: 150, size: "max" }),
  });
  fc.assert(
    fc.property(file, ({ shape: [header, ...examples], hasHeader, end, rows: seeds }) => {
      const layout = csvColumns(header);
      assert("columns" in layout);
      const fields = fieldsOf(layout.columns);
      const origin = originOf(header, "file");
      const rows = seeds.map((seed) => {
        const random = new SeededRandom(seed);
        let row = random.pick(examples);
        for (let times = random.pick([0, 1, 1, 1, 2, 3]); times > 0; times--) row = mutate(row, random);
        return row;
      });
      const text = (hasHeader ? [header, ...rows] : rows).join(end);
      const random = new SeededRandom(seeds[0]!);
      const slow = new CsvRows(layout, "BTCUSDT", false, null);
      const found = really(text, origin, slow, fields.map(({ name }) => name), random);
      const expected = naively(text, fields.map(({ kind }) => kind));
      if (found.join("\n") !== expected.join("\n")) assertEquals({ text, found }, { text, found: expected });
      counts.rows += rows.length;
      for (const one of found) {
        counts[one === "other" ? "other" : one.startsWith("file") ? "rejected" : "trade"]++;
      }
    }),
    { numRuns: FILES, seed: 20241027 },
  );
  // Every outcome must be frequent, or the test would prove little.
  assertGreater(counts.rows, ROWS);
  assertGreater(counts.trade, 30_000);
  assertGreater(counts.other, 3_000);
  assertGreater(counts.rejected, 30_000);
});
