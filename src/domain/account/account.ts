/**
 * The paper account: double entry per asset, checked against its own laws after every fill.
 *
 * Every fill is a transaction of postings between the trader's accounts (cash, position, fees paid) and the market;
 * per asset its postings sum to zero. Profit is computed a second way, from what each position cost and brought in.
 * The two must agree to the last digit.
 *
 * An account trades one symbol or several, all for the same quote currency: there is one cash, and a position in each.
 */
import { type Booking, type PartsBooking, type Posting, postingsOf } from "./booking.ts";
import { costShare, Money, plain, type Side, ZERO } from "../numbers/money.ts";
import { priceAsMoney } from "../numbers/price.ts";

/** The books do not balance: a defect, never a market event. The run must stop. */
export class BooksError extends Error {
  override readonly name = "BooksError";
  readonly exit = "failure";

  /** The message says which law is broken, with both figures and the ledger's last postings. */
  constructor(law: string, found: Money, expected: Money, postings: readonly Posting[]) {
    const lines = postings.slice(-KEPT_POSTINGS).map(({ account, amount, tradeId }) =>
      `  trade ${tradeId}: ${account} ${plain(amount)}`
    );
    super(
      `The books do not balance: ${law} is ${plain(found)}, expected ${plain(expected)}. ` +
        `This is a defect in Penstock; please report it with the last postings:\n${lines.join("\n")}`,
    );
  }
}

/** The state of the account, as plain values: amounts as decimal text. */
export interface AccountSnapshot {
  readonly start: string;
  readonly cash: string;
  readonly position: string;
  readonly fees: string;
  readonly marketQuote: string;
  readonly marketBase: string;
  readonly cost: string;
  readonly realized: string;
  readonly reservedCash: string;
  readonly reservedPosition: string;
}

/** What the account holds of one symbol and has done in it, as plain values: amounts as decimal text. */
export interface HoldingSnapshot
  extends Pick<AccountSnapshot, "position" | "marketBase" | "cost" | "reservedCash" | "reservedPosition"> {
  /** The profit of everything sold of it. */
  readonly profit: string;
}

const KEPT_POSTINGS = 10;
/** These bookings have at least KEPT_POSTINGS postings. */
const KEPT_BOOKINGS = 2;

/** What the symbols of an account share. */
class Funds {
  start: Money;
  cash: Money;
  fees: Money = ZERO;
  /** The quote currency that the market received less what it paid, over all fills. */
  marketQuote: Money = ZERO;
  realized: Money = ZERO;
  readonly lastBookings: (Booking | PartsBooking)[] = [];
  /** The account as the orders of each symbol see it. */
  readonly parts: Account[] = [];

  constructor(cash: Money) {
    this.start = this.cash = cash;
  }

  /** Keeps the last bookings, for an error. */
  keep(booking: Booking | PartsBooking): void {
    if (this.lastBookings.length === KEPT_BOOKINGS) this.lastBookings.shift();
    this.lastBookings.push(booking);
  }
}

/**
 * Cash in quote currency and a position in one base currency, bought and sold on paper: the account as the orders of
 * one symbol see it. `beside` opens it for another symbol.
 */
export class Account {
  readonly #funds: Funds;
  #position: Money = ZERO;
  /** The base currency that the market gave less what it took back. */
  #marketBase: Money = ZERO;
  /** What the current position cost, fees included. */
  #cost: Money = ZERO;
  /** Profit of everything sold of this symbol; kept only if there are other symbols. */
  #profit: Money = ZERO;
  /** The cash and the position that a partly filled order still needs. */
  #reservedCash: Money = ZERO;
  #reservedPosition: Money = ZERO;
  /** The last trade's integer price and its unit. */
  #price = 0;
  #decimals = 0;

  /** Opens the account with `cash`, in quote currency. */
  constructor(cash: Money);
  /** Opens one for another symbol with the same funds. */
  constructor(funds: Funds);
  constructor(from: Money | Funds) {
    this.#funds = from instanceof Funds ? from : new Funds(from);
    this.#funds.parts.push(this);
  }

