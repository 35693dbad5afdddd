/** A trade that is read field by field from text, in the spelling of any venue. */
import type { TimeUnit } from "../domain/market/own_columns.ts";
import type { TradeFields } from "../domain/market/trade_reader.ts";
import { amountExpected, PRICE_EXPECTED, priceIn, QUANTITY_EXPECTED, quantityIn } from "./amount_text.ts";
import { outOfOrder, type RowNumbers, SORT_ADVICE } from "./row_numbers.ts";
import { timeExpected, timeIn, wholeIn } from "./time_text.ts";

/** What a field of a row holds; fields that are not read have no name here. */
export type TextField = "time" | "price" | "quantity" | "side" | "id" | "symbol" | "exchange";

/**
 * How a side is written: `taker` and `maker` are buy or sell, of the order that took or of the one that waited; `code`
 * is 0 if the taker bought and 1 if it sold; `sold` is true if the taker sold.
 */
export type SideKind = "taker" | "maker" | "code" | "sold";

/** How a layout writes the fields of a trade. */
export interface TextSpelling {
  /** Null if the size of a number shows the unit. */
  readonly timeUnit: TimeUnit | null;
  readonly side: SideKind;
  /** Whether its ids are known to skip, or to start again in each file, so that they show neither gaps nor order. */
  readonly isSkipping: boolean;
}

/** For each word for a side, whether the taker sold. An unknown side counts as a buy, and changes nothing. */
const SIDES: Readonly<Record<SideKind, Readonly<Record<string, boolean>>>> = {
  taker: { buy: false, b: false, sell: true, s: true, unknown: false },
  maker: { buy: true, b: true, sell: false, s: false },
  code: { "0": false, "1": true },
  sold: { false: false, true: true },
};
const SIDE_EXPECTED: Readonly<Record<SideKind, string>> = {
  taker: "buy or sell",
  maker: "buy or sell",
  code: "0 for buy or 1 for sell",
  sold: "true or false",
};
const ID = /^(0|[1-9]\d{0,15})$/;
/** A double holds every whole number with this many digits. */
const EXACT_DIGITS = 15;
const ID_EXPECTED = `a whole number from 0 to ${Number.MAX_SAFE_INTEGER}, as in the rows before`;
/** From these exchanges, Tardis has ids that count the trades of all symbols together. */
const SKIPPING: ReadonlySet<string> = new Set([
  "bitfinex",
  "bitfinex-derivatives",
  "bitstamp",
  "deribit",
  "ftx",
  "ftx-us",
  "gemini",
]);
const OTHER_SYMBOLS = 8;

/**
 * The trade of the row that is being read. `read` its fields, then `finish` it.
 *
 * The first trade of a file decides whether its ids are consecutive: they are if that trade has a number as its id and
 * neither the layout nor the exchange skips ids. Otherwise the trades of the file are numbered.
 */
export class TextTrade implements TradeFields {
  firstId = 0;
  lastId = 0;
  time = 0;
  price = 0;
  decimals = 0;
  quantityWhole = 0;
  quantityFraction = 0;
  buyerIsMaker = false;
  /** The other symbols that rows named, at most 8. */
  readonly otherSymbols: string[] = [];
  #spelling: TextSpelling = { timeUnit: null, side: "taker", isSkipping: false };
  readonly #symbol: string;
  readonly #numbers: RowNumbers;
  #sides: Readonly<Record<string, boolean>> = SIDES.taker;
  /** Whether the ids of this file are consecutive; null before its first trade. */
  #hasIds: boolean | null = null;
  /** The previous row's symbol as written, and whether it is the one asked for. */
  #lastSymbol = "";
  #isLastWanted = true;
  #id = -1;
  #isWanted = true;
  #isSkipping = false;

  /** Reads a file's trades of `symbol`; those without ids are counted in `numbers`. */
  constructor(symbol: string, numbers: RowNumbers) {
    this.#symbol = plainSymbol(symbol);
    this.#numbers = numbers;
  }

