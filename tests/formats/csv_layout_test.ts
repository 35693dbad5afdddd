import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  areContractsInCoins,
  type CsvColumns,
  csvColumns,
  fieldsOf,
  isPublished,
  quoted,
} from "../../src/formats/csv_layout.ts";

const SPOT_TRADES: CsvColumns = {
  name: "spot trades",
  count: 7,
  firstId: 0,
  lastId: 0,
  price: 1,
  quantity: 2,
  time: 4,
  buyerIsMaker: 5,
};
const FUTURES_TRADES: CsvColumns = { ...SPOT_TRADES, name: "futures trades", count: 6 };
const SPOT_AGGREGATES: CsvColumns = {
  name: "spot aggTrades",
  count: 8,
  firstId: 3,
  lastId: 4,
  price: 1,
  quantity: 2,
  time: 5,
  buyerIsMaker: 6,
};
const FUTURES_AGGREGATES: CsvColumns = { ...SPOT_AGGREGATES, name: "futures aggTrades", count: 7 };

Deno.test("csvColumns() recognizes each layout by its first trade", () => {
  const cases: [string, CsvColumns][] = [
    ["51175358,17.80180000,5.69000000,101.29224200,1583709433583,True,True", SPOT_TRADES],
    ["51175358,17.80180000,5.69000000,101.29224200,1735689600010866,false,true", SPOT_TRADES],
    ["60953854,0.00000908,3591711.00,209942017,209942017,1729987202368,False,True", SPOT_AGGREGATES],
    ["0,0.20000000,50.00000000,0,0,1735689600010866,true,False", SPOT_AGGREGATES],
    ["1151022504,78526.1,83.0,0.10569734,1788220802731,true", FUTURES_TRADES],
    ["1151022504,78526.1,83.0,0.10569734,1788220802731,TRUE", FUTURES_TRADES],
    ["171927517,0.7097,19.0,551530707,551530707,1729209603958,false", FUTURES_AGGREGATES],
    // A row with another flaw shows its layout all the same. The reader will name the field.
    ["1,,abc,,0,False,True", SPOT_TRADES],
  ];
  for (const [line, columns] of cases) assertEquals(csvColumns(line), { columns, header: false }, line);
});

Deno.test("csvColumns() recognizes each layout by its header, in any spelling", () => {
  const cases: [string, CsvColumns][] = [
    ["id,price,qty,quoteQty,time,isBuyerMaker,isBestMatch", SPOT_TRADES],
    ["trade_id,price,quantity,quote_quantity,timestamp,is_buyer_maker,is_best_match", SPOT_TRADES],
    ["TRADE_ID,PRICE,QTY,QUOTE_QTY,TIME,ISBUYERMAKER,ISBESTMATCH", SPOT_TRADES],
    ["aggId,price,qty,firstId,lastId,time,isBuyerMaker,isBestMatch", SPOT_AGGREGATES],
    [
      "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker,is_best_match",
      SPOT_AGGREGATES,
    ],
    ["id,price,qty,quote_qty,time,is_buyer_maker", FUTURES_TRADES],
    [
      "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker",
      FUTURES_AGGREGATES,
    ],
    [
      "AggTradeId, Price, Quantity, FirstTradeId, LastTradeId, TransactTime, IsBuyerMaker",
      FUTURES_AGGREGATES,
    ],
  ];
  for (const [line, columns] of cases) {
    assertEquals(csvColumns(line), { columns, header: true }, line);
    assert(isPublished(columns));
  }
});

Deno.test("csvColumns() takes the quantity in coins if another column counts contracts", () => {
  for (
    const header of ["id,price,qty,base_qty,time,is_buyer_maker", "ID,Price,Qty,BaseQty,Time,IsBuyerMaker"]
  ) {
    const found = csvColumns(header);
    assert("columns" in found);
    assertEquals([found.columns.quantity, fieldsOf(found.columns)[2]!.kind], [3, "anything"]);
    assert(areContractsInCoins(found.columns));
  }
  assertEquals(areContractsInCoins(FUTURES_TRADES), false);
});

Deno.test("csvColumns() finds the columns of a header by name, in any order, and ignores others", () => {
  const found = csvColumns("symbol,time,isBuyerMaker,lastId,firstId,qty,price,note,note");
  assertEquals(found, {
    header: true,
    columns: {
      name: "futures aggTrades in the order of the header",
      count: 9,
      firstId: 4,
      lastId: 3,
      price: 6,
      quantity: 5,
      time: 1,
      buyerIsMaker: 2,
    },
  });
  assert("columns" in found && !isPublished(found.columns));
  // As many columns as a published layout, in the same order, but one of them is another.
  const other = csvColumns("id,price,qty,note,time,isBuyerMaker");
  assert("columns" in other && !isPublished(other.columns));
  const spot = csvColumns("is_best_match,id,time,price,qty,is_buyer_maker");
  assert("columns" in spot);
  assertEquals(spot.columns.name, "spot trades in the order of the header");
  assertEquals([spot.columns.firstId, spot.columns.lastId], [1, 1]);
});

