/** Parts in plain numbers against the paper exchange, to the last digit and as far as numbers are exact. */
import { assertEquals, assertGreater } from "@std/assert";
import fc from "fast-check";
import { Account } from "../../src/domain/account/account.ts";
import { tickAt, TradeBlock } from "../../src/domain/market/trade_block.ts";
import { Money, plain } from "../../src/domain/numbers/money.ts";
import { Order } from "../../src/domain/orders/order.ts";
import { OrderChecks } from "../../src/domain/risk/checks/order_checks.ts";
import { PaperExchange } from "../../src/stages/paper_exchange.ts";
import { PartQuotes } from "../../src/stages/part_quotes.ts";
import { fuzzCases } from "../support/fuzz_inputs.ts";
import { DEFAULTS, tradingParametersOf } from "../support/pipeline_input.ts";

/** Whole numbers up to `most`: some near it, and small ones as often as large ones. */
const wholeUpTo = (most: number) =>
  fc.oneof(
    fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(9))
      .map(([power, more]) => Math.min(most, Math.floor(most ** power) + more)),
    fc.nat(9).map((less) => most - less),
  );
const decimal = (most: number, decimals: number) =>
  fc.tuple(wholeUpTo(most), fc.nat(decimals)).map(([units, scale]) => plain(new Money(BigInt(units), scale)));
const MOST = Number.MAX_SAFE_INTEGER;

const part = fc.record({
  side: fc.constantFrom("buy" as const, "sell" as const),
  decimals: fc.nat(8),
  price: wholeUpTo(MOST).map((price) => Math.max(1, price)),
  quantityWhole: wholeUpTo(1e15),
  quantityFraction: wholeUpTo(99_999_999),
  lot: fc.oneof(fc.constantFrom("0.00001", "0.003", "1", "0.00000001", "500"), decimal(1_000_000, 12)),
  participation: fc.oneof(fc.constantFrom("0.01", "0.1", "1"), decimal(MOST, 18)),
  fee: fc.oneof(fc.constantFrom("0", "0.001", "0.00075", "0.0123456789123"), decimal(99_999, 8)),
  slippage: fc.constantFrom("0", "0", "0", "12.345", "9999"),
  cash: fc.oneof(fc.constantFrom("10000", "100000000000", "10000000000000000000000"), decimal(MOST, 12)),
  stake: fc.oneof(fc.constantFrom("1000", "10000000000", "100000000000000000000"), decimal(MOST, 12)),
  spent: decimal(1_000_000, 9),
  position: decimal(MOST, 12),
});

Deno.test("PartQuotes.quote() quotes what the paper exchange does and its checks pass, or leaves it to them", () => {
  let quoted = 0;
  let large = 0;
  fc.assert(
    fc.property(part, ({ side, decimals, price, cash, stake, spent, position, ...made }) => {
      const { quantityWhole, quantityFraction } = made;
      fc.pre(made.lot !== "0" && made.participation !== "0");
      const parameters = {
        ...tradingParametersOf({ ...DEFAULTS, ...made, minNotional: "1000000000000000000" }),
        ...{ cash: new Money(cash), stake: new Money(stake) },
      };
      const account = new Account(parameters.cash);
      account.book({
        ...{ side: "buy", price: new Money(0), quantity: new Money(position), fee: new Money(0), tradeId: 1 },
      });
      const order = Order.of({
        ...{ side, signalTradeId: 1, due: 0, isWorking: true, filled: "1", spent, cut: null },
      });
      const exchange = new PaperExchange(parameters, account);
      const block = new TradeBlock("BTCUSDT", null, 1);
      block.open(1, decimals, false);
      block.add({ ...TRADE, quantityWhole, quantityFraction }, price, 0);

      const quotes = new PartQuotes(parameters);
      const left = new Money(stake).minus(spent);
      if (side === "buy" && left.isNegative()) return;
      quotes.start(side, exchange.stakeLeft(order), account, block);
      if (!quotes.quote(block, 0)) return;
      quoted++;
      if (quotes.notional > MOST / 10_000) large++;
      const quote = exchange.quote(order, tickAt(block, 0));
      const amount = (count: number) => plain(new Money(BigInt(count), quotes.decimals));
      assertEquals(
        {
          price: plain(quotes.priceAsMoney),
          quantity: plain(new Money(BigInt(quotes.quantity), quotes.quantityDecimals)),
          notional: amount(quotes.notional),
          fee: amount(quotes.fee),
          isWhole: false,
        },
        {
          price: plain(quote.price),
          quantity: plain(quote.quantity),
          notional: plain(quote.notional),
          fee: plain(quote.fee),
          isWhole: quote.isWhole,
        },
      );
      assertEquals(new OrderChecks(parameters, account).judgeQuote(order, quote), null);
    }),
    { numRuns: fuzzCases(10_000), examples: [[FINE_RATE]] },
  );
  assertGreater(quoted, 200);
  assertGreater(large, 3);
});

const TRADE = {
  ...{ firstId: 1, lastId: 1, time: 1_000_000, price: 0, decimals: 0 },
  ...{ quantityWhole: 0, quantityFraction: 0, buyerIsMaker: false },
};

/** The fee is a hundred-millionth of 2 and very little more, which the double of 3 × the rate no longer has. */
const FINE_RATE = {
  ...{
    side: "sell",
    decimals: 0,
    price: 3,
    quantityWhole: 1,
    quantityFraction: 0,
    lot: "1",
    participation: "1",
  },
  ...{ fee: "0.000000006666666666666667", slippage: "0", cash: "1", stake: "1", spent: "0", position: "9" },
} as const;
