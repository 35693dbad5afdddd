import { assertGreater } from "@std/assert";
import fc from "fast-check";
import type { MarkedBooks } from "../../../src/domain/performance/drawdown_periods.ts";
import { limitsAfterRelease, LossLimits } from "../../../src/domain/risk/loss_limits.ts";
import { fractionText, Money, plain } from "../../../src/domain/numbers/money.ts";
import { Exact } from "../../support/exact.ts";
import { assertEquals } from "../../support/equals.ts";

const m = (amount: string) => new Money(amount);
const HOUR = 3_600_000_000;
const DAY = 24 * HOUR;

/** One trade, and perhaps a fill or a restart at it. */
interface Move {
  readonly level: number;
  readonly finer: number;
  /**
   * The share of the cash to spend, in thousandths; 0 for no fill. A position is sold whole, or half of it if
   * odd.
   */
  readonly share: number;
  readonly later: number;
  readonly restarts: boolean;
  /** Releases every limit that has been reached. */
  readonly releases: boolean;
}

const move: fc.Arbitrary<Move> = fc.record({
  level: fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 9_000, max: 11_000 }) },
    { weight: 3, arbitrary: fc.integer({ min: 9_998, max: 10_002 }) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 100_000 }) },
  ),
  finer: fc.oneof({ weight: 12, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constantFrom(1, 2) }),
  share: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: 1000 }),
  }),
  later: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 0, max: HOUR }) }, {
    weight: 1,
    arbitrary: fc.integer({ min: HOUR, max: 60 * HOUR }),
  }),
  restarts: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  releases: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
});

const run = fc.record({
  cash: fc.constantFrom("10000", "0.12345678", "98765432109.87654321"),
  fee: fc.constantFrom("0", "0.001", "0.05"),
  drawdown: fc.constantFrom("0.2", "0.0001", "0.01", "0.05", "0.12", null),
  daily: fc.constantFrom("0.1", "0.0001", "0.001", "0.03", null),
  moves: fc.array(move, { minLength: 1, maxLength: 30, size: "max" }),
});

/** A loss as text: the limit that is reached, and the value; null for none. */
type Found = string | null;

/** The loss at every trade by the limits, and by a reference that computes equity exactly. */
function* found(made: typeof run extends fc.Arbitrary<infer R> ? R : never): Generator<[Found, Found]> {
  const { cash: start, fee, drawdown, daily, moves } = made;
  const parameters = {
    maxDrawdown: drawdown === null ? null : m(drawdown),
    maxDailyLoss: daily === null ? null : m(daily),
  };
  let limits = new LossLimits(m(start), parameters);
  let cash = Exact.of(start), position = new Exact(0n), price = new Exact(0n);
  let peak = cash, dayStart = cash, day = NaN;
  let spent: "nothing" | "day" | "all" = "nothing";
  let decimals = 0, time = DAY + 5 * HOUR;
  const equity = (): Exact => cash.plus(position.times(price));
  const lossFrom = (name: string, from: Exact, limit: string): Found => {
    const fall = from.minus(equity());
    return fall.compare(Exact.of(limit).times(from)) < 0 ? null : `${name} ${fall.ratio(from, 8)}`;
  };
  for (const { level, finer, share, later, restarts, releases } of moves) {
    time += later;
    decimals = Math.min(8, decimals + finer);
    const units = level * 10 ** decimals + (finer > 0 ? 7 : 0);
    const before = equity();
    price = new Exact(BigInt(units), decimals);
    const today = Math.floor(time / DAY);
    if (Number.isNaN(day) || today > day) {
      day = today;
      dayStart = before;
      if (spent === "day") spent = "nothing";
    }
    if (equity().compare(peak) > 0) peak = equity();
    const expected = spent === "all"
      ? null
      : (drawdown === null ? null : lossFrom("max-drawdown", peak, drawdown)) ??
        (daily === null || spent === "day" ? null : lossFrom("max-daily-loss", dayStart, daily));
    const isNews = limits.mark(units, decimals, time);
    limits.takeNewDay();
    const loss = limits.lossAt(units);
    // `mark` must report it too: `lossAt` alone would not show that the comparison of prices finds it.
    yield [loss === null || !isNews ? null : `${loss.reason} ${fractionText(loss.value)}`, expected];
    if (loss !== null) {
      spent = loss.reason === "max-drawdown" ? "all" : "day";
      limits.spend(spent);
    }
    const books = traded(cash, position, price, Exact.of(fee), share);
    if (books !== null) {
      [cash, position] = books;
      limits.rebook(m(`${cash}`), m(`${position}`));
    }
    if (!restarts && !releases) continue;
    const marked: MarkedBooks = { cash: m(`${cash}`), position: m(`${position}`), price: units, decimals };
    const snapshot = JSON.parse(JSON.stringify(limits.snapshot()));
    limits = new LossLimits(m(start), parameters);
    limits.restore(releases ? limitsAfterRelease(snapshot, marked) : snapshot, marked);
    if (!releases) continue;
    peak = dayStart = equity();
    spent = "nothing";
  }
}

