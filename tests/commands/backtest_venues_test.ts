/** `penstock backtest` over files of other venues, and over a user's own CSV. */
import { assertMatch, assertStringIncludes } from "@std/assert";
import { Folder, gzip, zip } from "../feeds/recorded_input.ts";
import { eventsOf } from "../support/penstock.ts";
import { csvText, type FileTrade, walk } from "../support/trade_files.ts";
import { backtest, eventsFrom, steady, traded } from "./backtest_run.ts";
import { assertEquals } from "../support/equals.ts";

const TRADES = walk(11, 2_000);
const WINDOWS = ["--short", "3", "--long", "10"];
const BYBIT =
  "timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional\n";
const COINBASE = "trade_id,side,size,price,time\n";
const side = ({ buyerIsMaker }: FileTrade) => buyerIsMaker ? "Sell" : "Buy";
const bybit = (trade: FileTrade) =>
  `${trade.time / 1e6},BTCUSDT,${
    side(trade)
  },${trade.quantity},${trade.price},PlusTick,${crypto.randomUUID()},1e+11,1,1\n`;
const coinbase = (trade: FileTrade) =>
  `${trade.lastId},${trade.buyerIsMaker ? "buy" : "sell"},${trade.quantity},${trade.price},${
    new Date(trade.time / 1000).toISOString()
  }\n`;
const text = (header: string, trades: readonly FileTrade[], row: (trade: FileTrade) => string) =>
  header + trades.map(row).join("");

/** The events of trading with ids numbered from 1. */
async function counted(folder: Folder, trades: readonly FileTrade[]) {
  const numbered = trades.map((trade, at) => ({ ...trade, firstId: at + 1, lastId: at + 1 }));
  return traded(await eventsFrom([await folder.write("numbered.csv", csvText(numbered)), ...WINDOWS]));
}

Deno.test("penstock backtest prints the same bytes for a user's own CSV as for Binance's", async () => {
  await using folder = new Folder();
  const expected = await backtest(["--json", await folder.write("binance.csv", csvText(TRADES)), ...WINDOWS]);
  const own = text(
    "when;n;what;-;how much;who\n",
    TRADES,
    (trade) =>
      `${new Date(trade.time / 1000).toISOString()};${trade.lastId};"${trade.price}";x,y;${
        Number(trade.quantity)
      };${side(trade)}\n`,
  );
  const columns = ["--columns", "time,id,price,-,quantity,side", "--time-unit", "iso"];
  const bare = text(
    "",
    TRADES,
    (trade) => `${trade.lastId},${trade.price},${trade.quantity},${trade.time}\n`,
  );
  const ways: string[][] = [
    [await folder.write("own.csv", own), ...columns],
    [await folder.write("own.zip", await zip({ "a.csv": own })), ...columns],
    [
      await folder.write("bare.csv.gz", gzip(bare)),
      "--columns",
      "id,price,quantity,time",
      "--time-unit",
      "us",
    ],
    [
      await folder.write("other.csv", own),
      "--config",
      await folder.write("own.json", `{"columns": "time,id,price,-,quantity,side", "timeUnit": "iso"}`),
    ],
  ];
  const withoutConfig = (stdout: string) => steady(stdout).replace(/"config":\{.*?\},"time"/, "");
  for (const way of ways) {
    const { code, stdout, stderr } = await backtest(["--json", ...way, ...WINDOWS]);
    assertEquals([code, stderr], [0, ""]);
    assertEquals(withoutConfig(stdout), withoutConfig(expected.stdout), way.join(" "));
  }
});

Deno.test("penstock backtest numbers trades over all files, and says once that gaps cannot be detected", async () => {
  await using folder = new Folder();
  const parts = [TRADES.slice(0, 700), TRADES.slice(700, 1_500), TRADES.slice(1_500)];
  const files = await Promise.all(
    parts.map((part, at) => folder.write(`bybit-${at}.csv`, text(BYBIT, part, bybit))),
  );
  const { code, stdout, stderr } = await backtest(["--json", "--log-level=warn", ...files, ...WINDOWS]);
  assertEquals(code, 0);
  assertEquals(traded(eventsOf(stdout)), await counted(folder, TRADES));
  assertEquals(stderr.match(/no consecutive ids/g)?.length, 1);
  assertEquals(eventsOf(stdout).at(-1)!.countedUp, 2_000);
  const report = await backtest([...files, ...WINDOWS]);
  assertMatch(report.stdout, /2,000 trades in .*; gaps cannot be detected\n/);
  assertMatch(
    stderr,
    /bybit-0\.csv has no consecutive ids: its trades are numbered here, so gaps and repeated trades/,
  );
});

Deno.test("penstock backtest refuses trades without ids that are out of order, and --sort puts them in order", async () => {
  await using folder = new Folder();
  // Many trades of one millisecond: the newest comes first among them too.
  const trades = TRADES.map((trade) => ({ ...trade, time: trade.time - trade.time % 500_000 }));
  const expected = await counted(folder, trades);
  const newest = await folder.write("newest.csv", text(BYBIT, trades.toReversed(), bybit));
  const refused = await backtest([newest, ...WINDOWS]);
  assertEquals([refused.code, refused.stdout], [3, ""]);
  assertMatch(
    refused.stderr,
    /newest\.csv:\d+:1: the trade took place at .*--sort puts them in that order, even where a file/,
  );
  assertEquals(traded(await eventsFrom(["--sort", newest, ...WINDOWS])), expected);
  const days = [trades.slice(1_200), trades.slice(0, 1_200)];
  const files = await Promise.all(
    days.map((day, at) => folder.write(`day-${at}.csv`, text(BYBIT, day.toReversed(), bybit))),
  );
  assertEquals(traded(await eventsFrom(["--sort", ...files, ...WINDOWS])), expected);
  const wrong = await backtest([...files, ...WINDOWS]);
  assertEquals(wrong.code, 3);
});

