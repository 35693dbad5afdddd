import { assertEquals } from "@std/assert";
import type { FillEvent } from "../../../src/domain/run/event.ts";
import type { ClosedLot } from "../../../src/domain/account/fifo_lots.ts";
import { Money } from "../../../src/domain/numbers/money.ts";
import { timeIn } from "../../../src/domain/numbers/time.ts";
import { closedSummary, headLine, rowLine } from "../../../src/views/tables/export_lines.ts";
import { closedRow, fillRow, type OfRun } from "../../../src/views/tables/export_tables.ts";

const FILL: FillEvent = {
  type: "fill",
  time: "2024-08-08T23:54:15.342123Z",
  symbol: "BTCUSDT",
  side: "sell",
  price: "60006.02",
  quantity: "0.01666",
  fee: "0.9997003",
  cash: "9998.03678775",
  position: "0",
  tradeId: 115,
  signalTradeId: 114,
  realized: "-1.96321225",
};

const LOT: ClosedLot = {
  symbol: "BTCUSDT",
  opened: 1_723_161_255_342_123,
  closed: 1_723_161_256_000_000,
  quantity: new Money("0.5"),
  cost: new Money(100),
  proceeds: new Money("99.9"),
  fees: new Money("0.2"),
  profit: new Money("-0.3"),
  buyTradeId: 7,
  sellTradeId: 9,
};

const fillLine = (format: "csv" | "json", fill: FillEvent, of: OfRun) =>
  rowLine(format, "fills", fillRow(fill, timeIn(fill.time)!, of));
const closedLine = (format: "csv" | "json", lot: ClosedLot, of: OfRun) =>
  rowLine(format, "closed", closedRow(lot, of));

Deno.test("rowLine() of a fill in CSV has a cell for every column, the notional computed exactly", () => {
  assertEquals(
    headLine("csv", "fills"),
    "run,time,symbol,side,price,quantity,notional,fee,cash,position,realized,tradeId,signalTradeId\r\n",
  );
  assertEquals(
    fillLine("csv", FILL, { run: 2 }),
    "2,2024-08-08T23:54:15.342123Z,BTCUSDT,sell,60006.02,0.01666,999.7002932,0.9997003,9998.03678775,0," +
      "-1.96321225,115,114\r\n",
  );
  const { realized: _, ...bought } = FILL;
  assertEquals(fillLine("csv", { ...bought, side: "buy" }, { run: 2 }).split(",")[10], "");
});

Deno.test("rowLine() of a fill in JSON is the event as it was emitted", () => {
  assertEquals(headLine("json", "fills"), "");
  assertEquals(fillLine("json", FILL, { run: 2 }), `${JSON.stringify(FILL)}\n`);
});

Deno.test("rowLine() of a fill turns no text of a forged journal into a formula", () => {
  const line = fillLine("csv", { ...FILL, symbol: `=HYPERLINK("http://x")`, cash: "+1" }, { run: 1 });
  assertEquals(line.includes(`,"'=HYPERLINK(""http://x"")",`) && line.includes(",'+1,"), true);
});

Deno.test("rowLine() of a closed position has the same content in CSV and in JSON", () => {
  assertEquals(
    headLine("csv", "closed"),
    "run,symbol,opened,closed,quantity,cost,proceeds,fees,profit,buyTradeId,sellTradeId\r\n",
  );
  const csv = closedLine("csv", LOT, { run: 3 });
  assertEquals(
    csv,
    "3,BTCUSDT,2024-08-08T23:54:15.342123Z,2024-08-08T23:54:16.000000Z,0.5,100,99.9,0.2,-0.3,7,9\r\n",
  );
  assertEquals(headLine("json", "closed"), "");
  const { type, ...fields } = JSON.parse(closedLine("json", LOT, { run: 3 }));
  assertEquals(type, "closed");
  assertEquals(Object.keys(fields).join(","), headLine("csv", "closed").trimEnd());
  assertEquals(Object.values(fields).join(","), csv.trimEnd());
});

Deno.test("closedSummary() shows the totals, and whether they are complete", () => {
  const totals = { ...LOT, count: 1 };
  assertEquals(
    closedSummary(totals, { run: 1, realized: "-0.3", isFlat: true, what: "closed position" }),
    "run 1: 1 closed position: cost 100, proceeds 99.9, fees 0.2, profit -0.3, which is what the journal realized",
  );
  assertEquals(
    closedSummary({ ...totals, count: 2 }, { run: 1, realized: "5", isFlat: false, what: "closed position" }),
    "run 1: 2 closed positions: cost 100, proceeds 99.9, fees 0.2, profit -0.3, the journal realized 5 at average " +
      "cost; a position is still open and not included",
  );
});

Deno.test("closedSummary() compares the profit with what was realized by value, in either direction, and names a result", () => {
  const said = (realized: string): string =>
    closedSummary({ ...LOT, count: 3 }, { run: null, realized, isFlat: true, what: "round trip" });
  const sums = "3 round trips: cost 100, proceeds 99.9, fees 0.2, profit -0.3, ";
  assertEquals(said("-0.3000"), `${sums}which is what the result realized`);
  for (const realized of ["-0.29999999", "-0.30000001", "0.3"]) {
    assertEquals(said(realized), `${sums}the result realized ${realized} at average cost`);
  }
});
