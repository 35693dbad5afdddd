/** CSV files of the user's own, read by `--columns` and `--time-unit`. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import type { ColumnName, TimeUnit } from "../../src/domain/market/own_columns.ts";
import { ownCsv, suggestedColumns } from "../../src/formats/own_csv.ts";
import type { FileTrade } from "../support/trade_files.ts";
import { readFile } from "./read_file.ts";
import { testTradeFile } from "./trade_file_contract.ts";

/** Reads a file with these columns. */
function read(text: string, columns: string, unit: TimeUnit | null = null) {
  return readFile(text, "BTCUSDT", { formats: [ownCsv(columns.split(",") as ColumnName[], unit)] });
}

const ROW = "2025-01-01T00:00:07.5Z,60003.85,0.01666,sell,7";
const SAID = [7, 1_735_689_607_500_000, "60003.85", "0.01666", true] as const;

Deno.test("ownCsv() reads columns in the order of the file, and skips the others", async () => {
  const cases: [columns: string, file: string][] = [
    ["time,price,quantity,side,id", ROW],
    ["id,-,quantity,price,side,-,time", `7,x,0.01666,60003.85,S,"a ""b"", c",1735689607.5`],
    ["-,time,-,price,quantity,side,id", `,1735689607500,,60003.85,1.666E-2,Sell,7\r\n`],
    ["time,price,quantity,side,id", ROW.replaceAll(",", ";")],
    ["time,price,quantity,side,id", ROW.replaceAll(",", "\t")],
    ["time,price,quantity,side,id", ROW.split(",").map((field) => `"${field}"`).join(" ; ")],
  ];
  for (const [columns, file] of cases) {
    const found = await read(file, columns);
    assertEquals([found.reasons, found.trades], [[], [SAID]], file);
  }
});

Deno.test("ownCsv() skips a header, whatever it says, and no row", async () => {
  for (
    const header of [
      "Date,Price,Amount,Side,ID",
      `"time","PRICE","qty","b/s","trade id"`,
      "a,b,c,d,e",
      ",,,,",
    ]
  ) {
    const found = await read(`\n${header}\n${ROW}\n`, "time,price,quantity,side,id");
    assertEquals([found.reasons, found.trades], [[], [SAID]], header);
  }
  const damaged = await read(`${ROW}x\n${ROW}\n`, "time,price,quantity,side,id");
  // The first trade shows that the ids of this file are not numbers.
  assertEquals([damaged.isCounted, damaged.trades.length], [true, 2]);
  for (const row of ["soon,60003.85,1,buy,7", "2025-01-01T00:00:07Z,much,1,buy,7"]) {
    const found = await read(`${row}\n${ROW}\n${ROW}`, "time,price,quantity,side,id");
    assertEquals(found.reasons.length, 1, row);
    assertStringIncludes(found.reasons[0]!, "a.csv:1:");
  }
});

Deno.test("ownCsv() explains a comma in an amount", async () => {
  for (
    const [row, amount] of [
      ["2025-01-01T00:00:07.5Z;60003,85;0.1;sell;7", "60003,85"],
      [`2025-01-01T00:00:07.5Z,60003.85,"0,01666",sell,7`, "0,01666"],
      ["2025-01-01T00:00:07.5Z;60,003.85;0.1;sell;7", "60,003.85"],
      ["2025-01-01T00:00:07.5Z;60.003,85;0.1;sell;7", "60.003,85"],
    ] as const
  ) {
    const { reasons: [reason = ""] } = await read(row, "time,price,quantity,side,id");
    assertStringIncludes(reason, `is "${amount}": expected decimal text`);
    assertStringIncludes(
      reason,
      "this has a comma: write a point before the decimals, and nothing between thousands",
    );
  }
  const { reasons: [other = ""] } = await read(
    "2025-01-01T00:00:07.5Z;60003x85;0.1;sell;7",
    "time,price,quantity,side,id",
  );
  assertStringIncludes(other, `is "60003x85"`);
  assertEquals(other.includes("comma"), false);
});

Deno.test("ownCsv() refuses a header that contradicts the columns", async () => {
  for (const separator of [",", ";", "\t"]) {
    const header = ["price", "Time", "amount"].join(separator);
    const found = await read(
      `${header}\n1735689607,1,1\n1735689608,1,1\n1735689609,1,1`,
      "time,price,quantity",
    );
    assertEquals(found.trades, []);
    assertStringIncludes(
      found.reasons[0]!,
      `a.csv:1: the header calls column 1 "price", but --columns time,price,quantity says that it is the time`,
    );
  }
});

Deno.test("ownCsv() says how many fields there are, and how many were named", async () => {
  const found = await read(`${ROW}\n`, "time,price,quantity");
  assertStringIncludes(
    found.reasons[0]!,
    "it has 5 fields, and --columns time,price,quantity names 3. Name each",
  );
  const later = await read(
    `${ROW}\n${ROW},more\n1,2\n${ROW.replace(",7", ",8")}`,
    "time,price,quantity,side,id",
  );
  assertEquals(later.trades.map(([id]) => id), [7, 8]);
  assertStringIncludes(
    later.reasons[0]!,
    "a.csv:2:48: the row has 6 fields: expected 5 (time,price,quantity,side,id)",
  );
  assertStringIncludes(later.reasons[1]!, "a.csv:3:4: the row has 2 fields: expected 5");
});

