/**
 * The parts of a working order, one trade after the other. Nearly every trade has a part for an order that is large
 * compared with them, and nothing else happens at most of these trades. Where nobody sees each part, those are booked
 * here in one loop: no record, decision and outcome is made for each, and order and account add them up once, at the
 * end. What a part does to position, cash and limits is the same as the gate, the paper exchange and the books do.
 */
import type { Account } from "../domain/account/account.ts";
import { type Block, clockAtRow } from "../domain/market/block.ts";
import { costShare, Money, ZERO } from "../domain/numbers/money.ts";
import type { Order } from "../domain/orders/order.ts";
import type { Drawdown } from "../domain/performance/drawdown.ts";
import type { Performance } from "../domain/performance/performance.ts";
import type { TradingParameters } from "../domain/risk/trading_parameters.ts";
import type { PaperFills } from "./fill.ts";
import { PartQuotes } from "./part_quotes.ts";
import type { PartGate } from "./part_gate.ts";
import type { PartRunner } from "./risk_stage.ts";

const MOST = Number.MAX_SAFE_INTEGER;

/** What measures an account, and whose orders they are. */
export interface PartBooks {
  readonly gate: PartGate;
  readonly fills: PaperFills;
  readonly account: Account;
  readonly drawdown: Drawdown;
  readonly measured: Performance | null;
}

/** Books runs of parts for the orders of one symbol. */
export class PartRuns implements PartRunner {
  readonly #books: PartBooks;
  #quotes: PartQuotes | null = null;

  constructor(books: PartBooks) {
    this.#books = books;
  }

  /**
   * Books the parts of the working order at the trades of a block from row `from` up to, but not including, row `to`,
   * as long as nothing else is due at them and more of the order is left. Returns the first row left. Throws a
   * BooksError when the books no longer balance.
   */
  over(block: Block, from: number, to: number): number {
    const { gate, fills, account } = this.#books;
    // The trade before the first row is in another block, and so are gaps and resets.
    if (from === 0 || from >= to || block.late || !account.isAlone) return from;
    const order = gate.order;
    if (order === null) return from;
    const quotes = this.#quotesUnder(fills.exchange.parameters);
    quotes.start(order.side, fills.exchange.stakeLeft(order), account, block);
    return this.#run(order, quotes, block, from, to);
  }

  #quotesUnder(parameters: TradingParameters): PartQuotes {
    if (this.#quotes?.parameters !== parameters) this.#quotes = new PartQuotes(parameters);
    return this.#quotes!;
  }

  #run(order: Order, quotes: PartQuotes, block: Block, from: number, to: number): number {
    const { gate, fills, account, drawdown, measured } = this.#books;
    const { side } = order;
    const { decimals, quantityDecimals } = quotes;
    const { time: times, price: prices } = block;
    const [cashBefore, positionBefore, costBefore] = [account.cash, account.position, account.cost];
    const before = { time: 0, price: 0, decimals: block.decimals };
    let [cash, position, cost] = [cashBefore, positionBefore, costBefore];
    // Sums over all parts, in the units of the quotes.
    let [count, quantity, notional, fee] = [0, 0, 0, 0];
    let noted = from;
    let row = from;
    let last = from;
    for (; row < to; row++) {
      if (!quotes.quote(block, row) || notional + quotes.notional + fee + quotes.fee > MOST) break;
      if (!gate.pass(block, row, order)) break;
      if (quotes.quantity === 0) continue;
      quotes.take();
      last = row;
      count++;
      quantity += quotes.quantity;
      notional += quotes.notional;
      fee += quotes.fee;
      const part = new Money(BigInt(quotes.quantity), quantityDecimals);
      if (side === "buy") {
        const spent = new Money(BigInt(notional + fee), decimals);
        cash = cashBefore.minus(spent);
        cost = costBefore.plus(spent);
        position = position.plus(part);
      } else {
        cash = cashBefore.plus(new Money(BigInt(notional - fee), decimals));
        cost = cost.minus(costShare(cost, part, position));
        position = position.minus(part);
      }
      drawdown.rebook(cash, position, prices[row]!, times[row]!);
      gate.booked(side, quotes.priceAsMoney, part, cash, position);
      if (measured === null) continue;
      before.time = times[noted - 1]!;
      before.price = prices[noted - 1]!;
      measured.notePart(block, noted, row + 1, before, { cash, position, cost });
      noted = row + 1;
    }
    const traded = new Money(BigInt(quantity), quantityDecimals);
    const total = new Money(BigInt(notional), decimals);
    if (count > 0) order.take(traded, total);
    // As the exchange does at each trade, even without volume.
    if (row > from) fills.exchange.reserveRest(order, cash, position);
    if (count === 0) return row;
    const profit = account.bookParts({
      side,
      quantity: traded,
      notional: total,
      fee: new Money(BigInt(fee), decimals),
      cost: side === "buy" ? ZERO : costBefore.minus(cost),
      tradeId: block.id[last]!,
    });
    if (profit !== null) measured?.addProfit(block.symbol, profit);
    gate.accounted(side, clockAtRow(block, last));
    fills.count(count);
    return row;
  }
}