  /** The same account for the orders of another symbol, in which it has no position yet. */
  beside(): Account {
    return new Account(this.#funds);
  }

  /** Cash at the start, quote currency. */
  get start(): Money {
    return this.#funds.start;
  }

  get cash(): Money {
    return this.#funds.cash;
  }

  get position(): Money {
    return this.#position;
  }

  /** All fees paid, quote currency. */
  get fees(): Money {
    return this.#funds.fees;
  }

  /** Profit of everything sold of any symbol, after the fees of both sides, quote currency. */
  get realized(): Money {
    return this.#funds.realized;
  }

  /** Profit of everything sold of this symbol, after the fees of both sides, quote currency. */
  get profit(): Money {
    return this.isAlone ? this.#funds.realized : this.#profit;
  }

  /** What the current position cost, its fees included, quote currency. */
  get cost(): Money {
    return this.#cost;
  }

  /** What the positions in all symbols cost, their fees included, quote currency. */
  get totalCost(): Money {
    return this.isAlone ? this.#cost : this.#total((part) => part.#cost);
  }

  /** Whether the account trades one symbol only. */
  get isAlone(): boolean {
    return this.#funds.parts.length === 1;
  }

  /** Cash that no order in another symbol has reserved, quote currency. */
  get spendable(): Money {
    if (this.isAlone) return this.#funds.cash;
    return this.#funds.cash.minus(this.#total((part) => part.#reservedCash)).plus(this.#reservedCash);
  }

  /**
   * The part of the equity that does not move with this symbol's price, quote currency: cash, and the positions in
   * other symbols at their last prices.
   */
  get unmoved(): Money {
    if (this.isAlone) return this.#funds.cash;
    const others = this.#total((part) => part === this ? ZERO : part.#value);
    return this.#funds.cash.plus(others);
  }

  /** The last price that `mark` took: an integer count of 10^-decimals quote currency. */
  get lastPrice(): { readonly price: number; readonly decimals: number } {
    return { price: this.#price, decimals: this.#decimals };
  }

  /** Notes the price of this symbol's last trade, at which `unmoved` of the other symbols values the position. */
  mark(price: number, decimals: number): void {
    this.#price = price;
    this.#decimals = decimals;
  }

  /**
   * The cost without its fees, which were charged at `rate`. Exact to 8 decimals at best, as fees are rounded
   * up to 8.
   */
  costWithoutFees(rate: Money): Money {
    return costShare(this.#cost, new Money(1), rate.plus(1));
  }

  /** Cash that is not reserved for an order, quote currency. */
  get freeCash(): Money {
    return this.#funds.cash.minus(this.#totalReserved);
  }

  /** The part of the position that is not reserved for an order, base currency. */
  get freePosition(): Money {
    return this.#position.minus(this.#reservedPosition);
  }

  /**
   * Reserves what the working order will still need after its next fill: cash (quote currency) for a purchase,
   * position (base currency) for a sale. The next booking checks that the account still holds them.
   */
  reserve(cash: Money, position: Money): void {
    this.#reservedCash = cash;
    this.#reservedPosition = position;
  }

  /** Cash plus the position at `price` and all others at their last prices, quote currency. */
  equity(price: Money): Money {
    return this.unmoved.plus(this.#position.times(price));
  }

  /**
   * Books one fill and checks the books. Returns a sale's profit after the fees of both sides, null for a
   * buy. A part of the position costs its share of the whole (average cost). Throws a BooksError if a law
   * is broken.
   */
  book(booking: Booking): Money | null {
    this.#funds.keep(booking);
    const { side, price, quantity, fee } = booking;
    const cost = side === "buy" ? ZERO : this.#costOf(quantity);
    return this.#post(side, quantity, price.times(quantity), fee, cost);
  }

  /** Books consecutive parts of one order at once, like `book` for each of them, but checks the books only once. */
  bookParts(booking: PartsBooking): Money | null {
    this.#funds.keep(booking);
    const { side, quantity, notional, fee, cost } = booking;
    return this.#post(side, quantity, notional, fee, cost);
  }

  #post(side: Side, quantity: Money, notional: Money, fee: Money, cost: Money): Money | null {
    const funds = this.#funds;
    funds.fees = funds.fees.plus(fee);
    let realized: Money | null = null;
    if (side === "buy") {
      const spent = notional.plus(fee);
      funds.marketQuote = funds.marketQuote.plus(notional);
      funds.cash = funds.cash.minus(spent);
      this.#marketBase = sum(this.#marketBase, quantity);
      this.#position = sum(this.#position, quantity);
      this.#cost = sum(this.#cost, spent);
    } else {
      const received = notional.minus(fee);
      funds.marketQuote = funds.marketQuote.minus(notional);
      funds.cash = funds.cash.plus(received);
      this.#marketBase = difference(this.#marketBase, quantity);
      this.#position = difference(this.#position, quantity);
      realized = received.minus(cost);
      this.#cost = difference(this.#cost, cost);
      funds.realized = funds.realized.plus(realized);
      if (!this.isAlone) this.#profit = this.#profit.plus(realized);
    }
    this.#check();
    return realized;
  }

  /** Whether an order in this symbol can pay `amount` in quote currency. */
  canPay(amount: Money): boolean {
    return this.spendable.gte(amount);
  }

  /** The state that all symbols share, and that of this symbol. */
  snapshot(): AccountSnapshot {
    const { profit: _, position, marketBase, cost, reservedCash, reservedPosition } = this.holding();
    const { start, cash, fees, marketQuote, realized } = this.#funds;
    return {
      start: plain(start),
      cash: plain(cash),
      position,
      fees: plain(fees),
      marketQuote: plain(marketQuote),
      marketBase,
      cost,
      realized: plain(realized),
      reservedCash,
      reservedPosition,
    };
  }

  /** The state of this symbol. */
  holding(): HoldingSnapshot {
    return {
      position: plain(this.#position),
      marketBase: plain(this.#marketBase),
      cost: plain(this.#cost),
      profit: plain(this.profit),
      reservedCash: plain(this.#reservedCash),
      reservedPosition: plain(this.#reservedPosition),
    };
  }

  /**
   * Restores a snapshot. The holdings in other symbols have to be restored first, by `hold`. Throws a BooksError if it
   * breaks a law.
   */
  restore(snapshot: AccountSnapshot): void {
    const funds = this.#funds;
    funds.start = new Money(snapshot.start);
    funds.cash = new Money(snapshot.cash);
    funds.fees = new Money(snapshot.fees);
    funds.marketQuote = new Money(snapshot.marketQuote);
    funds.realized = new Money(snapshot.realized);
    this.#profit = ZERO;
    const others = this.isAlone ? ZERO : this.#total((part) => part.#profit);
    this.hold({ ...snapshot, profit: plain(funds.realized.minus(others)) });
    for (const part of funds.parts) part.#check();
  }

  /** Restores the holding in this symbol without checking it: `restore` does that. */
  hold({ position, marketBase, cost, profit, reservedCash, reservedPosition }: HoldingSnapshot): void {
    this.#position = new Money(position);
    this.#marketBase = new Money(marketBase);
    this.#cost = new Money(cost);
    this.#profit = new Money(profit);
    this.#reservedCash = new Money(reservedCash);
    this.#reservedPosition = new Money(reservedPosition);
  }

  /** The cash reserved for orders in all symbols. */
  get #totalReserved(): Money {
    return this.isAlone ? this.#reservedCash : this.#total((part) => part.#reservedCash);
  }

  get #value(): Money {
    return this.#position.isZero() ? ZERO : this.#position.times(priceAsMoney(this.#price, this.#decimals));
  }

  #total(of: (part: Account) => Money): Money {
    return this.#funds.parts.reduce((total, part) => sum(total, of(part)), ZERO);
  }

  #costOf(quantity: Money): Money {
    return isSame(quantity, this.#position) ? this.#cost : costShare(this.#cost, quantity, this.#position);
  }

  /**
   * The laws of double-entry bookkeeping (Pacioli, "Particularis de computis et scripturis", 1494): per asset all
   * accounts add up to what there was at the start, and profit explains the rest.
   */
  #check(): void {
    const { start, cash, fees, marketQuote, realized } = this.#funds;
    if (cash.isNegative()) this.#fail("cash", cash, ZERO);
    if (this.#position.isNegative()) this.#fail("position", this.#position, ZERO);
    const reserved = this.#totalReserved;
    if (!reserved.isZero() && cash.lt(reserved)) this.#fail("free cash", this.freeCash, ZERO);
    if (!this.#reservedPosition.isZero() && this.#position.lt(this.#reservedPosition)) {
      this.#fail("free position", this.freePosition, ZERO);
    }
    this.#law("position", this.#position, this.#marketBase);
    this.#law("quote currency in all accounts", cash.plus(fees).plus(marketQuote), start);
    // Equity minus the start is realized plus unrealized profit; the positions' value cancels out.
    this.#law("realized profit", realized, sum(this.totalCost, cash).minus(start));
  }

  #law(name: string, found: Money, expected: Money): void {
    if (!isSame(found, expected)) this.#fail(name, found, expected);
  }

  #fail(law: string, found: Money, expected: Money): never {
    throw new BooksError(law, found, expected, this.#funds.lastBookings.flatMap(postingsOf));
  }
}

/** `a + b`, at no cost if `a` is zero: most positions are bought in one fill. */
function sum(a: Money, b: Money): Money {
  return a.isZero() ? b : a.plus(b);
}

/** `a − b`, at little cost if nothing is left: most positions are sold in one fill. */
function difference(a: Money, b: Money): Money {
  return isSame(a, b) ? ZERO : a.minus(b);
}

/** Whether `a` equals `b`; they are usually the same object. */
function isSame(a: Money, b: Money): boolean {
  return a === b || a.eq(b);
}
