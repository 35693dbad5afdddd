import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import type { SummaryEvent } from "../../../src/domain/run/event.ts";
import { configure } from "../../../src/config/config.ts";
import type { GivenOptions } from "../../../src/config/configuration.ts";
import { haltByHand } from "../../../src/domain/risk/halt.ts";
import type { Metrics } from "../../../src/domain/performance/metrics.ts";
import { RISK_OPTIONS } from "../../../src/config/risk_options.ts";
import type { OptionName } from "../../../src/config/options.ts";
import { type ReportColumn, reportTable } from "../../../src/views/report/report_table.ts";
import { METRICS, NOTHING_BOUGHT, SUMMARY } from "../../support/sample_metrics.ts";

function column(
  metrics: Partial<Metrics> = {},
  summary: Partial<SummaryEvent> = {},
  title = "configured",
  refused: Readonly<Record<string, number>> = {},
): ReportColumn {
  return {
    title,
    summary: { ...SUMMARY, ...summary, metrics: { ...METRICS, ...metrics } },
    fillParameters: title === "pessimistic"
      ? { slippage: "2", latencyMs: 250, fill: "next" }
      : { slippage: "0", latencyMs: 0, fill: "signal" },
    refused: new Map(Object.entries(refused)),
  };
}

function table(
  columns: readonly ReportColumn[],
  summary: Partial<SummaryEvent> = {},
  options: Partial<Record<OptionName, string>> = {},
): string {
  const { symbol = SUMMARY.symbol } = summary;
  const given: GivenOptions = Object.fromEntries(
    Object.entries({ symbol, ...options }).map(([name, text]) => [name, { text, source: "command line" }]),
  );
  return reportTable({ summary: { ...SUMMARY, ...summary }, config: configure(given).config }, columns);
}

/** The figure in one row of a table with a single column of these metrics. */
function figure(label: string, metrics: Partial<Metrics>, summary: Partial<SummaryEvent> = {}): string {
  const row = table([column(metrics, summary)], summary).split("\n").find((line) =>
    line.trim().startsWith(label)
  );
  return row?.slice(row.indexOf(label) + label.length).trim() ?? `no row "${label}"`;
}

Deno.test("reportTable() of one run shows its results", () => {
  assertEquals(
    table([column()]),
    `
Backtest of BTCUSDT, averages of 20 and 50 trades, on paper
  1,019,904 trades in 2.34 s, 435,856 a second; no gaps
  2024-08-08 23:54:15 to 2024-08-09 00:09:59 UTC
  start cash 10,000.00 USDT, stake 1,000.00 USDT, each trade is a bar
  fee 0.1 %, slippage 0 bp, latency 0 ms, fills at the signal's trade
  lot 0.00001, tick 0.01, min-notional 5
  limits: max-drawdown 20 %, on-halt hold

Result
  net profit, USDT                           -193.42
  return                                     -1.93 %
  buy and hold                               +0.12 %
  against buy and hold                       -2.05 %
  exposure while holding                     10.01 %
  buy and hold, same exposure                +0.01 %
  against it, same exposure                  -1.95 %
  gross profit, USDT                         +412.70
  gross loss, USDT                           -606.12
  open profit, USDT                             0.00
  open position, BTC                               0
  fees, USDT                                  205.96
  equity at the end, USDT                   9,806.58

Trading
  fills                                          206
  refused orders                                   0
  round trips                                    103
  won / lost / even                      30 / 72 / 1
  win rate                                   29.13 %
  average win, USDT                           +13.76
  average loss, USDT                           -8.42
  largest win, USDT                           +51.20
  largest loss, USDT                          -33.13
  profit factor                                 0.68
  payoff ratio                                  1.63
  expectancy, USDT a round trip                -1.88
  longest winning streak                           4
  longest losing streak                           11
  holding time, mean                          4.52 s
  holding time, shortest                      0.34 s
  holding time, longest                      1 m 1 s
  time in the market                         48.12 %

Risk
  largest drawdown                            2.02 %
  largest drawdown, USDT                      203.12
    from                         2024-08-08 23:54:18
    to                           2024-08-09 00:09:59
    length                                 15 m 41 s
  longest time under water                 15 m 43 s
  annualized return                                –
  annualized volatility                      81.23 %
  Sharpe                                      -12.35
  Sortino                                     -15.10
  Calmar                                           –
  SQN                                          -1.99

  Exposure is the share of the money in the position while one is held.
  Volatility, Sharpe and Sortino are from equity at full minutes,
  annualized to 365 days. Risk-free rate and target return are 0.
`,
  );
});