  /** Sets how the file writes its trades; call it before the first trade. */
  spell(spelling: TextSpelling): this {
    this.#spelling = spelling;
    this.#sides = SIDES[spelling.side];
    this.#hasIds = spelling.isSkipping ? false : null;
    return this;
  }

  /** Starts the next row. A row without a side counts as a buy. */
  open(): void {
    this.#id = -1;
    this.#isWanted = true;
    this.buyerIsMaker = false;
  }

  /** Reads one field; null, or in words what was expected there. */
  read(field: TextField, text: string): string | null {
    switch (field) {
      case "price": {
        const read = priceIn(text);
        if (read === null) return amountExpected(text, PRICE_EXPECTED);
        this.price = read.price;
        this.decimals = read.decimals;
        return null;
      }
      case "quantity": {
        const read = quantityIn(text);
        if (read === null) return amountExpected(text, QUANTITY_EXPECTED);
        this.quantityWhole = read.whole;
        this.quantityFraction = read.fraction;
        return null;
      }
      case "time": {
        const { timeUnit } = this.#spelling;
        const read = timeIn(text, timeUnit);
        if (read === null) return timeExpected(timeUnit);
        this.time = read;
        return null;
      }
      case "side": {
        const read = this.#sides[text] ?? this.#sides[text.toLowerCase()];
        if (typeof read !== "boolean") return SIDE_EXPECTED[this.#spelling.side];
        this.buyerIsMaker = read;
        return null;
      }
      case "id":
        this.#id = idIn(text);
        return this.#hasIds === true && this.#id < 0 ? ID_EXPECTED : null;
      case "symbol":
        this.#isWanted = this.#isSymbol(text);
        return null;
      case "exchange":
        if (this.#hasIds === null) this.#isSkipping = SKIPPING.has(text);
        return null;
    }
  }

  /** Whether the row is a trade of the symbol, as far as it has been read. */
  get isWanted(): boolean {
    return this.#isWanted;
  }

  /** Gives the trade of the file called `name` its id. Null, or in words what is wrong with its place in the file. */
  finish(name: string): string | null {
    this.#hasIds ??= this.#id >= 0 && !this.#isSkipping;
    if (this.#hasIds) {
      this.firstId = this.lastId = this.#id;
      return null;
    }
    const before = this.#numbers.time;
    const number = this.#numbers.take(this.time, name);
    if (number === null) return `${outOfOrder(this.time, before)}. ${SORT_ADVICE}`;
    this.firstId = this.lastId = number;
    return null;
  }

  /** The id in the text of an unusable row; -1 if there is none, or if the file's ids are not consecutive. */
  idOf(text: string): number {
    return this.#hasIds === true ? idIn(text) : -1;
  }

  #isSymbol(text: string): boolean {
    if (text === this.#lastSymbol) return this.#isLastWanted;
    const named = plainSymbol(text);
    this.#lastSymbol = text;
    this.#isLastWanted = named === this.#symbol;
    const others = this.otherSymbols;
    if (!this.#isLastWanted && named !== "" && others.length < OTHER_SYMBOLS && !others.includes(named)) {
      others.push(named);
    }
    return this.#isLastWanted;
  }
}

function idIn(text: string): number {
  if (text.length <= EXACT_DIGITS) return text.startsWith("0") && text !== "0" ? -1 : wholeIn(text);
  if (!ID.test(text)) return -1;
  const id = Number(text);
  return Number.isSafeInteger(id) ? id : -1;
}

/**
 * A symbol in the form of `--symbol`, without the separator between its parts: BTC-USD, BTC/USD and btc_usd are all
 * BTCUSD. What follows a colon, as in ccxt's BTC/USDT:USDT, says how a contract is settled.
 */
function plainSymbol(text: string): string {
  const [pair = ""] = text.split(":");
  return pair.replaceAll(/[^\p{L}\p{N}\p{M}]/gu, "").toUpperCase();
}
