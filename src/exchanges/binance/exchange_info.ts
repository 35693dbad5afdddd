/** Reads an exchange's rules for orders in one symbol from Binance's exchangeInfo, which is input from outside. */
import type { Rule } from "../../domain/market/instrument_rules.ts";
import { isAssetName } from "../../domain/market/symbol.ts";
import { isRecord, shownJson } from "../../domain/market/json_value.ts";
import { DECIMAL, Money, plain } from "../../domain/numbers/money.ts";
import type { MalformedInfo, ReadInfo } from "../exchange.ts";
import { RejectedAnswer, type RestQuestion } from "../rest_question.ts";

/** As in BTCUSD_PERP and BTCUSD_250328; BTCUSDT_250328 belongs to another market, which counts coins. */
const CONTRACT = /USD_(PERP|\d{6})$/;

/**
 * Whether a symbol is spelled like those of Binance's COIN-M market, where quantities are contracts of a fixed number
 * of dollars and not coins.
 */
export function isContractSymbol(symbol: string): boolean {
  return CONTRACT.test(symbol);
}

/** The weight that Binance counts for an answer. */
const WEIGHT = 20;
/** The finest step that Binance writes amounts in; used for a step that is switched off. */
const FINEST = "0.00000001";
const SHOWN_CHARACTERS = 60;

const largest = (amounts: readonly Money[]): Money => Money.max(...amounts);
const smallest = (amounts: readonly Money[]): Money => Money.min(...amounts);

/**
 * Reads the JSON of an exchangeInfo answer, of one symbol or of all. Null if `symbol` (in upper case) is not
 * in it. The rules are those of market orders, which are what Penstock places:
 *
 * - `lot`: the least common multiple of the stepSizes of LOT_SIZE and MARKET_LOT_SIZE; a step of 0 is no
 *   step.
 * - `minQuantity`, `maxQuantity`: the stricter of the two filters' limits; 0 is no limit.
 * - `tick`: PRICE_FILTER's tickSize.
 * - `minNotional`, `maxNotional`: those of NOTIONAL, or of MIN_NOTIONAL, unless applyMinToMarket, applyMaxToMarket
 *   or applyToMarket says that they are not for market orders. On the USD-M market MIN_NOTIONAL has its value in
 *   `notional`.
 *
 * A symbol with a `contractSize`, as on the COIN-M market, counts contracts where Penstock counts coins: its answer
 * is malformed.
 *
 * Source: Binance API documentation, "Filters" (spot) and "Exchange Information" (USD-M, COIN-M).
 */
export function readExchangeInfo(body: unknown, symbol: string): ReadInfo | MalformedInfo | null {
  if (!isRecord(body)) return { malformed: `the answer is ${shown(body)}, expected an object` };
  const { symbols } = body;
  if (!Array.isArray(symbols)) return { malformed: `"symbols" is ${shown(symbols)}, expected a list` };
  const found: unknown = symbols.find((entry: unknown) => isRecord(entry) && entry["symbol"] === symbol);
  if (!isRecord(found)) return null;
  const { status, filters = [], contractSize } = found;
  if (contractSize !== undefined) {
    return {
      malformed: `${symbol} is counted in contracts (contractSize ${
        shown(contractSize)
      }), and Penstock trades coins`,
      isContract: true,
    };
  }
  const flaws: string[] = [];
  if (!Array.isArray(filters)) flaws.push(`"filters" is ${shown(filters)}, expected a list`);
  const reader = new FilterReader(Array.isArray(filters) ? filters : [], flaws);
  const rules: Partial<Record<Rule, string>> = {};
  for (const [rule, value] of Object.entries(rulesOf(reader))) {
    const text = value === null ? null : plain(value);
    if (text === null) continue;
    if (DECIMAL.test(text)) rules[rule as Rule] = text;
    else flaws.push(`the steps of LOT_SIZE and MARKET_LOT_SIZE have no common multiple below ${shown(text)}`);
  }
  for (const [least, most] of [["minQuantity", "maxQuantity"], ["minNotional", "maxNotional"]] as const) {
    if (!contradict(rules[least], rules[most])) continue;
    flaws.push(`the minimum is ${rules[least]} and the maximum ${rules[most]} (${least}, ${most})`);
    delete rules[least];
    delete rules[most];
  }
  if (status !== undefined && typeof status !== "string") {
    flaws.push(`"status" is ${shown(status)}, expected a text`);
  }
  const assets: { base?: string; quote?: string } = {};
  for (const [asset, field] of [["base", "baseAsset"], ["quote", "quoteAsset"]] as const) {
    const name = found[field];
    if (isAssetName(name)) assets[asset] = name;
    else if (name !== undefined) flaws.push(`"${field}" is ${shown(name)}, expected the name of an asset`);
  }
  return {
    status: typeof status === "string" ? shown(status).slice(1, -1) : null,
    ...assets,
    rules,
    flaws,
  };
}