Deno.test("penstock backtest refuses Coinbase's newest trade first, and --sort puts it last by its id", async () => {
  await using folder = new Folder();
  const expected = traded(await eventsFrom([await folder.write("binance.csv", csvText(TRADES)), ...WINDOWS]));
  const newest = await folder.write("coinbase.csv", text(COINBASE, TRADES.toReversed(), coinbase));
  const refused = await backtest([newest, ...WINDOWS]);
  assertEquals(refused.code, 3);
  assertStringIncludes(refused.stderr, "--sort");
  assertEquals(traded(await eventsFrom(["--sort", newest, ...WINDOWS])), expected);
  const { stderr } = await backtest(["--sort", "--log-level=warn", newest, ...WINDOWS]);
  assertEquals(stderr, "");
  const { countedUp } = (await eventsFrom([await folder.write("again.csv", csvText(TRADES))])).at(-1)!;
  assertEquals(countedUp, undefined);
});

Deno.test("penstock backtest --sort refuses files of which only some have ids", async () => {
  await using folder = new Folder();
  const files = [
    await folder.write("coinbase.csv", text(COINBASE, TRADES.slice(0, 10), coinbase)),
    await folder.write("bybit.csv", text(BYBIT, TRADES.slice(10, 20), bybit)),
  ];
  const { code, stderr } = await backtest(["--sort", ...files, ...WINDOWS]);
  assertEquals(code, 3);
  assertMatch(
    stderr,
    /bybit\.csv: its trades have no consecutive ids, and those of the files before have them, so/,
  );
});

Deno.test("penstock backtest skips trades of other symbols, and names them", async () => {
  await using folder = new Folder();
  const mixed = text(BYBIT, TRADES, (trade) => bybit(trade) + bybit(trade).replace("BTCUSDT", "ETHUSDT"));
  const file = await folder.write("mixed.csv", mixed);
  const { code, stdout, stderr } = await backtest(["--json", "--log-level=warn", file, ...WINDOWS]);
  assertEquals(code, 0);
  assertEquals(traded(eventsOf(stdout)), await counted(folder, TRADES));
  assertStringIncludes(stderr, "skipped 2,000 trades of other symbols: ETHUSDT");
  const other = await backtest([file, "--symbol", "SOLUSDT", ...WINDOWS]);
  assertEquals(other.code, 3);
  assertStringIncludes(
    other.stderr,
    "no trade of SOLUSDT was found. It holds trades of BTCUSDT, ETHUSDT: choose with --symbol.",
  );
});

Deno.test("penstock backtest stops at a bad row of any venue with 3, and skips it with --skip-bad", async () => {
  await using folder = new Folder();
  const rows = TRADES.slice(0, 20).map(bybit);
  const bad = rows.toSpliced(7, 0, rows[7]!.replace(/,(Buy|Sell),/, ",Up,"));
  const file = await folder.write("bybit.csv", BYBIT + bad.join(""));
  const strict = await backtest([file, ...WINDOWS]);
  assertEquals([strict.code, strict.stdout], [3, ""]);
  assertMatch(strict.stderr, /bybit\.csv:9:\d+: side is "Up": expected buy or sell\. With --skip-bad/);
  const events = await eventsFrom([file, "--skip-bad", ...WINDOWS]);
  assertEquals(events.at(-1)!.rejected, 1);
  assertEquals(events.at(-1)!.trades, 20);
});

Deno.test("penstock backtest warns that ids which skip empty the averages again and again", async () => {
  await using folder = new Folder();
  const skipping = TRADES.map((trade) => ({ ...trade, lastId: 3 * trade.lastId }));
  const file = await folder.write("coinbase.csv", text(COINBASE, skipping, coinbase));
  const { code, stderr } = await backtest(["--log-level=warn", file, ...WINDOWS]);
  assertEquals(code, 0);
  assertStringIncludes(stderr, "1,999 of 2,000 trades follow a jump in the ids");
});

Deno.test("penstock backtest rejects wrong columns and units with 2 and a sentence for each", async () => {
  const { code, stderr } = await backtest(["x.csv", "--columns", "time,price,amount", "--time-unit", "min"]);
  assertEquals(code, 2);
  assertMatch(
    stderr,
    /--columns is "time,price,amount": expected time, price and quantity, each once, and side and id/,
  );
  assertMatch(stderr, /--time-unit is "min": expected one of s, ms, us, ns, iso/);
  for (const columns of ["time,price", "time,price,quantity,price", "time,price,quantity,", "", "-"]) {
    assertEquals((await backtest(["x.csv", "--columns", columns])).code, 2, columns);
  }
  const alone = await backtest(["x.csv", "--time-unit", "s"]);
  assertEquals(alone.code, 2);
  assertStringIncludes(alone.stderr, "--time-unit is s: expected --columns as well");
});