Deno.test("reportTable() puts three fill models side by side, with – for a figure that does not exist", () => {
  const optimistic = column(
    {
      netProfit: "1234567.891",
      return: "1.234567891",
      roundTrips: 6_172,
      wins: 4_172,
      losses: 1_998,
      breakEven: 2,
      holdingTimeMs: { shortest: 90_000, mean: 5e6, longest: 9e8 },
    },
    { fills: 12_345, refusals: 1_003, equity: "1244567.891" },
    "optimistic",
    { "min-notional": 1_000, funds: 3 },
  );
  const pessimistic = column(
    NOTHING_BOUGHT,
    { fills: 0, refusals: 7, position: "1234.56789", equity: "10000" },
    "pessimistic",
    { cooldown: 2, funds: 5 },
  );
  assertEquals(
    table([optimistic, column(), pessimistic], { gaps: 1, duplicates: 1_200, rejected: 3, trades: 99_574 }),
    `
Backtest of BTCUSDT, averages of 20 and 50 trades, on paper
  99,574 trades in 2.34 s, 435,856 a second; 1 gap, 1,200 duplicates dropped, 3 unusable
  2024-08-08 23:54:15 to 2024-08-09 00:09:59 UTC
  start cash 10,000.00 USDT, stake 1,000.00 USDT, each trade is a bar
  fee 0.1 %
  lot 0.00001, tick 0.01, min-notional 5
  limits: max-drawdown 20 %, on-halt hold

                                        optimistic      configured  pessimistic

Fills
  slippage, basis points                         0               0            2
  latency                                     0 ms            0 ms       250 ms
  trade filled at                         signal's        signal's         next

Result
  net profit, USDT                   +1,234,567.89         -193.42         0.00
  return                                 +123.46 %         -1.93 %       0.00 %
  buy and hold                             +0.12 %         +0.12 %      +0.12 %
  against buy and hold                     -2.05 %         -2.05 %      -0.12 %
  exposure while holding                   10.01 %         10.01 %            –
  buy and hold, same exposure              +0.01 %         +0.01 %            –
  against it, same exposure                -1.95 %         -1.95 %            –
  gross profit, USDT                       +412.70         +412.70         0.00
  gross loss, USDT                         -606.12         -606.12         0.00
  open profit, USDT                           0.00            0.00         0.00
  open position, BTC                             0               0  1,234.56789
  fees, USDT                                205.96          205.96         0.00
  equity at the end, USDT             1,244,567.89        9,806.58    10,000.00

Trading
  fills                                     12,345             206            0
  refused orders                             1,003               0            7
    cooldown                                     0               0            2
    funds                                        3               0            5
    min-notional                             1,000               0            0
  round trips                                6,172             103            0
  won / lost / even              4,172 / 1,998 / 2     30 / 72 / 1    0 / 0 / 0
  win rate                                 29.13 %         29.13 %            –
  average win, USDT                         +13.76          +13.76            –
  average loss, USDT                         -8.42           -8.42            –
  largest win, USDT                         +51.20          +51.20            –
  largest loss, USDT                        -33.13          -33.13            –
  profit factor                               0.68            0.68            –
  payoff ratio                                1.63            1.63            –
  expectancy, USDT a round trip              -1.88           -1.88            –
  longest winning streak                         4               4            0
  longest losing streak                         11              11            0
  holding time, mean                      1 h 23 m          4.52 s            –
  holding time, shortest                  1 m 30 s          0.34 s            –
  holding time, longest                  10 d 10 h         1 m 1 s            –
  time in the market                       48.12 %         48.12 %       0.00 %

Risk
  largest drawdown                          2.02 %          2.02 %            –
  largest drawdown, USDT                    203.12          203.12            –
    from                            08-08 23:54:18  08-08 23:54:18            –
    to                              08-09 00:09:59  08-09 00:09:59            –
    length                               15 m 41 s       15 m 41 s            –
  longest time under water               15 m 43 s       15 m 43 s            –
  annualized return                              –               –            –
  annualized volatility                    81.23 %         81.23 %            –
  Sharpe                                    -12.35          -12.35            –
  Sortino                                   -15.10          -15.10            –
  Calmar                                         –               –            –
  SQN                                        -1.99           -1.99            –

  Exposure is the share of the money in the position while one is held.
  Volatility, Sharpe and Sortino are from equity at full minutes,
  annualized to 365 days. Risk-free rate and target return are 0.
`,
  );
});

