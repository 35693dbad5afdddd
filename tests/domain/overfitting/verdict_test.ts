import { assert, assertEquals, assertThrows } from "@std/assert";
import { HOUR } from "../../../src/domain/numbers/time.ts";
import { Money } from "../../../src/domain/numbers/money.ts";
import { blockDivision, writeBlockSums } from "../../../src/domain/overfitting/block_sums.ts";
import { type Luck, luckOf } from "../../../src/domain/overfitting/luck.ts";
import { returnMoments } from "../../../src/domain/overfitting/return_moments.ts";
import { deflatedSharpe, luckySharpe } from "../../../src/domain/overfitting/sharpe_statistics.ts";
import { shownLuck } from "../../../src/domain/overfitting/shown_luck.ts";
import { walkForwardEfficiency } from "../../../src/domain/overfitting/walk_forward_efficiency.ts";
import { verdictOf } from "../../../src/domain/overfitting/verdict.ts";
import { Random } from "../../../src/simulator/random.ts";

/** The luck of a sweep whose configurations have these hourly returns; the best has the highest Sharpe ratio. */
function luckIn(configurations: readonly Float64Array[], tried = configurations.length): Luck {
  const moments = configurations.map(returnMoments);
  const ratios = moments.map(({ sharpe }) => sharpe ?? -Infinity);
  const highest = Math.max(...ratios);
  const periods = configurations[0]!.length;
  const division = blockDivision(periods, configurations.length)!;
  const sums = new Float64Array(configurations.length * 2 * division.blocks);
  configurations.forEach((returns, at) => writeBlockSums(returns, division, sums, at * 2 * division.blocks));
  return luckOf({
    moments,
    best: highest === -Infinity ? null : ratios.indexOf(highest),
    sampling: "1h",
    span: periods * HOUR,
    blocks: { sums, division },
    tried,
  });
}

/** The hourly returns of 40 crossovers, a tenth of the money long or flat, on a random walk of 400 hours. */
function crossoversOnWalk(seed: number): Float64Array[] {
  const random = new Random(seed);
  const [warmUp, hours] = [200, 400];
  const steps = Array.from({ length: warmUp + hours }, () => 0.01 * random.normal());
  const sums = [0];
  let price = 0, total = 0;
  for (const step of steps) {
    price += step;
    total += price;
    sums.push(total);
  }
  const average = (window: number, at: number) => (sums[at + 1]! - sums[at + 1 - window]!) / window;
  return [2, 5, 10, 15].flatMap((short) =>
    [20, 30, 40, 50, 60, 80, 100, 120, 150, 200].map((long) =>
      Float64Array.from({ length: hours }, (_, hour) => {
        const before = warmUp + hour - 1;
        return average(short, before) > average(long, before) ? 0.1 * steps[before + 1]! : 0;
      })
    )
  );
}

Deno.test("verdictOf() calls no crossover good on 95 of 100 random walks", () => {
  const verdicts = Array.from({ length: 100 }, (_, at) => verdictOf(luckIn(crossoversOnWalk(at + 1))));
  const good = verdicts.filter((verdict) => verdict === "good").length;
  assert(good <= 5, `${good} of 100 are good`);
  const explained = verdicts.filter((verdict) => verdict === "luck" || verdict === "loss").length;
  assert(explained >= 90, `${explained} of 100 are luck or loss`);
});

Deno.test("verdictOf() calls a real edge good, and the same edge luck after enough tries", () => {
  let good = 0;
  for (let seed = 1; seed <= 10; seed++) {
    const random = new Random(seed);
    const configurations = Array.from(
      { length: 40 },
      (_, n) => Float64Array.from({ length: 400 }, () => 0.001 * (random.normal() + (n < 2 ? 0.4 : 0))),
    );
    if (verdictOf(luckIn(configurations)) === "good") good++;
    assert(verdictOf(luckIn(configurations, 1e15)) === "luck");
  }
  assert(good >= 9, `${good} of 10 are good`);
});

/** Figures that pass every threshold. */
const GOOD: Luck = {
  configurations: 40,
  tried: 40,
  returns: 400,
  sampling: "1h",
  years: 0.5,
  sharpe: 12,
  expectedMaximumSharpe: 4,
  deflatedSharpe: 0.95,
  minimumBacktestYears: 0.1,
  minimumTrackRecordYears: 0.2,
  overfitting: { probability: 0.05, folds: 12_870 },
};

Deno.test("verdictOf() is as good as the worst figure", () => {
  const overfitting = (probability: number) => ({ probability, folds: 12_870 });
  const cases: readonly (readonly [changed: Partial<Luck>, verdict: string])[] = [
    [{}, "good"],
    [{ deflatedSharpe: 0.9499 }, "doubtful"],
    [{ deflatedSharpe: 0.5 }, "doubtful"],
    [{ deflatedSharpe: 0.4999 }, "luck"],
    [{ overfitting: overfitting(0.0501) }, "doubtful"],
    [{ overfitting: overfitting(0.5) }, "doubtful"],
    [{ overfitting: overfitting(0.5), deflatedSharpe: 0.9 }, "luck"],
    [{ minimumBacktestYears: 0.51 }, "luck"],
    [{ sharpe: 0 }, "loss"],
    [{ sharpe: null, deflatedSharpe: null }, "unknown"],
    [{ deflatedSharpe: null }, "unknown"],
    [{ overfitting: null }, "unknown"],
    [{ configurations: 1, overfitting: null }, "unknown"],
    [{ configurations: 1, tried: 1, overfitting: null, minimumBacktestYears: null }, "good"],
  ];
  for (const [changed, verdict] of cases) assertEquals(verdictOf({ ...GOOD, ...changed }), verdict);
});

