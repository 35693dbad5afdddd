import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { estimate, Money } from "../../../src/domain/numbers/money.ts";
import type { Point } from "../../../src/domain/performance/m4_columns.ts";
import type { Trip } from "../../../src/domain/performance/trip_log.ts";
import { htmlPage } from "../../../src/views/report/html_page.ts";
import { fitting, MOST_BYTES } from "../../../src/views/report/page_cuts.ts";
import { pageData } from "../../../src/views/report/page_data.ts";
import type { PageData } from "../../../src/views/report/page_format.ts";
import type { RunReport } from "../../../src/views/report/run_report.ts";
import { METRICS, SUMMARY } from "../../support/sample_metrics.ts";

const MARKS = 6_000;
const GAPS = 5_000;

/** A report in which everything is as much as it can be, and hardly to be packed. */
function largest({ trips: tripCount = 3_000, lines = 9 } = {}): RunReport {
  let state = 11;
  const random = (below: number): number => (state = (state * 48_271) % 2_147_483_647) % below;
  const points = (count: number): Point[] => {
    let time = 1.7e15;
    return Array.from({ length: count }, () => ({
      time: time += 1_000 * random(1e6),
      value: 6e4 + random(1e6) / 1e3,
    }));
  };
  const trip = (_: unknown, at: number): Trip => ({
    ...{ number: at + 1, entryTime: 1.7e15 + at * 6e7 + random(1e7), exitTime: 1.7e15 + at * 6e7 + 5e7 },
    ...{ entryPrice: 6e4 + random(1e5) / 100, exitPrice: 6e4 + random(1e5) / 100 },
    ...{ quantity: `0.0${random(1e6)}`, cost: `1000.${random(1e8)}`, fees: `1.${random(1e8)}` },
    ...{ profit: `${random(9) - 4}.${random(1e8)}1`, best: random(1e5) / 1e4, worst: -random(1e5) / 1e4 },
    cause: "signal",
  });
  const line = points(8_192);
  const none = new Map<number, never>();
  const marks = points(MARKS).map(({ time, value }, at) => ({
    ...{ time, price: value, side: at % 3 === 0 ? "buy" : "sell", count: 2 } as const,
  }));
  const data = pageData({
    ...{ symbol: "BTCUSDT", base: "BTC", quote: "USDT", cash: 10_000, exposure: 0.1 },
    chart: {
      ...{ price: line, equity: points(8_192), drawdown: points(8_192), fills: marks, hasAllFills: true },
      trips: {
        ...{ count: 30_000, kept: Array.from({ length: tripCount }, trip) },
        ...{ byHour: none, byWeekday: none, byMonth: new Map<string, never>(), byReturn: none },
      },
    },
    volatility: points(4_000),
    averages: Array.from({ length: lines }, (_, at) => ({ name: `average${at}`, points: points(4_096) })),
    incidents: points(GAPS).map(({ time }, at) => ({
      ...{ kind: at % 10 === 0 ? "refusal" : "gap", time, text: `${random(1e6)} trades missing` } as const,
    })),
  });
  return {
    ...{ kind: "Backtest", summary: SUMMARY, metrics: METRICS, models: [], drawdowns: [], data },
    hasAllFills: true,
    trips: { count: 30_000, byHour: [], byWeekday: [], byMonth: [], byReturn: [] },
    ...{ refused: [["cooldown", 500]], moreIncidents: 7, assumptions: ["fee 0.1 %"], dataDigest: null },
    origin: { version: "0.1.0", options: { cash: "10000" }, files: [], command: "penstock", journal: null },
  };
}

/** The report that is made a page in the end, if the page were nothing but its data. */
async function cutTo(most: number, whole: RunReport): Promise<RunReport> {
  let last = whole;
  await fitting(whole, (report) => {
    last = report;
    return Promise.resolve(JSON.stringify(report.data));
  }, most);
  return last;
}

function numbersIn(differences: readonly number[]): number[] {
  let sum = 0;
  return differences.map((difference) => sum += difference);
}

Deno.test("a page is never larger than 350 kB, however much there is to draw", async () => {
  const page = await htmlPage(largest());
  assertLess(new TextEncoder().encode(page).length, MOST_BYTES + 1);
  assertStringIncludes(page, "of 30,000 round trips: the last, the best and the worst");
});

Deno.test("a page that is small enough keeps everything", async () => {
  const whole = largest({ trips: 30, lines: 1 });
  assertEquals(await cutTo(Infinity, whole), whole);
});

Deno.test("cut round trips are the last, the best and the worst, each with its own figures", async () => {
  const whole = largest();
  const { data: { trips } } = await cutTo(JSON.stringify(whole.data).length - 10_000, whole);
  const before = whole.data.trips;
  const numbers = numbersIn(trips.numbers);
  assertEquals(numbers.length, 1_500);
  assertEquals(numbers.slice(-500), numbersIn(before.numbers).slice(-500));
  const places = numbers.map((number) => number - 1);
  for (const name of ["quantities", "costs", "fees", "profits", "held"] as const) {
    assertEquals(trips[name] as unknown[], places.map((place) => before[name][place]), name);
  }
  for (const name of ["entryPrices", "exitPrices", "best", "worst"] as const) {
    const all = numbersIn(before[name].values);
    assertEquals(numbersIn(trips[name].values), places.map((place) => all[place]!), name);
  }
  const profitOf = (place: number): number => estimate(new Money(before.profits[place]!));
  const left = before.profits.map((_, place) => place).filter((place) => !places.includes(place)).map(
    profitOf,
  );
  const others = places.slice(0, -500).map(profitOf).sort((a, b) => a - b);
  assertLess(others[499]!, Math.min(...left) + 1e-9);
  assertLess(Math.max(...left) - 1e-9, others[500]!);
});

Deno.test("cut incidents are counted, cut marks stand for as many fills, and refusals go first", async () => {
  const whole = largest();
  const { data, moreIncidents, hasAllFills } = await cutTo(320_000, whole);
  assertEquals(moreIncidents, 7 + GAPS - data.incidents.length);
  assert(data.incidents.every(([kind]) => kind === "gap"));
  assertEquals(hasAllFills, false);
  const fillsOf = ({ fills }: PageData, buy: number): number =>
    fills.counts.reduce((sum, count, at) => sum + (fills.buys[at] === buy ? count : 0), 0);
  for (const buy of [0, 1]) assertEquals(fillsOf(data, buy), fillsOf(whole.data, buy));
  assertLess(data.fills.times.length, MARKS);
  const [last] = data.averages;
  assertEquals(numbersIn(last!.times).at(-1), numbersIn(whole.data.averages[0]!.times).at(-1));
});
