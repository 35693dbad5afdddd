/** Runs the lines that read Penstock's files with other tools, or make files for it, if the tool is installed. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { inProcess } from "../support/in_process.ts";
import { Money } from "../../src/domain/numbers/money.ts";
import { type ExportRow, signalRow, type TableName, tripRow } from "../../src/views/tables/export_tables.ts";
import { parquetTable } from "../../src/views/tables/parquet_table.ts";
import { fences, PAGES } from "./pages.ts";

const PAGE = PAGES.get("docs/formats.md")!;
const DUCKDB = Deno.env.get("PENSTOCK_DUCKDB") ?? "duckdb";

const FILLS = `run,time,symbol,side,price,quantity,notional,fee,cash,position,realized,tradeId,signalTradeId\r
1,2026-11-29T13:31:15.372000Z,BTCUSDT,buy,60003.85,0.01666,999.664141,0.99966415,8999.33619485,0.01666,,50,50\r
1,2026-11-29T13:31:17.019000Z,BTCUSDT,sell,60006.02,0.01666,999.7002932,0.9997003,9998.03678775,0,-1.96321225,115,115\r
`;
const MINE = "time,price,quantity,side,id\n2025-01-01 00:00:07,60003.85,0.01666,sell,1\n" +
  "2025-01-01 00:00:08.250,60004.1,0.5,buy,2\n";
const EVENTS = [
  { type: "started", time: "2026-11-29T13:31:14.000000Z", config: { symbol: "BTCUSDT" } },
  { type: "signal", time: "2026-11-29T13:31:15.372000Z", symbol: "BTCUSDT", side: "buy", price: "60003.85" },
  { type: "signal", time: "2026-11-29T13:31:17.019000Z", symbol: "BTCUSDT", side: "sell", price: "60006.02" },
];
const RESULT = {
  summary: { type: "summary", fills: 2 },
  metrics: { netProfit: "-1.96321225", maxDrawdown: { fraction: "0.00019632" } },
  equityCurve: [["2026-11-29T13:31:14.101000Z", "10000"], ["2026-11-29T13:31:17.019000Z", "9998.03678775"]],
};

/** Whether a command line succeeds, so that the tool is installed. */
function works(command: string, ...args: string[]): boolean {
  try {
    return new Deno.Command(command, { args, stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

/** A Python, preferably with pandas. Debian's Python has it as a package, but may not be first on the path. */
const PYTHONS = [Deno.env.get("PENSTOCK_PYTHON") ?? "python3", "/usr/bin/python3"];
const PYTHON = PYTHONS.find((python) => works(python, "-c", "import pandas")) ?? PYTHONS[0]!;

/** A table as Parquet. */
async function parquetOf(table: TableName, rows: readonly ExportRow[]): Promise<Uint8Array> {
  const pieces: string[] = [];
  const writeSync = (bytes: Uint8Array): number => {
    pieces.push(bytes.toHex());
    return bytes.length;
  };
  const file = await parquetTable({ writeSync }, table);
  for (const { cells } of rows) file.add(cells);
  file.finish();
  return Uint8Array.fromHex(pieces.join(""));
}

const START = 1_795_959_075_372_000;
const TRIPS = await parquetOf(
  "trips",
  [["signal", "12.5"], ["signal", "-1.96321225"], ["stop-loss", "-7.000000000000000001"]]
    .map(([cause, profit], at) =>
      tripRow({
        number: at + 1,
        symbol: "BTCUSDT",
        opened: START + at * 60_000_000,
        closed: START + at * 60_000_000 + 1_647_000,
        quantity: new Money("0.01666"),
        cost: new Money("999.664141"),
        proceeds: new Money("999.7002932"),
        fees: new Money("1.99936445"),
        profit: new Money(profit!),
        fills: 2,
        cause: cause!,
        buyTradeId: 50 + at,
        sellTradeId: 60 + at,
      }, { run: 1 })
    ),
);
const SIGNALS = await parquetOf("signals", [
  signalRow(
    {
      type: "signal",
      time: "2026-11-29T13:31:15.372000Z",
      symbol: "BTCUSDT",
      side: "buy",
      price: "60003.85",
      tradeId: 50,
      shortAverage: "60001.86",
      longAverage: "60001.0926",
    },
    START,
    { run: 1 },
  ),
]);
const EQUITY = `run,time,symbol,event,tradeId,price,cash,position,equity\r
1,2026-11-29T13:31:15.372000Z,BTCUSDT,signal,50,60003.85,10000,0,10000\r
1,2026-11-29T13:31:17.019000Z,BTCUSDT,fill,115,60006.02,9998.03678775,0,9998.03678775\r
`;

/** The output of a command in a folder with the files that the page reads. */
function printed(command: string, ...args: string[]): string {
  const folder = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(`${folder}/fills.csv`, FILLS);
    Deno.writeTextFileSync(`${folder}/equity.csv`, EQUITY);
    Deno.writeFileSync(`${folder}/trips.parquet`, TRIPS);
    Deno.writeFileSync(`${folder}/signals.parquet`, SIGNALS);
    Deno.writeTextFileSync(`${folder}/mine.csv`, MINE);
    Deno.writeTextFileSync(
      `${folder}/events.jsonl`,
      EVENTS.map((event) => `${JSON.stringify(event)}\n`).join(""),
    );
    Deno.writeTextFileSync(`${folder}/result.json`, JSON.stringify(RESULT));
    const { code, stdout, stderr } = new Deno.Command(command, { args, cwd: folder }).outputSync();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test({
  name: "the lines for a Parquet file write one that a backtest reads, if there is a Python with pyarrow",
  ignore: !works(PYTHON, "-c", "import pandas, pyarrow"),
  async fn() {
    const [script = "", ccxt = "", ...more] = fences(PAGES.get("docs/files.md")!, "python");
    assertStringIncludes(ccxt, "import ccxt");
    assertEquals(more, []);
    const hex = printed(PYTHON, "-c", `${script}\nprint(open("trades.parquet", "rb").read().hex())`);
    const path = await Deno.makeTempFile({ suffix: ".parquet" });
    try {
      await Deno.writeFile(path, Uint8Array.fromHex(hex.trim()));
      const { code, stdout, stderr } = await inProcess("backtest", "--json", "--symbol", "BTCUSDT", path);
      assertEquals(code, 0, stderr);
      const { trades, gaps, firstTime, lastTime } = JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
      assertEquals({ trades, gaps, firstTime, lastTime }, {
        trades: 2,
        gaps: 0,
        firstTime: "2025-01-01T00:00:07.000000Z",
        lastTime: "2025-01-01T00:00:08.250000Z",
      });
    } finally {
      await Deno.remove(path);
    }
  },
});

Deno.test({
  name: "the lines for pandas read exports, events and results, if there is a Python with pandas",
  ignore: !works(PYTHON, "-c", "import pandas"),
  fn() {
    const [fills = "", equity = "", parquet = "", events = "", result = "", ...more] = fences(PAGE, "python");
    assertEquals(more, []);
    assertStringIncludes(printed(PYTHON, "-c", fills), "0.99966415");
    assertStringIncludes(printed(PYTHON, "-c", equity), "9998.03678");
    assertStringIncludes(parquet, "read_parquet");
    assertStringIncludes(printed(PYTHON, "-c", events), "60006.02");
    assertStringIncludes(printed(PYTHON, "-c", result), "9998.03");
  },
});

Deno.test({
  name: "the lines for pandas read Parquet with exact amounts, if there is a Python with pyarrow",
  ignore: !works(PYTHON, "-c", "import pandas, pyarrow"),
  fn() {
    const parquet = fences(PAGE, "python").find((lines) => lines.includes("read_parquet"))!;
    assertEquals(printed(PYTHON, "-c", parquet).trim(), "3.536787749999999999 0 days 00:00:01.647000");
  },
});

Deno.test({
  name: "the lines for DuckDB read exports, events and results, if there is a DuckDB",
  ignore: !works(DUCKDB, "--version"),
  fn() {
    const [fills = "", trips = "", signals = "", events = "", result = "", ...more] = fences(PAGE, "sql");
    assertEquals(more, []);
    assertStringIncludes(printed(DUCKDB, "-csv", "-c", fills), "buy,1,0.99966415");
    const found = printed(DUCKDB, "-csv", "-c", trips);
    assertStringIncludes(found, "signal,2,10.536787750000000000,00:00:01.647");
    assertStringIncludes(found, "stop-loss,1,-7.000000000000000001,00:00:01.647");
    assertStringIncludes(printed(DUCKDB, "-csv", "-c", signals), ",buy,60001.86,60001.0926");
    assertStringIncludes(printed(DUCKDB, "-csv", "-c", events), "signal,2");
    assertStringIncludes(printed(DUCKDB, "-csv", "-c", result), "2,-1.96321225,0.00019632");
  },
});

Deno.test("the page has lines for every tool that it names", () => {
  for (const tool of ["pandas", "DuckDB", "Excel", "sqlite3"]) assert(PAGE.includes(tool), tool);
});
