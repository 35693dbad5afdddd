import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import {
  deflatedSharpe,
  expectedMaximum,
  luckySharpe,
  minimumBacktestYears,
  minimumTrackRecord,
  probabilisticSharpe,
} from "../../../src/domain/overfitting/sharpe_statistics.ts";
import { Random } from "../../../src/simulator/random.ts";

/** Equal in the first 12 digits. */
function assertTwelveDigits(found: number | null, expected: number): void {
  assertAlmostEquals(found!, expected, Math.abs(expected) * 5e-13);
}

/** An annual Sharpe ratio in a record of so many periods a year. */
const perPeriod = (annual: number, year: number) => annual / Math.sqrt(year);

Deno.test("probabilisticSharpe() gives the published value", () => {
  // Bailey & López de Prado 2012: 24 months of a hedge fund index.
  const record = { sharpe: 1.585 / Math.sqrt(12), count: 24, skewness: -2.448, kurtosis: 10.164 };
  assertTwelveDigits(probabilisticSharpe(record, 0), 0.91323430688486018);
  assertEquals(probabilisticSharpe(record, record.sharpe), 0.5);
});

Deno.test("expectedMaximum() gives the published value, and that of a simulation", () => {
  assertTwelveDigits(expectedMaximum(100), 2.5306028932016846);
  const random = new Random(7);
  const [tries, rounds] = [45, 2_000];
  let sum = 0;
  for (let round = 0; round < rounds; round++) {
    let largest = -Infinity;
    for (let n = 0; n < tries; n++) largest = Math.max(largest, random.normal());
    sum += largest;
  }
  // The standard error is 0.48 ÷ √2000 = 0.011; the approximation itself is off by less than 0.02.
  assertAlmostEquals(expectedMaximum(tries)!, sum / rounds, 0.05);
  for (const few of [0, 1, NaN]) assertEquals(expectedMaximum(few), null);
});

Deno.test("deflatedSharpe() gives the published values", () => {
  // Bailey & López de Prado 2014: SR 2.5 a year of 250 days, 1,250 days, variance ½ a year.
  const record = { sharpe: perPeriod(2.5, 250), count: 1_250, skewness: -3, kurtosis: 10 };
  assertTwelveDigits(deflatedSharpe(record, 0.5 / 250, 100), 0.90039683444939034);
  assertEquals(luckySharpe(0.5 / 250, 100)?.toFixed(4), "0.1132");
  // The same with 46 tries, by mpmath with 50 digits; 0.9505 in the paper.
  assertTwelveDigits(deflatedSharpe(record, 0.5 / 250, 46), 0.95050170687557859);
});

Deno.test("deflatedSharpe() of a single try deflates nothing", () => {
  const record = { sharpe: 0.1, count: 100, skewness: 0.2, kurtosis: 4 };
  assertEquals(deflatedSharpe(record, 0, 1), probabilisticSharpe(record, 0));
});

Deno.test("deflatedSharpe() falls with every further try", () => {
  const record = { sharpe: 0.15, count: 500, skewness: -0.5, kurtosis: 6 };
  const odds = [2, 3, 10, 1_000, 1_000_000].map((tries) => deflatedSharpe(record, 0.003, tries)!);
  assert(odds.every((one, at) => at === 0 || one < odds[at - 1]!), String(odds));
});

Deno.test("minimumTrackRecord() gives the published values", () => {
  // Years, by mpmath with 50 digits; the paper prints 2.73, 2.83 and 27.35.
  const years = (year: number, annual: number, against: number, skewness = 0, kurtosis = 3) =>
    minimumTrackRecord(
      { sharpe: perPeriod(annual, year), skewness, kurtosis },
      perPeriod(against, year),
      0.95,
    )! / year;
  assertTwelveDigits(years(250, 2, 1), 2.7311878017282);
  assertTwelveDigits(years(52, 2, 1), 2.8288335869452);
  assertTwelveDigits(years(12, 3, 2.5, -0.72, 5.78), 27.352920196040);
});

Deno.test("minimumTrackRecord() is where probabilisticSharpe() reaches the confidence", () => {
  const record = { sharpe: 0.2, skewness: -1, kurtosis: 7 };
  const count = minimumTrackRecord(record, 0.05, 0.95)!;
  assertAlmostEquals(probabilisticSharpe({ ...record, count }, 0.05)!, 0.95, 1e-12);
  assertEquals(minimumTrackRecord(record, 0.2, 0.95), null);
});

Deno.test("minimumBacktestYears() gives the published value", () => {
  assertTwelveDigits(minimumBacktestYears(1, 45), 4.9980870044434);
  // Half the ratio needs four times as long.
  assertTwelveDigits(minimumBacktestYears(0.5, 45), 4 * 4.9980870044434);
  assertEquals(minimumBacktestYears(0, 45), null);
  assertEquals(minimumBacktestYears(-1, 45), null);
  assertEquals(minimumBacktestYears(1, 1), null);
});

Deno.test("a figure whose record is too short or impossible does not exist", () => {
  assertEquals(probabilisticSharpe({ sharpe: 1, count: 1, skewness: 0, kurtosis: 3 }, 0), null);
  assertEquals(probabilisticSharpe({ sharpe: 2, count: 100, skewness: 2, kurtosis: 1 }, 0), null);
  assertEquals(deflatedSharpe({ sharpe: 2, count: 100, skewness: 2, kurtosis: 1 }, 0.1, 10), null);
  assertEquals(minimumTrackRecord({ sharpe: 2, skewness: 2, kurtosis: 1 }, 0, 0.95), null);
});
