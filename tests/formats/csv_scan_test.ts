/** What the WebAssembly loop takes, so that no ordinary row goes the slow way unnoticed. */
import { assert, assertEquals } from "@std/assert";
import { CsvScan, type RowLayout } from "../../src/formats/csv_scan.ts";
import { FUTURES_AGGREGATE, FUTURES_TRADE, SPOT_AGGREGATE, SPOT_TRADE } from "../support/csv.ts";

const ENCODER = new TextEncoder();

const ROWS: readonly (readonly [row: string, layout: RowLayout])[] = [
  [SPOT_TRADE, { isAggregate: false, hasFlag: true }],
  [SPOT_AGGREGATE, { isAggregate: true, hasFlag: true }],
  [FUTURES_TRADE, { isAggregate: false, hasFlag: false }],
  [FUTURES_AGGREGATE, { isAggregate: true, hasFlag: false }],
];

/** How many rows the loop reads from the start of `text`, and what stands behind them. */
function scan(
  text: string,
  layout: RowLayout,
): { readonly rows: number; readonly rest: string } {
  const bytes = ENCODER.encode(text);
  const reader = new CsvScan();
  reader.open(bytes, bytes.length);
  let at = 0;
  let rows = 0;
  for (;;) {
    const read = reader.read(at, layout);
    if (read === 0) return { rows, rest: new TextDecoder().decode(bytes.subarray(at)) };
    rows += read;
    at = reader.stoppedAt;
  }
}

Deno.test("CsvScan.read() takes the rows of every published layout, with either line end, across what fits in its memory", () => {
  for (const [row, layout] of ROWS) {
    for (const end of ["\n", "\r\n"]) {
      assertEquals(scan(`${row}${end}`.repeat(5_000), layout), { rows: 5_000, rest: "" }, row);
    }
  }
});

Deno.test("CsvScan.read() takes short ids and long ones, whole prices and fine ones, and times of ms and µs", () => {
  const rows = [
    "1,1,1,1,1,true,true",
    "99999999,1.0,2.50,0,1735689600,False,True",
    "100000000,0.00000001,0.00000001,1.5,1735689600000,TRUE,FALSE",
    "9007199254740991,90071992.54740991,999999999999999.99999999,1.123456789012,1735689600000000,true,true",
    "3735683259,1500000000.12,0.5,750000000.06000000,1735689600000001,false,true",
  ];
  const text = rows.map((row) => `${row}\n`).join("");
  assertEquals(scan(text, { isAggregate: false, hasFlag: true }), { rows: rows.length, rest: "" });
});

Deno.test("CsvScan.read() stops before a row that is not a trade in its layout, that is cut off, or has no line feed", () => {
  const layout = { isAggregate: false, hasFlag: true };
  const bad = [
    SPOT_TRADE,
    SPOT_TRADE.slice(0, 30),
    "",
    "id,price",
    SPOT_TRADE.replace("51175358", '"51175358"'),
    SPOT_TRADE.replace("17.80180000", "1.78e1"),
    SPOT_TRADE.replace("17.80180000", "17.801800001"),
    SPOT_TRADE.replace("51175358", "051175358"),
    SPOT_TRADE.replace("51175358", ""),
    SPOT_TRADE.replace("51175358", "9007199254740992"),
    SPOT_TRADE.replace("17.80180000", "90071992.54740992"),
    SPOT_TRADE.replace("17.80180000", "0.0"),
    SPOT_TRADE.replace("1583709433583", "0"),
  ];
  for (const [index, row] of bad.entries()) {
    const rest = index === 0 ? row : `${row}\n${SPOT_TRADE}\n`;
    assertEquals(scan(`${SPOT_TRADE}\n`.repeat(3) + rest, layout), { rows: 3, rest }, row);
  }
});

Deno.test("CsvScan.read() says where each row starts", () => {
  const bytes = ENCODER.encode(`${SPOT_TRADE}\n`.repeat(3_000));
  const reader = new CsvScan();
  reader.open(bytes, bytes.length);
  const length = SPOT_TRADE.length + 1;
  for (let at = 0; at < bytes.length; at = reader.stoppedAt) {
    const rows = reader.read(at, { isAggregate: false, hasFlag: true });
    assert(rows > 0);
    for (const row of [0, rows - 1]) assertEquals(reader.startOf(row), at + row * length);
  }
});