Deno.test("verdictOf() catches a configuration that keeps nothing on trades it was not chosen by", () => {
  const kept = (share: string) => verdictOf(GOOD, [new Money("0.8"), new Money(share)]);
  assertEquals(["0.5", "0.49", "0", "-0.3"].map(kept), ["good", "doubtful", "luck", "luck"]);
  assertEquals(verdictOf(GOOD, [null]), "doubtful");
});

Deno.test("verdictOf() is fooled by a strategy that looks into the in-sample future, until other trades are traded", () => {
  let fooled = 0;
  for (let seed = 1; seed <= 10; seed++) {
    const random = new Random(seed);
    const steps = Array.from({ length: 600 }, () => 0.001 * random.normal());
    const chosenBy = 400;
    // One of 40 knows the next step of every second hour in the trades of the choice, and is long by chance elsewhere.
    const configurations = Array.from({ length: 40 }, (_, n) =>
      Float64Array.from(steps, (step, hour) => {
        const isKnown = n === 17 && hour < chosenBy && hour % 2 === 0;
        return (isKnown ? step > 0 : random.uniform() < 0.5) ? step : 0;
      }));
    const luck = luckIn(configurations.map((returns) => returns.slice(0, chosenBy)));
    if (verdictOf(luck) === "good") fooled++;
    const profit = (returns: Float64Array) =>
      new Money(returns.reduce((sum, value) => sum + value, 0).toFixed(12));
    const planted = configurations[17]!;
    const kept = walkForwardEfficiency(
      { profit: profit(planted.slice(0, chosenBy)), span: chosenBy },
      { profit: profit(planted.slice(chosenBy)), span: 600 - chosenBy },
    );
    assert(verdictOf(luck, [kept]) !== "good", `seed ${seed} kept ${kept}`);
  }
  assert(fooled >= 9, `${fooled} of 10 were fooled`);
});

Deno.test("luckOf() annualises, and takes the variance from the configurations that have a ratio", () => {
  const configurations = [
    ...crossoversOnWalk(3).slice(0, 5),
    // Never in the market: tried, but without a ratio.
    new Float64Array(400),
  ];
  const luck = luckIn(configurations, 50);
  const moments = configurations.map(returnMoments);
  const ratios = moments.flatMap(({ sharpe }) => sharpe ?? []);
  const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / 5;
  const variance = ratios.reduce((sum, ratio) => sum + (ratio - mean) ** 2, 0) / 4;
  const best = moments[ratios.indexOf(Math.max(...ratios))]!;
  const record = { ...best, sharpe: best.sharpe!, skewness: best.skewness!, kurtosis: best.kurtosis! };
  assertEquals(luck.sharpe, best.sharpe! * Math.sqrt(8_760));
  assertEquals(luck.expectedMaximumSharpe, luckySharpe(variance, 50)! * Math.sqrt(8_760));
  assertEquals(luck.deflatedSharpe, deflatedSharpe(record, variance, 50));
  assertEquals([luck.configurations, luck.tried, luck.returns], [6, 50, 400]);
  assertEquals(luck.years.toFixed(6), (400 / 8_760).toFixed(6));
});

Deno.test("luckOf() says nothing about trades that have no Sharpe ratio", () => {
  const moments = [returnMoments([0.1, -0.1]), returnMoments([0.2, 0.1])];
  const luck = luckOf({ moments, best: 0, sampling: null, span: HOUR, blocks: null, tried: 2 });
  const { tried, folds, ...figures } = shownLuck(luck);
  assertEquals([tried, folds], [2, 0]);
  assertEquals(new Set(Object.values(figures)), new Set([null]));
  assertEquals(verdictOf(luck), "unknown");
});

Deno.test("luckOf() compares no configurations that cover different times", () => {
  const configurations = crossoversOnWalk(1).slice(0, 3);
  assert(luckIn(configurations).overfitting !== null);
  configurations[1] = configurations[1]!.slice(1);
  assertEquals(luckIn(configurations).overfitting, null);
});

Deno.test("luckOf() refuses sums of another number of configurations", () => {
  const moments = [returnMoments([0.1, -0.1])];
  const blocks = { sums: new Float64Array(64), division: { blocks: 16, rows: 2 } };
  assertThrows(
    () => luckOf({ moments, best: 0, sampling: "1h", span: HOUR, blocks, tried: 1 }),
    RangeError,
    "64 sums are not those of 1 configurations",
  );
});

Deno.test("shownLuck() writes figures as decimal text", () => {
  assertEquals(shownLuck({ ...GOOD, deflatedSharpe: 0.9876543219 }), {
    deflatedSharpe: "0.987654",
    expectedMaximumSharpe: "4",
    minimumBacktestYears: "0.1",
    minimumTrackRecordYears: "0.2",
    probabilityOfOverfitting: "0.05",
    folds: 12_870,
    tried: 40,
  });
});