/** The lines with the assumptions behind a table. */
function assumed(
  options: Partial<Record<OptionName, string>>,
  columns: readonly ReportColumn[] = [column()],
): string[] {
  const lines = table(columns, {}, options).split("\n");
  return lines.slice(4, lines.indexOf("", 4));
}

Deno.test("reportTable() shows its assumptions, with amounts in the symbol's quote currency", () => {
  assertEquals(assumed({ symbol: "ETHBTC", cash: "0.0512345", stake: "1234.567", short: "3" }), [
    "  start cash 0.05123 BTC, stake 1,234.57 BTC, each trade is a bar",
    "  fee 0.1 %, slippage 0 bp, latency 0 ms, fills at the signal's trade",
    "  lot 0.00001, tick 0.01, min-notional 5",
    "  limits: max-drawdown 20 %, on-halt hold",
  ]);
  const set = {
    stake: "12.5%",
    fee: "0.075%",
    slippage: "1.5",
    latency: "90s",
    fill: "next",
    cash: "1234567.891",
    onHalt: "flatten",
    minQuantity: "0.001",
    maxQuantity: "9",
    maxNotional: "100000",
    maxDrawdown: "0.2",
    maxDailyLoss: "0.03",
    maxPosition: "5000",
    maxOrders: "10/1m",
    cooldown: "30s",
    maxLag: "500ms",
    participation: "10%",
    orderTtl: "1h",
    stopLoss: "2%",
    trailingStop: "3%",
    takeProfit: "150%",
  };
  assertEquals(
    assumed(set),
    [
      "  start cash 1,234,567.89 USDT, stake 12.5% of the cash, each trade is a bar",
      "  fee 0.075 %, slippage 1.5 bp, latency 90 s, fills at the next trade",
      "  lot 0.00001, tick 0.01, min-quantity 0.001, max-quantity 9, min-notional 5,",
      "    max-notional 100000",
      "  limits: max-drawdown 20 %, max-daily-loss 3 %, stop-loss 2 %,",
      "    trailing-stop 3 %, take-profit 150 %, participation 10 %, max-position 5000,",
      "    max-orders 10/1m, cooldown 30s, max-lag 500ms, order-ttl 1h, on-halt flatten",
    ],
  );
  // The texts above set all options of the risk gate, so a new one is not left out.
  assertEquals(Object.keys(RISK_OPTIONS).filter((name) => !(name in set)), []);
  // With several fill models, each column has its own.
  assertEquals(assumed({}, [column(), column()])[1], "  fee 0.1 %");
});

Deno.test("reportTable() shows that the run stopped before its input ended, and why", () => {
  assertStringIncludes(table([column()], { ended: "person" }), "  stopped by you before the input ended\n");
  assertStringIncludes(table([column()], { ended: "for" }), "  stopped by --for before the input ended\n");
  for (const ended of ["input", "stop-after"] as const) {
    assertEquals(table([column()], { ended }).includes("stopped"), false);
  }
});

Deno.test("reportTable() leaves out the year if there are several models, unless the trades are of several years", () => {
  const both = (lastTime: string) => table([column(), column()], { lastTime });
  assertStringIncludes(
    both("2024-08-09T00:09:59.000000Z"),
    "    from                         08-08 23:54:18  08-08 23:54:18\n",
  );
  assertStringIncludes(both("2025-01-01T00:09:59.000000Z"), "  2024-08-08 23:54:18  2024-08-08 23:54:18\n");
});

Deno.test("reportTable() shows whether trading is halted at the end", () => {
  assertStringIncludes(
    table([column({}, { halt: haltByHand("hold", 7) })]),
    "  halted at the end: manual, since trade 7\n",
  );
  assertEquals(table([column()]).includes("halted"), false);
});

Deno.test("reportTable() shows which of the fill models is halted at the end, and why", () => {
  const halted = (title: string, isHalted: boolean) =>
    column({}, { halt: isHalted ? { ...haltByHand("hold", 7), reason: "max-drawdown" } : null }, title);
  const halts = (optimistic: boolean, configured: boolean, pessimistic: boolean) =>
    table([
      halted("optimistic", optimistic),
      halted("configured", configured),
      halted("pessimistic", pessimistic),
    ]).split("\n").filter((line) => line.includes("halted"));
  assertEquals(halts(false, false, true), ["  halted at the end: pessimistic (max-drawdown)"]);
  assertEquals(halts(false, true, true), [
    "  halted at the end: configured (max-drawdown), pessimistic (max-drawdown)",
  ]);
  assertEquals(halts(false, false, false), []);
});