function traded(
  cash: Exact,
  position: Exact,
  price: Exact,
  fee: Exact,
  share: number,
): [Exact, Exact] | null {
  if (share === 0) return null;
  const one = new Exact(1n);
  if (!position.isZero()) {
    const sold = share % 2 === 0 ? position : position.times(new Exact(5n, 1));
    return [cash.plus(sold.times(price).times(one.minus(fee))), position.minus(sold)];
  }
  const lots = cash.times(new Exact(BigInt(share), 3)).wholeTimes(
    price.times(one.plus(fee)).times(new Exact(1n, 8)),
  );
  if (lots === 0n) return null;
  const quantity = new Exact(lots, 8);
  return [cash.minus(quantity.times(price).times(one.plus(fee))), quantity];
}

Deno.test("LossLimits finds the first trade at a limit as an exact reference does, over days, fills and restarts", () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(run, (made) => {
      for (const [loss, expected] of found(made)) {
        assertEquals(loss, expected);
        const kind = expected?.split(" ")[0] ?? "none";
        seen.set(kind, (seen.get(kind) ?? 0) + 1);
      }
    }),
    { numRuns: 5_000 },
  );
  for (const kind of ["max-drawdown", "max-daily-loss", "none"]) assertGreater(seen.get(kind) ?? 0, 1_000);
});

/** Limits over an account that bought 10 at 100 for all of its 1000, without a fee, at noon. */
function invested(maxDrawdown: string | null, maxDailyLoss: string | null = null): LossLimits {
  const limits = new LossLimits(m("1000"), {
    maxDrawdown: maxDrawdown === null ? null : m(maxDrawdown),
    maxDailyLoss: maxDailyLoss === null ? null : m(maxDailyLoss),
  });
  limits.mark(100, 0, 12 * HOUR);
  limits.rebook(m("0"), m("10"));
  return limits;
}

function marks(
  limits: LossLimits,
  ...trades: readonly (readonly [price: number, time: number])[]
): boolean[] {
  return trades.map(([price, time]) => limits.mark(price, 0, time));
}

Deno.test("LossLimits.mark() is true at the price at which the fall equals the limit, and below", () => {
  const limits = invested("0.2");
  assertEquals(marks(limits, [120, 0], [97, 0], [96, 0]), [false, false, true]);
  const loss = limits.lossAt(96)!;
  assertEquals([loss.reason, plain(loss.limit), plain(loss.value)], ["max-drawdown", "0.2", "0.2"]);
  assertEquals(limits.lossAt(97), null);
});

Deno.test("LossLimits.mark() finds at the next trade, at any price, a limit that the cost of a fill reached", () => {
  const limits = new LossLimits(m("1000"), { maxDrawdown: m("0.1"), maxDailyLoss: null });
  limits.mark(100, 0, 0);
  // The fill cost 250 in fees: after it, the fall reaches the limit at 120 and below.
  limits.rebook(m("0"), m("7.5"));
  assertEquals(marks(limits, [121, 0], [120, 0]), [false, true]);
  limits.rebook(m("900"), m("0"));
  assertEquals(marks(limits, [1_000_000, 0]), [true]);
});

Deno.test("LossLimits keeps the peak over a sale, so that the fall continues", () => {
  const limits = invested("0.5");
  marks(limits, [200, 0], [120, 0]);
  limits.rebook(m("1200"), m("0"));
  assertEquals(marks(limits, [1, 0], [1_000_000, 0]), [false, false]);
  limits.rebook(m("0"), m("10"));
  assertEquals(marks(limits, [101, 0], [100, 0]), [false, true]);
});

Deno.test("LossLimits.mark() takes prices in any unit", () => {
  const limits = invested("0.2");
  assertEquals(limits.mark(1201, 1, 0), false);
  assertEquals(limits.mark(9_608_000_001, 8, 0), false);
  assertEquals(limits.mark(9_608_000_000, 8, 0), true);
});

