/** Every figure of a report's page, against the result and against the trades and fills behind it. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { hasBrowser, View } from "./browser.ts";
import { sampleReport, type SampleTrade, sampleTrades } from "./sample_report.ts";
import {
  FIGURES,
  grouped,
  hundredths,
  moment,
  money,
  type Outcome,
  percent,
  ratio,
  signedMoney,
  signedPercent,
  span,
} from "./shown_figures.ts";

const OPTIONS = ["--bars", "1m", "--short", "3", "--long", "9", "--models", "--stop-loss", "0.5%"];
const HOUR_MS = 3_600_000;
const WINDOW = 30;
const LIMITS = [-5, -2, -1, -0.5, -0.2, -0.1, 0, 0.1, 0.2, 0.5, 1, 2, 5];

/** A fill of the result. */
interface Fill {
  readonly time: string;
  readonly side: "buy" | "sell";
  readonly price: string;
  readonly quantity: string;
  readonly fee: string;
  readonly cash: string;
  readonly position: string;
  readonly tradeId: number;
  readonly cause?: string;
}

interface Result {
  readonly fills: readonly Fill[];
  readonly summary: Omit<Outcome, "metrics"> & { readonly firstTime: string; readonly lastTime: string };
  readonly metrics: Outcome["metrics"];
  readonly models: readonly (Outcome & {
    readonly model: string;
    readonly slippage: string;
    readonly latency: number;
  })[];
  readonly drawdownPeriods: readonly Record<string, string>[];
  readonly pictures: { readonly refused: readonly (readonly [string, number])[] };
}

/** A round trip, from its two fills and the trades between them. */
interface Trip {
  readonly entry: Fill;
  readonly exit: Fill;
  readonly profit: number;
  readonly return: number;
  readonly best: number;
  readonly worst: number;
}

