/** One account in several symbols, held to its own exact reference: equity, falls and losses count all positions. */
import { assert, assertGreater, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Account, BooksError } from "../../../src/domain/account/account.ts";
import { Money, plain, type Side } from "../../../src/domain/numbers/money.ts";
import { priceAsMoney } from "../../../src/domain/numbers/price.ts";
import { Drawdown } from "../../../src/domain/performance/drawdown.ts";
import { MAX_PERIODS } from "../../../src/domain/performance/drawdown_periods.ts";
import { LossLimits } from "../../../src/domain/risk/loss_limits.ts";
import {
  deepestOf,
  type EquityPoint,
  isPeriod,
  longestOf,
  periodsOf,
  type PlainPeriod,
  wrongInDeepest,
} from "../../support/drawdown_reference.ts";
import { Exact } from "../../support/exact.ts";
import { assertEquals } from "../../support/equals.ts";

const START = "10000", LIMIT = "0.15";
const NOTHING = new Exact(0n);
const m = (text: string) => new Money(text);

/** A trade of one of the symbols, and the fill at it. */
interface Move {
  readonly symbol: number;
  readonly price: number;
  readonly finer: number;
  /** Thousandths of the cash to spend, or of the position to sell; 0 for no fill. */
  readonly share: number;
  readonly sells: boolean;
  readonly later: number;
}

const move: fc.Arbitrary<Move> = fc.record({
  symbol: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.constant(1) }, {
    weight: 1,
    arbitrary: fc.constant(2),
  }),
  price: fc.oneof(fc.integer({ min: 95, max: 105 }), fc.integer({ min: 1, max: 200 })),
  finer: fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, {
    weight: 1,
    arbitrary: fc.integer({ max: 2, min: 1 }),
  }),
  share: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: 1000 }),
  }),
  sells: fc.boolean(),
  later: fc.integer({ min: 0, max: 3 }),
});

/** What the reference knows of a symbol. */
interface Holding {
  readonly account: Account;
  decimals: number;
  price: Exact;
  position: Exact;
}

/** The account under test with its drawdown and limits, and the reference, side by side. */
class TwoBooks {
  readonly drawdown = new Drawdown(m(START));
  readonly limits = new LossLimits(m(START), { maxDrawdown: m(LIMIT), maxDailyLoss: null });
  readonly points: EquityPoint[] = [];
  readonly holdings: Holding[];
  cash = Exact.of(START);
  time = 1_000;
  fills = 0;
  #peak = Exact.of(START);
  #current = 0;

  constructor(symbols: number) {
    const first = new Account(m(START));
    this.holdings = Array.from({ length: symbols }, (_, at) => ({
      ...{ account: at === 0 ? first : first.beside(), decimals: 0, price: NOTHING, position: NOTHING },
    }));
  }

  get equity(): Exact {
    return this.holdings.reduce((sum, { price, position }) => sum.plus(price.times(position)), this.cash);
  }