Deno.test("LossLimits measures a day from the equity that the last trade before 00:00 UTC left", () => {
  const limits = invested(null, "0.1");
  // Down by 9 % on the first day; the second counts from 91.
  assertEquals(marks(limits, [91, DAY - 1]), [false]);
  assertEquals(limits.mark(82, 0, DAY), true);
  assertEquals([limits.takeNewDay(), limits.takeNewDay(), limits.lossAt(82)], [true, false, null]);
  // The limit is at 81.9.
  assertEquals(limits.mark(8_191, 2, DAY + 1), false);
  assertEquals(limits.mark(8_190, 2, DAY + 2), true);
  const loss = limits.lossAt(8_190)!;
  assertEquals([loss.reason, plain(loss.limit), plain(loss.value)], ["max-daily-loss", "0.1", "0.1"]);
});

Deno.test("LossLimits.spend() switches the day's loss off until the next day, or everything until a release", () => {
  const limits = invested("0.5", "0.1");
  limits.mark(90, 0, 13 * HOUR);
  limits.spend("day");
  assertEquals(marks(limits, [80, 14 * HOUR], [70, 15 * HOUR]), [false, false]);
  assertEquals(limits.mark(63, 0, DAY), true);
  assertEquals(limits.lossAt(63)?.reason, "max-daily-loss");
  limits.spend("all");
  assertEquals(limits.takeNewDay(), true);
  assertEquals(marks(limits, [1, DAY + 1]), [false]);
});

Deno.test("LossLimits without limits reports nothing", () => {
  assertEquals(marks(invested(null), [100, 0], [1, DAY], [1, 9 * DAY]), [false, false, false]);
});

Deno.test("LossLimits ends a day at its own midnight after a time far ahead that was a mistake", () => {
  const limits = invested(null, "0.1");
  marks(limits, [100, 10 * HOUR], [95, 11 * HOUR], [95, 200 * 365 * DAY]);
  assertEquals(limits.takeNewDay(), true);
  // Back in the first day no day starts, and the loss counts from the equity at the mistake.
  assertEquals(marks(limits, [90, 12 * HOUR]), [false]);
  assertEquals(limits.snapshot().day, { start: "950", end: DAY });
  assertEquals(limits.mark(85, 0, 13 * HOUR), true);
  assertEquals([limits.takeNewDay(), limits.lossAt(85)?.reason], [false, "max-daily-loss"]);
  limits.spend("day");
  assertEquals([limits.mark(80, 0, DAY - 1), limits.mark(80, 0, DAY)], [false, true]);
  assertEquals(limits.takeNewDay(), true);
});

Deno.test("LossLimits.fall() is how far equity is below the peak that the limit sees, until a release starts it again", () => {
  const shown = (limits: LossLimits) => {
    const fall = limits.fall();
    return fall && [fractionText(fall.value), plain(fall.limit)];
  };
  const limits = new LossLimits(m("1000"), { maxDrawdown: m("0.2"), maxDailyLoss: null });
  assertEquals(shown(limits), ["0", "0.2"]);
  limits.mark(100, 0, 0);
  limits.rebook(m("500"), m("5"));
  for (const [price, fall] of [[100, "0"], [120, "0"], [98, "0.1"], [120, "0"], [130, "0"]] as const) {
    limits.mark(price, 0, 1);
    assertEquals(shown(limits), [fall, "0.2"], `at ${price}`);
  }
  limits.mark(107, 0, 2);
  limits.spend("all");
  limits.mark(84, 0, 3);
  assertEquals(shown(limits), ["0.2", "0.2"]);
  const books = { cash: m("500"), position: m("5"), price: 84, decimals: 0 };
  limits.restore(limitsAfterRelease(limits.snapshot(), books), books);
  assertEquals(shown(limits), ["0", "0.2"]);
  assertEquals(new LossLimits(m("1000"), { maxDrawdown: null, maxDailyLoss: m("0.1") }).fall(), null);
});

Deno.test("LossLimits that were restored at their peak write it down in the same price unit as before", () => {
  const parameters = { maxDrawdown: m("0.2"), maxDailyLoss: null };
  const [whole, resumed] = [new LossLimits(m("1000"), parameters), new LossLimits(m("1000"), parameters)];
  whole.mark(23_000, 1, DAY);
  whole.rebook(m("770"), m("0.1"));
  whole.mark(23_386, 1, DAY);
  resumed.restore(whole.snapshot(), { cash: m("770"), position: m("0.1"), price: 23_386, decimals: 1 });
  for (const limits of [whole, resumed]) {
    limits.mark(233_376, 2, DAY);
    assertEquals(limits.fall()!.value.toFixed(9), "0.000482139");
  }
  assertEquals(resumed.snapshot(), whole.snapshot());
});