Deno.test("reportTable() uses the singular for one of a thing", () => {
  const [, , line] = table([column()], { trades: 1, gaps: 1, duplicates: 1, rejected: 1 }).split("\n");
  assertEquals(line, "  1 trade in 2.34 s, 435,856 a second; 1 gap, 1 duplicate dropped, 1 unusable");
});

Deno.test("reportTable() of a run without a trade has no line for its times", () => {
  const lines = table([column(NOTHING_BOUGHT)], {
    trades: 0,
    firstTime: null,
    lastTime: null,
    elapsedMs: 4,
    tradesPerSecond: 0,
  }).split("\n");
  assertEquals(lines.slice(2, 4), [
    "  0 trades in 0.00 s, 0 a second; no gaps",
    "  start cash 10,000.00 USDT, stake 1,000.00 USDT, each trade is a bar",
  ]);
});

Deno.test("reportTable() shows small amounts to four digits: prices of a hundred-thousandth are not 0.00", () => {
  const shown = (amount: string) => figure("average loss, USDT", { averageLoss: amount });
  assertEquals(
    ["-0.000012345678", "-0.00000001", "-0.00999", "-0.0123456", "-0.09876543", "-0.004"].map(shown),
    ["-0.00001235", "-0.00000001", "-0.00999", "-0.01235", "-0.09877", "-0.004"],
  );
  assertEquals(
    ["-0.1", "-0.1234567", "-0.5", "-1", "-1.006", "0"].map(shown),
    ["-0.10", "-0.12", "-0.50", "-1.00", "-1.01", "0.00"],
  );
});

Deno.test("reportTable() puts commas between thousands, and signs before gains and losses", () => {
  const net = (netProfit: string) => figure("net profit, USDT", { netProfit });
  assertEquals(
    ["1", "-1234.567", "999999.995", "123456789012.345", "0", "0.001"].map(net),
    ["+1.00", "-1,234.57", "+1,000,000.00", "+123,456,789,012.34", "0.00", "+0.001"],
  );
  assertEquals(figure("round trips", { roundTrips: 1_234_567 }), "1,234,567");
  assertEquals(
    figure("won / lost / even", { wins: 1_234, losses: 12_345, breakEven: 0 }),
    "1,234 / 12,345 / 0",
  );
  // A figure that has only one direction needs no sign.
  assertEquals(figure("fees, USDT", { fees: "9999.999" }), "10,000.00");
  assertEquals(figure("win rate", { winRate: "1" }), "100.00 %");
  assertEquals(figure("return", { return: "-123.456789" }), "-12,345.68 %");
  assertEquals(figure("Sharpe", { sharpe: "1234.5" }), "1,234.50");
});

Deno.test("reportTable() counts fills and refused orders in separate rows", () => {
  const totals = { fills: 12_345, refusals: 6_789 };
  assertEquals(figure("fills", {}, totals), "12,345");
  assertEquals(figure("refused orders", {}, totals), "6,789");
  assertEquals(figure("refused orders", {}), "0");
});

Deno.test("reportTable() puts no sign before a figure that it shows as zero", () => {
  const shown = (value: string) => [
    figure("return", { return: value }),
    figure("Sharpe", { sharpe: value }),
    figure("net profit, USDT", { netProfit: value }),
  ];
  assertEquals(shown("0"), ["0.00 %", "0.00", "0.00"]);
  assertEquals(shown("-0"), ["0.00 %", "0.00", "0.00"]);
  // An amount or share this small is shown, but a ratio this small is not.
  assertEquals(shown("0.00004"), ["+0.004 %", "0.00", "+0.00004"]);
  assertEquals(shown("-0.00004"), ["-0.004 %", "0.00", "-0.00004"]);
  assertEquals(shown("0.00006"), ["+0.01 %", "0.00", "+0.00006"]);
  assertEquals(shown("-0.00006"), ["-0.01 %", "0.00", "-0.00006"]);
  assertEquals(shown("-0.006"), ["-0.60 %", "-0.01", "-0.006"]);
});