Deno.test("csvColumns() recognizes a header whose first column has no name, as in tables with numbered rows", () => {
  const found = csvColumns(",id,price,qty,time,is_buyer_maker");
  assert("columns" in found && found.header);
  assertEquals([found.columns.count, found.columns.firstId, found.columns.price], [6, 1, 2]);
});

Deno.test("csvColumns() says what it found instead and what it expected", () => {
  const cases: [string, string][] = [
    ["", "the first line is empty; expected"],
    ["   ", "the first line is empty; expected"],
    [`"1","0.5"`, `the fields are quoted: "\\"1\\",\\"0.5\\""; expected`],
    ["1;0.5;2", `semicolons separate the fields: "1;0.5;2"; expected`],
    ["1;0,5;2", `semicolons separate the fields, and commas precede the decimals: "1;0,5;2"; expected`],
    ["a;b,c;2", `the header "a;b,c;2" names no trade id`],
    ["1;0,5,2", `the first line has 3 columns, with semicolons in it: "1;0,5,2"; expected`],
    ["1\t0.5", `tabs separate the fields: "1\\t0.5"; expected`],
    [`{'e':'trade'}`, `the first line has no commas: "{'e':'trade'}"; expected`],
    ["PK\x03\x04\x1b[2J", `the first line has no commas: "PK\\u0003\\u0004\\u001b[2J"; expected`],
    ["1,2,3", `the first line has 3 columns: "1,2,3"; expected`],
    [
      "1601510340000,4.1,4.2,4.0,4.1,539,1601510399999,2240,13,401,1669,0",
      `…, as candles (klines) have: the only candles that Penstock reads are the klines that Binance publishes; expected`,
    ],
    [
      "1,2,3,4,5,6",
      `the first line has 6 columns, with true or false in none of them: "1,2,3,4,5,6"; expected`,
    ],
    [
      "1,2,3,4,5,true,6",
      `the first line has 7 columns, with true or false in column 6: "1,2,3,4,5,true,6"; expected`,
    ],
    [
      "1,True,3,4,5,6,7,False",
      `the first line has 8 columns, with true or false in column 2 and 8: "1,True,3,4,5,6,7,False"; expected`,
    ],
    ["1,2,3,4,5,WAHR", "the first line has 6 columns, with true or false in none of them:"],
    [
      "Date,Open,High,Low,Close,Volume",
      `the header "Date,Open,High,Low,Close,Volume" is that of candles: the only candles that Penstock reads are the klines`,
    ],
    [
      "timestamp,symbol,side,size,price,tickDirection",
      `the header "timestamp,symbol,side,size,price,tickDirection" names no trade id, no quantity, no buyer is maker; expected`,
    ],
    ["agg_trade_id,price,qty,time,is_buyer_maker", "names no first id, no last id; expected"],
    ["id,price,qty,first_id,time,is_buyer_maker", "names no last id; expected"],
    [
      "id,price,qty,quantity,time,is_buyer_maker",
      `the header names two columns for the quantity, "qty" and "quantity"; expected`,
    ],
    ["constructor,toString,__proto__", "names no trade id,"],
  ];
  for (const [line, what] of cases) {
    const found = csvColumns(line);
    assert("unknown" in found, line);
    assertStringIncludes(found.unknown, what);
    assertStringIncludes(
      found.unknown,
      `; expected commas between the fields, no quotation marks, and a first line such as "id,price,qty,time,is_buyer_maker", or a file`,
    );
  }
});

Deno.test("fieldsOf() names every column as the documentation does, and lets unknown ones hold anything", () => {
  assertEquals(
    fieldsOf(FUTURES_AGGREGATES).map(({ name }) => name).join(),
    "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker",
  );
  assertEquals(fieldsOf({ ...SPOT_TRADES }).map(({ kind }) => kind), [
    "trade id",
    "price",
    "quantity",
    "amount",
    "time",
    "buyer is maker",
    "flag",
  ]);
  const found = csvColumns("note,isBuyerMaker,time,lastId,firstId,qty,price,isBestMatch");
  assert("columns" in found);
  assertEquals(fieldsOf(found.columns).map(({ kind, name }) => `${kind}: ${name}`), [
    "anything: anything",
    "buyer is maker: isBuyerMaker",
    "time: time",
    "last id: lastId",
    "first id: firstId",
    "quantity: qty",
    "price: price",
    "anything: anything",
  ]);
});

Deno.test("quoted() escapes everything in the beginning of a text that a terminal would act on", () => {
  assertEquals(quoted("abc"), `"abc"`);
  assertEquals(
    quoted(`a"\n\x1b\x7f\x9b\u202e\ud800é`),
    `"a\\"\\n\\u001b\\u007f\\u009b\\u202e\\ud800\\u00e9"`,
  );
  assertEquals(quoted("x".repeat(60)), `"${"x".repeat(60)}"`);
  assertEquals(quoted("x".repeat(61)), `"${"x".repeat(60)}"…`);
});
