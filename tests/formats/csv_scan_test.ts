/** What the WebAssembly loop takes, so that no ordinary row goes the slow way unnoticed. */
import { assert, assertEquals } from "@std/assert";
import { type CsvColumns, csvColumns } from "../../src/formats/csv_layout.ts";
import { CsvScan } from "../../src/formats/csv_scan.ts";
import {
  FUTURES_AGGREGATE,
  FUTURES_AGGREGATES,
  FUTURES_TRADE,
  FUTURES_TRADES,
  SPOT_AGGREGATE,
  SPOT_AGGREGATES,
  SPOT_TRADE,
  SPOT_TRADES,
} from "../support/csv.ts";

const ENCODER = new TextEncoder();

const ROWS: readonly (readonly [row: string, header: string])[] = [
  [SPOT_TRADE, SPOT_TRADES],
  [SPOT_AGGREGATE, SPOT_AGGREGATES],
  [FUTURES_TRADE, FUTURES_TRADES],
  [FUTURES_AGGREGATE, FUTURES_AGGREGATES],
  ["1735689600010866,1.5,17.80,x,True,,51175358", "time,qty,price,note,isBuyerMaker,more,id"],
  ["51175358,17.80,1.5,false,1735689600010866", "id,price,qty,isBuyerMaker,time"],
  [
    "anything,true,1729209604056,551530712,551530708,2254.0,0.7096",
    "x,is_buyer_maker,time,lastId,firstId,qty,price",
  ],
  ["551530708,551530712,1729209604056,2254.0,0.7096,FALSE,", "firstId,lastId,time,qty,price,isBuyerMaker,"],
];

function columnsOf(header: string): CsvColumns {
  const found = csvColumns(header);
  assert("columns" in found, header);
  return found.columns;
}

/** How many rows the loop reads from the start of `text`, and what stands behind them. */
function scan(
  text: string,
  header: string,
): { readonly rows: number; readonly rest: string } {
  const bytes = ENCODER.encode(text);
  const reader = new CsvScan(columnsOf(header));
  reader.open(bytes, bytes.length);
  let at = 0;
  let rows = 0;
  for (;;) {
    const read = reader.read(at);
    if (read === 0) return { rows, rest: new TextDecoder().decode(bytes.subarray(at)) };
    rows += read;
    at = reader.stoppedAt;
  }
}

Deno.test("CsvScan.read() takes the rows of every published layout and of other orders, with either line end, across what fits in its memory", () => {
  for (const [row, header] of ROWS) {
    for (const end of ["\n", "\r\n"]) {
      assertEquals(scan(`${row}${end}`.repeat(5_000), header), { rows: 5_000, rest: "" }, row);
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
  assertEquals(scan(text, SPOT_TRADES), { rows: rows.length, rest: "" });
});

Deno.test("CsvScan.read() stops before a row that is not a trade in its layout, that is cut off, or has no line feed", () => {
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
    assertEquals(scan(`${SPOT_TRADE}\n`.repeat(3) + rest, SPOT_TRADES), { rows: 3, rest }, row);
  }
});

Deno.test("CsvScan.read() notes where each row starts", () => {
  const bytes = ENCODER.encode(`${SPOT_TRADE}\n`.repeat(3_000));
  const reader = new CsvScan(columnsOf(SPOT_TRADES));
  reader.open(bytes, bytes.length);
  const length = SPOT_TRADE.length + 1;
  for (let at = 0; at < bytes.length; at = reader.stoppedAt) {
    const rows = reader.read(at);
    assert(rows > 0);
    for (const row of [0, rows - 1]) assertEquals(reader.startOf(row), at + row * length);
  }
});