Deno.test("ownCsv() trusts the second and third line if the first is damaged", async () => {
  const found = await read(`1735689\n${ROW}\n${ROW.replace(",7", ",8")}`, "time,price,quantity,side,id");
  assertEquals(found.trades.map(([id]) => id), [7, 8]);
  assertEquals(found.reasons.length, 1);
});

Deno.test("ownCsv() never mistakes seconds for milliseconds", async () => {
  const time = async (text: string, unit: TimeUnit | null = null) => {
    const { trades, reasons } = await read(`${text},1,1`, "time,price,quantity", unit);
    return trades[0]?.[1] ?? reasons[0]!.replace(/.*expected /, "");
  };
  const seconds = 1_735_689_607_000_000;
  for (
    const text of ["1735689607", "1735689607.0", "1735689607000", "1735689607000000", "1735689607000000000"]
  ) {
    assertEquals(await time(text), seconds);
  }
  assertEquals(await time("1735689607", "s"), seconds);
  // As the user says, even if it is hardly what they mean.
  assertEquals(await time("1735689607", "ms"), 1_735_689_607_000);
  assertEquals(await time("12", "s"), 12_000_000);
  assertEquals(await time("12"), await time("99999999"));
  assertStringIncludes(String(await time("12")), "so that the size shows the unit (else give --time-unit)");
  assertStringIncludes(
    String(await time("1735689607000", "s")),
    "a number of s since 1970, above 0 and before the year",
  );
  assertStringIncludes(String(await time("2025-01-01T00:00:00Z", "s")), "a number of s since 1970");
  assertStringIncludes(String(await time("1735689607", "iso")), "a time such as 2025-01-01T00:00:00.250Z");
});

Deno.test("ownCsv() numbers trades where there are no ids, or where they are not numbers", async () => {
  const rows = ["7,100,1", "7,101,1", "8,102,1"];
  assertEquals((await read(rows.join("\n"), "time,price,quantity", "s")).trades.map(([id]) => id), [1, 2, 3]);
  for (const ids of [["a", "b", "c"], ["", "8", "9"], ["9007199254740992", "8", "9"], ["-1", "2", "3"]]) {
    const text = rows.map((row, at) => `${row},${ids[at]}`).join("\n");
    const found = await read(text, "time,price,quantity,id", "s");
    assertEquals([found.isCounted, found.trades.map(([id]) => id)], [true, [1, 2, 3]]);
  }
  const numbers = await read("7,100,1,5\n7,101,1,x\n8,102,1,7", "time,price,quantity,id", "s");
  assertEquals([numbers.isCounted, numbers.trades.map(([id]) => id)], [false, [5, 7]]);
  assertStringIncludes(numbers.reasons[0]!, `a.csv:2:9: id is "x": expected a whole number from 0 to`);
});

Deno.test("ownCsv() refuses a trade without an id that took place before the previous one", async () => {
  const { trades, reasons } = await read("9,100,1\n8,101,1\n9,102,1\n10,103,1", "time,price,quantity", "s");
  assertEquals(trades.map(([id, , price]) => [id, price]), [[1, "100"], [2, "102"], [3, "103"]]);
  assertEquals(reasons, [
    "a.csv:2:1: the trade took place at 1970-01-01T00:00:08.000000Z, and the one before it at " +
    "1970-01-01T00:00:09.000000Z: without consecutive ids, trades have to be in the order of their times. --sort puts " +
    "them in that order, even where a file has the newest first",
  ]);
});

Deno.test("suggestedColumns() says what a header means, if it says enough", () => {
  assertEquals(suggestedColumns(["Unix", "Date", "Price", "Amount", "Side"]), "time,-,price,quantity,side");
  assertEquals(suggestedColumns(["trade_id", "px", "Size", "created time"]), "id,price,quantity,time");
  assertEquals(suggestedColumns(["time", "price"]), null);
});

const OWN = ownCsv(["-", "quantity", "price", "time", "id", "side"], "ms");
const HEADER = new TextEncoder().encode("market;amount;price;when;number;who\n");

for (const header of [false, true]) {
  testTradeFile({
    name: `a user's own CSV ${header ? "with" : "without"} a header`,
    format: OWN,
    layout: "CSV of your own",
    isOpenEnded: true,
    ...(header
      ? { file: (records) => new Uint8Array([HEADER, ...records].flatMap((bytes) => [...bytes])) }
      : {}),
    record: ({ lastId, time, price, quantity, buyerIsMaker }: FileTrade) =>
      `é;${quantity};${price};${time / 1000};${lastId};${buyerIsMaker ? "sell" : "buy"}\n`,
    damaged: [
      ["é;1;0;1723161255342;7;buy\n", 6, `price is "0"`],
      ["é;1;1;1723161255342;7;up\n", 24, `side is "up": expected buy or sell`],
      ["é;1\n", 5, "the row has 2 fields: expected 6 (-;quantity;price;time;id;side)"],
      [`é;"1;1;1;7;buy\n`, 4, "the quotation marks do not come in pairs around a field"],
    ],
  });
}
