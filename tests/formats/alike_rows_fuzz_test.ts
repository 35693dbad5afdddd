/** Rows that differ only in digits are read 16 bytes at a time, and hold what the slow way finds in them. */
import { assertGreater } from "@std/assert";
import { csvColumns } from "../../src/formats/csv_layout.ts";
import { CsvRows } from "../../src/formats/csv_rows.ts";
import { open, originOf, SPOT_TRADES } from "../support/csv.ts";
import { assertEquals } from "../support/equals.ts";
import { fuzzCases } from "../support/fuzz_inputs.ts";
import { SeededRandom } from "../support/random.ts";
import { readBlocks, readSingly } from "../support/read_blocks.ts";

/** Each holds about 100 rows. */
const FILES = fuzzCases(600, 100);
const WITHOUT_FLAG = "id,price,qty,quote_qty,time,is_buyer_maker";

/** How the rows of one file are written. */
interface Form {
  readonly hasFlag: boolean;
  readonly decimals: number;
  /** What 1 is in the unit of the times. */
  readonly second: number;
  readonly no: string;
  readonly yes: string;
  readonly end: string;
}

function formOf(random: SeededRandom): Form {
  const [no, yes] = random.pick([["False", "True"], ["False", "True"], ["false", "true"], ["FALSE", "TRUE"]]);
  return {
    hasFlag: random.whole(0, 2) > 0,
    decimals: random.pick([8, 8, 8, 2, 3, 0]),
    second: random.pick([1, 1e3, 1e6, 1e6]),
    no: no!,
    yes: yes!,
    end: random.pick(["\n", "\n", "\r\n"]),
  };
}

/** Rows that follow each other, after the trade `id` at `time` (s); the quantity of some is one or more. */
function rowsIn(form: Form, id: number, time: number, random: SeededRandom): string[] {
  const { hasFlag, decimals, second, no, yes, end } = form;
  const least = random.pick([0, 25, 999_900, 5_999_900, 10_000_000, 99_999_900, 12_345_678_900]);
  const flag = random.pick([yes, no]);
  let stamp = time * second;
  return Array.from({ length: random.whole(1, 200) }, () => {
    id++;
    stamp += random.pick([0, 0, 1, random.whole(0, 60 * second)]);
    const cents = least + random.whole(0, 200);
    const price = (cents / 100).toFixed(Math.max(decimals, 2));
    const quantity = random.pick([0, 0, 0, 0, 0, 0, 0, 1, 12]) +
      random.pick([0, ...Array(30).fill(1)]) * random.whole(0, 99_999_999) / 1e8;
    const paid = (quantity * cents / 100).toFixed(8);
    const fields = [id, price, quantity.toFixed(8), paid, stamp, random.pick([no, yes])];
    return (hasFlag ? [...fields, flag] : fields).join() + end;
  });
}

const WRONG = [..."0123456789.,-/:;+TFtfalseruex \r\n\0"];

/** The row with a wrong byte, one too many or one too few, or with nothing before the point of the amount paid. */
function damaged(row: string, random: SeededRandom): string {
  if (random.whole(0, 9) === 0) return row.replace(/\d+(\.\d{8},\d+,[tf])/i, "$1");
  const at = random.whole(0, row.length - 1);
  const put = random.pick(WRONG);
  return row.slice(0, at) + random.pick([put, put, put, "", put + row[at]]) + row.slice(at + 1);
}

Deno.test("takeBlock() of rows in one form gives, among damaged rows, what the slow way finds in every row", () => {
  const random = new SeededRandom(20250719);
  const counts = { single: 0, inBlocks: 0, blocks: 0 };
  for (let n = 0; n < FILES; n++) {
    const form = formOf(random);
    const start = {
      id: random.pick([0, 7, 95, 950, 9_999_990, 99_999_950, 999_999_950, 3_735_683_258, 99_999_999_999_950]),
      time: random.pick([1_735_689_600, 1_735_699_990, 1_199_999_990, 9_007_199_200]),
    };
    const isClean = random.whole(0, 3) === 0;
    const text = rowsIn(form, start.id, start.time, random)
      .map((row) => isClean || random.whole(0, 15) > 0 ? row : damaged(row, random))
      .join("");
    const header = form.hasFlag ? SPOT_TRADES : WITHOUT_FLAG;
    const layout = csvColumns(header);
    if (!("columns" in layout)) throw new Error(`${header} is of no layout`);
    const origin = originOf(header, "file");
    const slow = new CsvRows(layout, "BTCUSDT", false, null);
    const bytes = new TextEncoder().encode(text);
    slow.open({ origin, bytes, start: 0, end: bytes.length });
    const expected = readSingly(slow).join("\n");
    const found = readBlocks(open(origin, text), { id: start.id, time: start.time * 1e6 }, random, counts)
      .join("\n");
    if (found !== expected) assertEquals({ text, found }, { text, found: expected });
  }
  assertGreater(counts.inBlocks, 3 * counts.single);
  assertGreater(counts.single, 5 * FILES);
});
