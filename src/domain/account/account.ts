/**
 * The paper account: double entry per asset, checked against its own laws after every fill.
 *
 * Every fill is a transaction of postings between the trader's accounts (cash, position, fees paid) and the market;
 * per asset its postings sum to zero. Profit is computed a second way, from what each position cost and brought in.
 * The two must agree to the last digit.
 */
import { costShare, Money, plain, type Side, ZERO } from "../numbers/money.ts";

/** One line of the ledger: adds `amount` to `account`. */
export interface Posting {
  readonly account: "cash" | "position" | "fees" | "market quote" | "market base";
  readonly amount: Money;
  readonly tradeId: number;
}

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

/** What a filled order did, as the account books it. Price and fee in quote currency, quantity in base. */
export interface Booking {
  readonly side: Side;
  readonly price: Money;
  readonly quantity: Money;
  readonly fee: Money;
  readonly tradeId: number;
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

const KEPT_POSTINGS = 10;
/** They have at least KEPT_POSTINGS postings. */
const KEPT_BOOKINGS = 2;

/** Cash in quote currency and a position in one base currency, bought and sold on paper. */
export class Account {
  #start: Money;
  #cash: Money;
  #position: Money = ZERO;
  #fees: Money = ZERO;
  /** The quote currency that the market received less what it paid, over all fills. */
  #marketQuote: Money = ZERO;
  /** The base currency that the market gave less what it took back. */
  #marketBase: Money = ZERO;
  /** What the current position cost, fees included. */
  #cost: Money = ZERO;
  #realized: Money = ZERO;
  /** The cash and the position that a partly filled order still needs. */
  #reservedCash: Money = ZERO;
  #reservedPosition: Money = ZERO;
  readonly #lastBookings: Booking[] = [];

  /** Opens the account with `cash`, in quote currency. */
  constructor(cash: Money) {
    this.#start = this.#cash = cash;
  }

  /** Cash at the start, quote currency. */
  get start(): Money {
    return this.#start;
  }

  get cash(): Money {
    return this.#cash;
  }

  get position(): Money {
    return this.#position;
  }

  /** All fees paid, quote currency. */
  get fees(): Money {
    return this.#fees;
  }

  /** Profit of everything sold, after the fees of both sides, quote currency. */
  get realized(): Money {
    return this.#realized;
  }

  /** What the current position cost, its fees included, quote currency. */
  get cost(): Money {
    return this.#cost;
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
    return this.#cash.minus(this.#reservedCash);
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

  /** Cash plus the position at `price`, quote currency. */
  equity(price: Money): Money {
    return this.#cash.plus(this.#position.times(price));
  }

  /**
   * Books one fill and checks the books. Returns a sale's profit after the fees of both sides, null for a
   * buy. A part of the position costs its share of the whole (average cost). Throws a BooksError if a law
   * breaks.
   */
  book(booking: Booking): Money | null {
    this.#keep(booking);
    const { side, price, quantity, fee } = booking;
    const notional = price.times(quantity);
    this.#fees = this.#fees.plus(fee);
    let realized: Money | null = null;
    if (side === "buy") {
      const spent = notional.plus(fee);
      this.#marketQuote = this.#marketQuote.plus(notional);
      this.#cash = this.#cash.minus(spent);
      this.#marketBase = sum(this.#marketBase, quantity);
      this.#position = sum(this.#position, quantity);
      this.#cost = sum(this.#cost, spent);
    } else {
      const received = notional.minus(fee);
      const cost = this.#costOf(quantity);
      this.#marketQuote = this.#marketQuote.minus(notional);
      this.#cash = this.#cash.plus(received);
      this.#marketBase = difference(this.#marketBase, quantity);
      this.#position = difference(this.#position, quantity);
      realized = received.minus(cost);
      this.#cost = difference(this.#cost, cost);
      this.#realized = this.#realized.plus(realized);
    }
    this.#check();
    return realized;
  }

  /** Whether the account can pay `amount` in quote currency. */
  canPay(amount: Money): boolean {
    return this.#cash.gte(amount);
  }

  snapshot(): AccountSnapshot {
    return {
      start: plain(this.start),
      cash: plain(this.#cash),
      position: plain(this.#position),
      fees: plain(this.#fees),
      marketQuote: plain(this.#marketQuote),
      marketBase: plain(this.#marketBase),
      cost: plain(this.#cost),
      realized: plain(this.#realized),
      reservedCash: plain(this.#reservedCash),
      reservedPosition: plain(this.#reservedPosition),
    };
  }

  /** Restores a snapshot. Throws a BooksError if it breaks a law. */
  restore(snapshot: AccountSnapshot): void {
    this.#start = new Money(snapshot.start);
    this.#cash = new Money(snapshot.cash);
    this.#position = new Money(snapshot.position);
    this.#fees = new Money(snapshot.fees);
    this.#marketQuote = new Money(snapshot.marketQuote);
    this.#marketBase = new Money(snapshot.marketBase);
    this.#cost = new Money(snapshot.cost);
    this.#realized = new Money(snapshot.realized);
    this.#reservedCash = new Money(snapshot.reservedCash);
    this.#reservedPosition = new Money(snapshot.reservedPosition);
    this.#check();
  }

  #costOf(quantity: Money): Money {
    return isSame(quantity, this.#position) ? this.#cost : costShare(this.#cost, quantity, this.#position);
  }

  #keep(booking: Booking): void {
    if (this.#lastBookings.length === KEPT_BOOKINGS) this.#lastBookings.shift();
    this.#lastBookings.push(booking);
  }

  /**
   * The laws of double-entry bookkeeping (Pacioli, "Particularis de computis et scripturis", 1494): per asset all
   * accounts add up to what there was at the start, and profit explains the rest.
   */
  #check(): void {
    if (this.#cash.isNegative()) this.#fail("cash", this.#cash, ZERO);
    if (this.#position.isNegative()) this.#fail("position", this.#position, ZERO);
    if (!this.#reservedCash.isZero() && this.#cash.lt(this.#reservedCash)) {
      this.#fail("free cash", this.freeCash, ZERO);
    }
    if (!this.#reservedPosition.isZero() && this.#position.lt(this.#reservedPosition)) {
      this.#fail("free position", this.freePosition, ZERO);
    }
    this.#law("position", this.#position, this.#marketBase);
    this.#law(
      "quote currency in all accounts",
      this.#cash.plus(this.#fees).plus(this.#marketQuote),
      this.start,
    );
    // Equity minus the start is realized plus unrealized profit; the position's value cancels out.
    this.#law("realized profit", this.#realized, sum(this.#cost, this.#cash).minus(this.start));
  }

  #law(name: string, found: Money, expected: Money): void {
    if (!isSame(found, expected)) this.#fail(name, found, expected);
  }

  #fail(law: string, found: Money, expected: Money): never {
    throw new BooksError(law, found, expected, this.#lastBookings.flatMap(postingsOf));
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

/** What one fill adds to which account: per asset the amounts sum to zero. */
function postingsOf({ side, price, quantity, fee, tradeId }: Booking): Posting[] {
  const notional = price.times(quantity);
  const buys = side === "buy";
  return [
    { account: "market quote", amount: buys ? notional : notional.neg(), tradeId },
    { account: "cash", amount: buys ? notional.plus(fee).neg() : notional.minus(fee), tradeId },
    { account: "fees", amount: fee, tradeId },
    { account: "market base", amount: buys ? quantity.neg() : quantity, tradeId },
    { account: "position", amount: buys ? quantity : quantity.neg(), tradeId },
  ];
}