Deno.test("reportTable() writes huge figures with an exponent, such as ratios to almost nothing", () => {
  const sharpe = (value: string) => figure("Sharpe", { sharpe: value });
  assertEquals(
    ["999999999999.99", "1000000000000", "-12345678901234.5678", "1e50"].map(sharpe),
    ["999,999,999,999.99", "1.00e+12", "-1.23e+13", "1.00e+50"],
  );
  // A share is as large as it is shown: in hundredths of the whole.
  const annualized = (value: string) => figure("annualized return", { annualizedReturn: value });
  assertEquals(
    ["9876543210", "12345678901", "-12345678901", "4.2e300"].map(annualized),
    ["+987,654,321,000.00 %", "+1.23e+12 %", "-1.23e+12 %", "+4.20e+302 %"],
  );
  assertEquals(figure("net profit, USDT", { netProfit: "12345678901234.5" }), "+1.23e+13");
});

Deno.test("reportTable() shows – for every figure that does not exist, and never null or NaN", () => {
  const text = table([column(NOTHING_BOUGHT)]);
  assert(!/null|NaN|undefined|Infinity/.test(text), text);
  const dashes = text.split("\n").filter((line) => line.endsWith("  –")).map((line) =>
    line.slice(0, -1).trim()
  );
  assertEquals(dashes, [
    "exposure while holding",
    "buy and hold, same exposure",
    "against it, same exposure",
    "win rate",
    "average win, USDT",
    "average loss, USDT",
    "largest win, USDT",
    "largest loss, USDT",
    "profit factor",
    "payoff ratio",
    "expectancy, USDT a round trip",
    "holding time, mean",
    "holding time, shortest",
    "holding time, longest",
    "largest drawdown",
    "largest drawdown, USDT",
    "from",
    "to",
    "length",
    "longest time under water",
    "annualized return",
    "annualized volatility",
    "Sharpe",
    "Sortino",
    "Calmar",
    "SQN",
  ]);
  // Without returns, the table explains what would be needed for some, not how they were sampled.
  assert(!text.includes("Volatility, Sharpe and Sortino are"));
  assertStringIncludes(text, "need a day of trades and 30\n  samples.");
});

Deno.test("reportTable() shows how the returns were sampled", () => {
  for (
    const [sampling, words] of [["1m", "full minutes"], ["1h", "full hours"], ["1d", "full days"]] as const
  ) {
    assertStringIncludes(table([column({ sampling })]), `from equity at ${words},\n`);
  }
});

Deno.test("reportTable() uses the symbol's quote currency", () => {
  assertStringIncludes(table([column()], { symbol: "ETHBTC" }), "net profit, BTC  ");
  assertStringIncludes(table([column()], { symbol: "STRANGE" }), "net profit, quote  ");
});

const amount = fc.double({ min: -1e15, max: 1e15, noNaN: true }).map((value) => value.toFixed(8));
const ratio = fc.option(fc.double({ min: -1e9, max: 1e9, noNaN: true }).map((value) => value.toFixed(8)));
const whole = fc.integer({ min: 0, max: 999_999_999 });

Deno.test("reportTable() of one run is at most 100 characters wide, with its figures aligned on the right", () => {
  const metrics = fc.record({
    netProfit: amount,
    grossProfit: amount,
    grossLoss: amount,
    fees: amount,
    averageWin: fc.option(amount),
    return: ratio,
    profitFactor: ratio,
    sharpe: ratio,
    calmar: ratio,
    annualizedReturn: ratio,
    sqn: ratio,
    roundTrips: whole,
    wins: whole,
    losses: whole,
    breakEven: whole,
    longestUnderWaterMs: fc.option(whole),
  });
  const summary = fc.record({
    fills: whole,
    refusals: whole,
    gaps: whole,
    trades: whole,
    equity: amount,
    tradesPerSecond: whole,
    elapsedMs: whole,
  });
  fc.assert(fc.property(metrics, summary, (changes, totals) => {
    const text = table([column(changes, totals)], totals);
    const lines = text.split("\n");
    for (const line of lines) assert(line.length <= 100, line);
    const ends = lines.slice(9, -5).filter((line) => line.startsWith("  ")).map((line) => line.length);
    assertEquals(new Set(ends).size, 1);
    assert(lines.every((line) => line === line.trimEnd()));
    assert(!/[-+]0(\.0+)?( %)?$/m.test(text), text);
  }));
});
