/**
 * Consecutive parts of a working order, booked in one loop. An order that is large compared with the trades has a part
 * at nearly every trade, and at most of these trades nothing else happens. Where nobody sees each part, none gets a
 * tick, a decision and an outcome, and order and account take the sum of all parts at the end. Limits, drawdown and
 * results still follow each part. All of it ends as if each part had gone through gate, paper exchange and books.
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

/** The stages of one symbol that the parts pass by, and what else has to know of them. */
export interface PartStages {
  readonly gate: PartGate;
  readonly fills: PaperFills;
  readonly account: Account;
  readonly drawdown: Drawdown;
  readonly measured: Performance | null;
}

/** Books runs of parts for the orders of one symbol. */
export class PartRuns implements PartRunner {
  readonly #stages: PartStages;
  #quotes: PartQuotes | null = null;

  constructor(stages: PartStages) {
    this.#stages = stages;
  }

  /**
   * Books the parts of the working order at the trades of a block from row `from` up to, but not including, row `to`,
   * as long as nothing else is due at them and more of the order is left after them. Returns the first row left. Throws
   * a BooksError when the books no longer balance.
   */
  over(block: Block, from: number, to: number): number {
    const { gate, fills, account } = this.#stages;
    // At the first row there may be a gap or a reset, and the trade before it is in another block.
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
    const { gate, fills, account, drawdown, measured } = this.#stages;
    const { side } = order;
    const { decimals, quantityDecimals } = quotes;
    const { time: times, price: prices } = block;
    const [cashBefore, positionBefore, costBefore] = [account.cash, account.position, account.cost];
    let [cash, position, cost] = [cashBefore, positionBefore, costBefore];
    // Sums over all parts, in the units of the quotes. Sales can add up to more than 2^53; purchases cannot, because
    // the cash is not counted beyond that.
    let [count, quantity, notional, fee] = [0, 0, 0, 0];
    // `measured` has noted the rows before `noted`; `before` is the last of them.
    let noted = from;
    const before = { time: 0, price: 0, decimals: block.decimals };
    // The row of the last part.
    let last = from;
    let row = from;
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
    // Nothing changes at trades without volume, not even what is reserved.
    if (count === 0) return row;
    const traded = new Money(BigInt(quantity), quantityDecimals);
    const total = new Money(BigInt(notional), decimals);
    order.take(traded, total);
    fills.exchange.reserveRest(order, cash, position);
    const profit = account.bookParts({
      side,
      quantity: traded,
      notional: total,
      fee: new Money(BigInt(fee), decimals),
      cost: side === "buy" ? ZERO : costBefore.minus(cost),
      tradeId: block.id[last]!,
    });
    if (profit !== null) measured?.addProfit(block.symbol, profit);
    gate.runBooked(side, clockAtRow(block, last));
    fills.count(count);
    return row;
  }
}