/** Asks the REST side at `base` for the rules of `symbol`, in upper case. */
export function exchangeInfoQuestion(base: string, symbol: string): RestQuestion<ReadInfo | MalformedInfo> {
  return {
    base,
    path: `/api/v3/exchangeInfo?symbol=${encodeURIComponent(symbol)}`,
    weight: WEIGHT,
    read(body) {
      const read = readExchangeInfo(body, symbol);
      if (read === null) {
        return new RejectedAnswer("malformed", `an answer about symbols other than ${symbol}`);
      }
      return "malformed" in read && read.isContract !== true
        ? new RejectedAnswer("malformed", read.malformed)
        : read;
    },
  };
}

/** The filters of one symbol. */
class FilterReader {
  readonly #filters: ReadonlyMap<unknown, Readonly<Record<string, unknown>>>;
  readonly #flaws: string[];

  constructor(filters: readonly unknown[], flaws: string[]) {
    const known = new Map<unknown, Readonly<Record<string, unknown>>>();
    for (const filter of filters) {
      if (isRecord(filter)) known.set(filter["filterType"], filter);
      else flaws.push(`a filter is ${shown(filter)}, expected an object`);
    }
    this.#filters = known;
    this.#flaws = flaws;
  }

  /** The amount in a filter; null if it is missing or cannot be used. */
  amount(type: string, field: string): Money | null {
    const value = this.#filters.get(type)?.[field];
    if (value === undefined) return null;
    if (typeof value === "string" && DECIMAL.test(value)) return new Money(value);
    this.#flaws.push(`${field} of ${type} is ${shown(value)}, expected a decimal amount as text`);
    return null;
  }

  /** The same for a limit that a flag may lift for market orders: then it is 0. */
  marketAmount(type: string, field: string, flag: string): Money | null {
    const value = this.amount(type, field);
    const applies = this.#filters.get(type)?.[flag];
    if (applies !== undefined && typeof applies !== "boolean") {
      this.#flaws.push(`${flag} of ${type} is ${shown(applies)}, expected true or false`);
    }
    return value !== null && applies === false ? new Money(0) : value;
  }
}

function rulesOf(reader: FilterReader): Record<Rule, Money | null> {
  const both = (field: string) =>
    [reader.amount("LOT_SIZE", field), reader.amount("MARKET_LOT_SIZE", field)] as const;
  const tick = reader.amount("PRICE_FILTER", "tickSize");
  return {
    lot: stepOf(...both("stepSize")),
    tick: tick?.isZero() ? new Money(FINEST) : tick,
    minQuantity: narrower(largest, ...both("minQty")),
    maxQuantity: narrower(smallest, ...both("maxQty")),
    minNotional: narrower(
      largest,
      reader.marketAmount("NOTIONAL", "minNotional", "applyMinToMarket"),
      reader.marketAmount("MIN_NOTIONAL", "minNotional", "applyToMarket"),
      reader.marketAmount("MIN_NOTIONAL", "notional", "applyToMarket"),
    ),
    maxNotional: reader.marketAmount("NOTIONAL", "maxNotional", "applyMaxToMarket"),
  };
}

/** The least common multiple of two steps; a step of 0 leaves the other one in force. */
function stepOf(lot: Money | null, market: Money | null): Money | null {
  if (market === null || market.isZero()) return lot?.isZero() ? new Money(FINEST) : lot;
  if (lot === null || lot.isZero()) return market;
  // Euclid's algorithm; remainders of decimals are exact.
  let [divisor, rest] = [lot, market];
  while (!rest.isZero()) [divisor, rest] = [rest, divisor.mod(rest)];
  return lot.div(divisor).times(market);
}

/** The strictest of several limits; 0 is no limit. */
function narrower(
  of: (limits: readonly Money[]) => Money,
  ...all: readonly (Money | null)[]
): Money | null {
  const known = all.filter((limit) => limit !== null);
  const limits = known.filter((limit) => !limit.isZero());
  return limits.length > 0 ? of(limits) : known[0] ?? null;
}

function contradict(least: string | undefined, most: string | undefined): boolean {
  if (least === undefined || most === undefined || most === "0") return false;
  return new Money(least).gt(most);
}

function shown(value: unknown): string {
  return shownJson(value, SHOWN_CHARACTERS);
}