  take({ symbol, price: level, finer, share, sells, later }: Move): void {
    const holding = this.holdings[symbol]!;
    const { account } = holding;
    if (symbol !== this.#current) {
      const books = { cash: account.unmoved, position: account.position, ...account.lastPrice };
      this.drawdown.turnTo(books, this.time);
      this.limits.turnTo(books);
      this.#current = symbol;
    }
    this.time += later;
    holding.decimals = Math.min(8, holding.decimals + finer);
    const { decimals } = holding;
    const units = level * 10 ** decimals + (finer > 0 ? 7 : 0);
    holding.price = new Exact(BigInt(units), decimals);
    account.mark(units, decimals);
    this.drawdown.mark(units, decimals, this.time);
    const isReached = this.limits.mark(units, decimals, this.time);
    this.#measure();
    if (this.equity.compare(this.#peak) > 0) this.#peak = this.equity;
    const fall = this.#peak.minus(this.equity);
    const isOver = fall.compare(this.#peak.times(Exact.of(LIMIT))) >= 0;
    const loss = this.limits.lossAt(units);
    assertEquals(loss !== null, isOver, "a limit is reached if all positions together fall that far");
    assert(!isOver || isReached);
    if (loss !== null) assertEquals(loss.value.eq(m(fall.toString()).div(m(this.#peak.toString()))), true);
    this.#trade(holding, share, sells);
  }

  #trade(holding: Holding, share: number, sells: boolean): void {
    const { account, price } = holding;
    const part = new Exact(BigInt(share), 3);
    const money = sells ? holding.position.times(part) : this.cash.times(part);
    const step = new Exact(1n, 8);
    const lots = sells
      ? money.wholeTimes(step)
      : money.wholeTimes(price.times(step).times(Exact.of("1.001")));
    if (share === 0 || lots === 0n) return;
    const quantity = new Exact(lots, 8);
    const notional = price.times(quantity);
    const fee = notional.times(Exact.of("0.001")).up(8);
    if (!sells && notional.plus(fee).compare(this.cash) > 0) return;
    if (sells && fee.compare(notional.plus(this.cash)) > 0) return;
    const side: Side = sells ? "sell" : "buy";
    const [p, q, f] = [price, quantity, fee].map((amount) => m(amount.toString()));
    account.book({ side, price: p!, quantity: q!, fee: f!, tradeId: 1 });
    this.cash = sells ? this.cash.plus(notional).minus(fee) : this.cash.minus(notional).minus(fee);
    holding.position = sells ? holding.position.minus(quantity) : holding.position.plus(quantity);
    const { price: units } = account.lastPrice;
    this.drawdown.rebook(account.unmoved, account.position, units, this.time);
    this.limits.rebook(account.unmoved, account.position);
    this.fills++;
    this.#measure();
  }

  #measure(): void {
    this.points.push({ time: this.time, equity: this.equity });
  }
}

Deno.test("Account, Drawdown and LossLimits count all positions at their last prices, as an exact reference does", () => {
  let fills = 0, halts = 0;
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 3 }),
      fc.array(move, { minLength: 1, maxLength: 40 }),
      (symbols, moves) => {
        const books = new TwoBooks(symbols);
        for (const one of moves) {
          books.take({ ...one, symbol: one.symbol % symbols });
          for (const { account, position, price } of books.holdings) {
            assertEquals(plain(account.cash), books.cash.toString());
            assertEquals(plain(account.position), position.toString());
            const { price: units, decimals } = account.lastPrice;
            assertEquals(plain(account.equity(priceAsMoney(units, decimals))), books.equity.toString());
            assertEquals(plain(account.unmoved), books.equity.minus(price.times(position)).toString());
          }
        }
        const periods = periodsOf(Exact.of(START), books.points);
        const shown = books.drawdown.deepestPeriods().map((period): PlainPeriod => ({
          ...period,
          ...{ peak: plain(period.peak), amount: plain(period.amount) },
        }));
        assertEquals(wrongInDeepest(shown, periods, MAX_PERIODS), null);
        assertEquals(books.drawdown.longestUnderWater(books.time), longestOf(periods, books.time));
        const deepest = deepestOf(periods);
        const worst = books.drawdown.worstFall();
        assertEquals(worst === null, deepest === null);
        if (worst !== null) {
          const { peak, amount } = worst;
          const text = { peak: plain(peak), amount: plain(amount) };
          assert(
            periods.some((period) => isPeriod({ ...worst, ...text, recovered: period.recovered }, period)),
          );
          assertEquals(
            amount.times(m(deepest!.peak.toString())).eq(peak.times(m(deepest!.amount.toString()))),
            true,
          );
        }
        fills += books.fills;
        halts += deepest !== null && deepest.amount.compare(deepest.peak.times(Exact.of(LIMIT))) >= 0 ? 1 : 0;
      },
    ),
    { numRuns: 300 },
  );
  assertGreater(fills, 300);
  assertGreater(halts, 30);
});

Deno.test("Account in several symbols is the same after a snapshot of each", () => {
  const one = new Account(m("1000"));
  const two = one.beside();
  one.book({ side: "buy", price: m("10"), quantity: m("20"), fee: m("0.2"), tradeId: 1 });
  two.book({ side: "buy", price: m("3"), quantity: m("100"), fee: m("0.3"), tradeId: 2 });
  two.book({ side: "sell", price: m("4"), quantity: m("25"), fee: m("0.1"), tradeId: 3 });
  two.mark(350, 2);
  const again = new Account(m("1"));
  const other = again.beside();
  other.hold(JSON.parse(JSON.stringify(two.holding())));
  again.restore(JSON.parse(JSON.stringify(one.snapshot())));
  other.mark(350, 2);
  for (const [found, expected] of [[again, one], [other, two]] as const) {
    assertEquals(found.snapshot(), expected.snapshot());
    assertEquals(found.holding(), expected.holding());
  }
  assertEquals(plain(again.unmoved), plain(m("1000").minus("500.5").plus("99.9").plus("262.5")));
  assertEquals([plain(one.profit), plain(two.profit), plain(one.realized)], ["0", "24.825", "24.825"]);
  assertEquals(plain(one.totalCost), plain(m("200.2").plus("225.225")));
});

Deno.test("Account.spendable is the cash that no order in another symbol has reserved", () => {
  const one = new Account(m("1000"));
  const two = one.beside();
  one.reserve(m("600"), m("0"));
  assertEquals([plain(one.spendable), plain(two.spendable)], ["1000", "400"]);
  assertEquals([one.canPay(m("1000")), two.canPay(m("400")), two.canPay(m("400.01"))], [true, true, false]);
  const spend = () => two.book({ side: "buy", price: m("401"), quantity: m("1"), fee: m("0"), tradeId: 9 });
  const { message } = assertThrows(spend, BooksError);
  assertStringIncludes(message, "free cash is -1, expected 0");
});

Deno.test("Account.book() checks the base currency of each symbol separately", () => {
  const one = new Account(m("1000"));
  const two = one.beside();
  one.book({ side: "buy", price: m("10"), quantity: m("5"), fee: m("0"), tradeId: 1 });
  const sell = () => two.book({ side: "sell", price: m("10"), quantity: m("5"), fee: m("0"), tradeId: 2 });
  assertStringIncludes(assertThrows(sell, BooksError).message, "position is -5, expected 0");
});
