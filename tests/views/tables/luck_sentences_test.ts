import { assert, assertEquals } from "@std/assert";
import { Money } from "../../../src/domain/numbers/money.ts";
import type { Luck } from "../../../src/domain/overfitting/luck.ts";
import { luckSentences, spanText } from "../../../src/views/tables/luck_sentences.ts";

const LUCK: Luck = {
  configurations: 240,
  tried: 240,
  returns: 720,
  sampling: "1h",
  years: 30 / 365,
  sharpe: 1.8,
  expectedMaximumSharpe: 2.1,
  deflatedSharpe: 0.34,
  minimumBacktestYears: 2.49,
  minimumTrackRecordYears: 0.9,
  overfitting: { probability: 0.4712, folds: 12_870 },
};

function sentences(changed: Partial<Luck> = {}): string[] {
  return luckSentences({ ...LUCK, ...changed }, { verdict: "luck" });
}

Deno.test("luckSentences() gives each figure in a sentence, and the verdict last", () => {
  assertEquals(sentences(), [
    "Of 240 configurations, the best has a Sharpe ratio of 1.80; with that many, luck alone is expected to give 2.10.",
    "The probability that its true Sharpe ratio is above what luck alone gives is 34 % (deflated Sharpe ratio).",
    "With that many tries, luck alone is expected to reach 1.80 within 2.4 years of trades; these cover 30 days.",
    "In 47 % of 12,870 ways to split the time in half, the best configuration of one half was below the median in the " +
    "other (probability of overfitting).",
    "The best configuration looks like luck.",
  ]);
});

Deno.test("luckSentences() counts what was tried before", () => {
  assertEquals(
    sentences({ tried: 1_240 })[0],
    "The best of 240 configurations has a Sharpe ratio of 1.80; with the 1,240 ever tried on these trades, luck alone " +
      "is expected to give 2.10.",
  );
  assertEquals(
    sentences({ tried: 12, configurations: 1, overfitting: null, expectedMaximumSharpe: null })[0],
    "This configuration has a Sharpe ratio of 1.80; what luck alone would give is known only if at least two " +
      "configurations have one.",
  );
});

Deno.test("luckSentences() of the only try compares with zero", () => {
  const only = { configurations: 1, tried: 1, overfitting: null } as const;
  assertEquals(sentences({ ...only, expectedMaximumSharpe: null, minimumBacktestYears: null }).slice(0, 4), [
    "The only configuration ever tried on these trades has a Sharpe ratio of 1.80.",
    "The probability that its true Sharpe ratio is above zero is 34 % (probabilistic Sharpe ratio).",
    "A Sharpe ratio of 1.80 is above zero with 95 % confidence after 329 days of trades; these cover 30 days.",
    "A single configuration has no probability of overfitting.",
  ]);
});

Deno.test("luckSentences() says that there is too little data, and why", () => {
  const none = {
    sharpe: null,
    expectedMaximumSharpe: null,
    deflatedSharpe: null,
    minimumBacktestYears: null,
  };
  assertEquals(
    luckSentences({ ...LUCK, ...none, sampling: null, returns: 29, years: 1 / 365 / 3 }, {
      verdict: "unknown",
    }),
    [
      "A Sharpe ratio needs a day of trades and 30 returns. These trades cover 8 hours with 29 returns, so nothing can " +
      "be said about luck.",
      "There are too few trades to say whether the best configuration is more than luck.",
    ],
  );
  assert(
    luckSentences({ ...LUCK, ...none, sampling: null, years: 12 / 525_600 }, { verdict: "unknown" })[0]!
      .includes("12 minutes"),
  );
  assertEquals(
    luckSentences({ ...LUCK, ...none }, { verdict: "unknown" })[0],
    "The equity of the best configuration never moved, so it has no Sharpe ratio and nothing can be said about luck.",
  );
  assertEquals(
    sentences({ overfitting: null })[3],
    "Configurations that all did the same, or that cover different times, have no probability of overfitting.",
  );
});

Deno.test("luckSentences() never shows a probability as certain that is not", () => {
  const shown = (deflatedSharpe: number) =>
    /gives is ([^(]+) \(/.exec(sentences({ deflatedSharpe })[1]!)?.[1];
  assertEquals([0, 1e-9, 0.004, 0.01, 0.5, 0.991, 0.9995, 1].map(shown), [
    ...["0 %", "less than 0.1 %", "0.4 %", "1 %", "50 %", "99.1 %", "more than 99.9 %", "100 %"],
  ]);
});

Deno.test("luckSentences() says what was kept out of sample", () => {
  const kept = luckSentences(LUCK, { verdict: "luck", keptInTest: new Money("-0.124"), keptInWindows: null });
  assertEquals(kept.slice(4, 6), [
    "Over the same length of time, the best configuration lost 12 % of its profit in sample on the held-out trades.",
    "The choices of the walk-forward made no profit in sample that it could be compared with.",
  ]);
  const other = luckSentences(LUCK, { verdict: "luck", keptInTest: null, keptInWindows: new Money("1.026") });
  assertEquals(other.slice(4, 6), [
    "The best configuration made no profit in sample that the held-out trades could be compared with.",
    "Over the same length of time, the walk-forward earned 103 % as much as its choices had earned in sample.",
  ]);
  const shown = (keptInTest: string) =>
    / (earned|lost) (\d+) %/.exec(
      luckSentences(LUCK, { verdict: "luck", keptInTest: new Money(keptInTest) })[4]!,
    )!
      .slice(1);
  assertEquals(["0.64", "0", "-0.004", "-0.006"].map(shown), [
    ...[["earned", "64"], ["earned", "0"], ["earned", "0"], ["lost", "1"]],
  ]);
});

Deno.test("luckSentences() ends every sentence, whatever is missing", () => {
  const fields = [
    "sharpe",
    "expectedMaximumSharpe",
    "deflatedSharpe",
    "minimumBacktestYears",
    "overfitting",
  ] as const;
  for (let missing = 0; missing < 2 ** fields.length; missing++) {
    const changed = Object.fromEntries(
      fields.filter((_, at) => missing >> at & 1).map((name) => [name, null]),
    );
    for (const sentence of sentences(changed)) {
      assert(/^[A-Z].*\.$/.test(sentence) && !/null|NaN|undefined/.test(sentence), sentence);
    }
  }
});

Deno.test("spanText() has years from two on, days from three on, hours from three on, and minutes", () => {
  const texts = [1 / 24, 2.9 / 24, 3.01 / 24, 2.9, 3.01, 729, 730.1, 1_500].map((days) =>
    spanText(days / 365)
  );
  assertEquals(texts, [
    ...["60 minutes", "174 minutes", "3 hours", "70 hours", "3 days", "729 days", "2.0 years", "4.1 years"],
  ]);
});