Deno.test({
  name: "every figure of the report's page is that of the result, and of the trades and fills behind it",
  ignore: !hasBrowser(),
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const trades = sampleTrades(40_000);
      const { path, result: json } = await sampleReport(folder, trades, OPTIONS);
      const result = json as Result;
      const trips = tripsOf(result.fills, trades);
      assertEquals(trips.length, result.metrics.roundTrips);
      await using view = await View.open(path);
      const { page } = view;
      await verdictAndTiles(view, result);
      await figureTables(page, result);
      await modelTable(page, result);
      await drawdowns(page, result);
      await distributions(page, trips);
      await tripTable(page, trips);
      await volatility(page, result.fills, trades);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

/** The round trips of fills of which each buys or sells everything. */
function tripsOf(fills: readonly Fill[], trades: readonly SampleTrade[]): Trip[] {
  const placeOf = new Map(trades.map(({ id }, place) => [id, place]));
  return fills.flatMap((exit, at) => {
    const entry = fills[at - 1];
    if (exit.side === "buy" || entry === undefined) return [];
    const quantity = Number(entry.quantity);
    const spent = Number(entry.price) * quantity;
    const cost = spent + Number(entry.fee);
    const worths = trades.slice(placeOf.get(entry.tradeId)!, placeOf.get(exit.tradeId)! + 1)
      .map(({ price }) => quantity * price - cost);
    const profit = Number(exit.price) * quantity - Number(exit.fee) - cost;
    return [{
      ...{ entry, exit, profit, return: profit / spent },
      ...{ best: Math.max(...worths), worst: Math.min(...worths) },
    }];
  });
}

async function verdictAndTiles(view: View, { summary, metrics }: Result): Promise<void> {
  const { netProfit, profitFactor, winRate, sharpe } = metrics;
  const made = Number(netProfit) > 0 ? "made" : "lost";
  const time = Date.parse(summary.lastTime) - Date.parse(summary.firstTime);
  const amount = money(String(Math.abs(Number(netProfit))));
  assertEquals(
    (await view.text(".verdict")).replaceAll("\u00a0", " "),
    `The strategy ${made} ${amount} USDT (${signedPercent(metrics.return)}) in ${span(time)}, after ${
      money(summary.fees)
    } USDT of fees. Buying and holding would have returned ${signedPercent(metrics.buyAndHoldReturn)}, or ${
      signedPercent(metrics.buyAndHoldAtExposure)
    } at the same exposure.`,
  );
  const tiles = await view.page.$$eval(
    ".tile",
    (all) => all.map((tile) => [...tile.children].map((child) => child.textContent!)),
  );
  assertEquals(tiles, [
    ["Net profit, USDT", signedMoney(netProfit)],
    ["Return", signedPercent(metrics.return)],
    ["Against buy and hold", signedPercent(metrics.excessReturn)],
    ["Equity, USDT", money(summary.equity)],
    ["Largest drawdown", percent(summary.maxDrawdown)],
    ["Fees, USDT", money(summary.fees)],
    ["Fills", grouped(summary.fills)],
    ["Round trips won", percent(winRate)],
    ["Profit factor", ratio(profitFactor)],
    ["Sharpe", ratio(sharpe)],
  ]);
  assertEquals(await view.page.getAttribute(".tile dd", "class"), made === "made" ? "gain" : "loss");
}

/** The cells of all rows that a selector finds. */
function cells(page: Page, rows: string): Promise<string[][]> {
  return page.$$eval(
    rows,
    (all) => all.map((row) => [...row.children].map((cell) => cell.textContent!.trim())),
  );
}

async function figureTables(page: Page, { summary, metrics, models, pictures }: Result): Promise<void> {
  const columns = [{ ...summary, metrics }, ...models];
  const expected = FIGURES.map(([label, figure]) => [label, ...columns.map(figure)]);
  const refused = pictures.refused.map(([reason, count]) => [reason, grouped(count), "", ""]).sort();
  expected.splice(expected.findIndex(([label]) => label === "round trips"), 0, ...refused);
  assertEquals(await cells(page, ".columns table.figures tbody tr"), expected);
}

async function modelTable(page: Page, { summary, metrics, models }: Result): Promise<void> {
  const figures = ({ metrics, maxDrawdown, fills }: Outcome): string[] => [
    ...[signedMoney(metrics.netProfit), signedPercent(metrics.return), percent(maxDrawdown), grouped(fills)],
  ];
  assertEquals(await cells(page, "section:has(> h2:text-is('Fill models')) tbody tr"), [
    ["configured", "as above", ...figures({ ...summary, metrics })],
    ...models.map((model) => [
      ...[model.model, `slippage ${model.slippage} bp, latency ${model.latency} ms`, ...figures(model)],
    ]),
  ]);
}

async function drawdowns(page: Page, { drawdownPeriods, summary }: Result): Promise<void> {
  assertEquals(drawdownPeriods.length, 10);
  assertEquals(
    await cells(page, "section:has(> h2:text-is('Deepest drawdowns')) tbody tr"),
    drawdownPeriods.map(({ peak, amount, from, to, recovered }) => {
      const length = Date.parse(recovered ?? summary.lastTime) - Date.parse(from!);
      return [
        ...[percent(String(Number(amount) / Number(peak))), money(amount!), money(peak!)],
        ...[moment(from!), moment(to!), recovered === null ? "not yet" : moment(recovered!)],
        recovered === null ? `${span(length)} so far` : span(length),
      ];
    }),
  );
}

async function distributions(page: Page, trips: readonly Trip[]): Promise<void> {
  const exitOf = ({ exit }: Trip): Date => new Date(exit.time);
  const classOf = (trip: Trip): number => LIMITS.filter((limit) => trip.return * 100 >= limit).length;
  const week = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
  const by = [
    ["return of the round trip", (trip: Trip) => {
      const at = classOf(trip);
      return at === 0 ? "< -5 %" : `≥ ${LIMITS[at - 1]} %`;
    }, LIMITS.map((limit) => `≥ ${limit} %`)],
    ["hour of exit, UTC", (trip: Trip) => exitOf(trip).toISOString().slice(11, 13), null],
    ["weekday of exit, UTC", (trip: Trip) => week[(exitOf(trip).getUTCDay() + 6) % 7]!, week],
    ["month of exit, UTC", ({ exit }: Trip) => exit.time.slice(0, 7), null],
  ] as const;
  for (const [what, keyOf, order] of by) {
    const groups = [...Map.groupBy(trips, keyOf)].toSorted(([a], [b]) =>
      order === null
        ? a < b ? -1 : 1
        : (order as readonly string[]).indexOf(a) - (order as readonly string[]).indexOf(b)
    );
    assertEquals(
      await cells(page, `figure:has(> h3:text-is("Profit by ${what}")) tbody tr`),
      groups.map(([label, some]) => {
        const profit = some.reduce((sum, { profit }) => sum + profit, 0);
        return [
          ...[label, String(some.length), String(some.filter(({ profit }) => profit > 0).length)],
          ...[signedMoney(profit.toFixed(8)), money((profit / some.length).toFixed(8))],
        ];
      }),
      what,
    );
  }
}

async function tripTable(page: Page, trips: readonly Trip[]): Promise<void> {
  const shown: string[][] = [];
  for (;;) {
    shown.push(...await cells(page, "#trips tbody tr"));
    if (shown.length >= trips.length) break;
    await page.click("#trip-next");
  }
  // All quantities end below each other.
  const places = Math.max(...trips.map(({ entry }) => entry.quantity.split(".")[1]?.length ?? 0));
  assertEquals(
    shown,
    trips.map(({ entry, exit, profit, best, worst }, at) => [
      ...[String(at + 1), moment(entry.time), moment(exit.time)],
      ...[hundredths(Number(entry.price)), hundredths(Number(exit.price))],
      Number(entry.quantity).toFixed(places),
      hundredths(Number(entry.price) * Number(entry.quantity) + Number(entry.fee)),
      hundredths(Number(entry.fee) + Number(exit.fee)),
      profit > 0 ? `+${hundredths(profit)}` : hundredths(profit),
      ...[hundredths(best), hundredths(worst), span(Date.parse(exit.time) - Date.parse(entry.time))],
      exit.cause ?? "signal",
    ]),
  );
}

/** The deviation of the returns of equity between full hours, 30 at a time, annualised. */
async function volatility(page: Page, fills: readonly Fill[], trades: readonly SampleTrade[]): Promise<void> {
  const byTrade = Map.groupBy(fills, ({ tradeId }) => tradeId);
  const hours: { readonly time: number; readonly equity: number }[] = [];
  let [cash, position, equity, due] = [
    10_000,
    0,
    10_000,
    Math.ceil((trades[0]!.time + 1) / HOUR_MS) * HOUR_MS,
  ];
  for (const { id, time, price } of trades) {
    for (; time >= due; due += HOUR_MS) hours.push({ time: due, equity });
    for (const fill of byTrade.get(id) ?? []) [cash, position] = [Number(fill.cash), Number(fill.position)];
    equity = cash + position * price;
  }
  const returns = hours.slice(1).map(({ time, equity }, at) => ({
    time,
    value: equity / hours[at]!.equity - 1,
  }));
  const expected = returns.slice(WINDOW - 1).map(({ time }, at) => {
    const some = returns.slice(at, at + WINDOW).map(({ value }) => value);
    const mean = some.reduce((sum, value) => sum + value, 0) / WINDOW;
    const variance = some.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (WINDOW - 1);
    return { time: moment(new Date(time).toISOString()), value: Math.sqrt(variance * 365 * 24) };
  });
  await page.click("#table-volatility summary");
  await page.waitForSelector("#table-volatility tbody tr");
  const shown = await cells(page, "#table-volatility tbody tr");
  assert(expected.length > 20);
  assertEquals(shown.map(([time]) => time), expected.map(({ time }) => time));
  for (const [at, { value }] of expected.entries()) assertAlmostEquals(Number(shown[at]![1]), value, 1e-6);
}
