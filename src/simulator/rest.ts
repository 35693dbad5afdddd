import { USED_WEIGHT, WEIGHT_PER_MINUTE } from "../exchanges/binance/binance.ts";
import type { ExchangeAggregate, ExchangeTrade } from "./trade.ts";
import type { History } from "./history.ts";

/** The source of the REST side's answers. */
export interface RestSource {
  readonly symbol: string;
  readonly trades: History<ExchangeTrade>;
  readonly aggregates: History<ExchangeAggregate>;
}

/** An answer to a request, without its framing. */
export interface RestAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

const DEFAULT_LIMIT = 500;
const LARGEST_LIMIT = 1000;

interface Route {
  readonly weight: number;
  readonly parameters: readonly string[];
  answer(source: RestSource, parameters: URLSearchParams, now: number): unknown;
}

const ROUTES: Readonly<Record<string, Route>> = {
  "/api/v3/ping": { weight: 1, parameters: [], answer: () => ({}) },
  "/api/v3/time": { weight: 1, parameters: [], answer: (_source, _parameters, now) => ({ serverTime: now }) },
  "/api/v3/exchangeInfo": { weight: 20, parameters: ["symbol"], answer: exchangeInfo },
  "/api/v3/aggTrades": { weight: 4, parameters: ["symbol", "fromId", "limit"], answer: aggregateTrades },
  "/api/v3/historicalTrades": {
    weight: 25,
    parameters: ["symbol", "fromId", "limit"],
    answer: historicalTrades,
  },
};

/** The REST side: public market data of one symbol, with the weights of the exchange whose protocol it speaks. */
export class Rest {
  readonly #source: RestSource;
  #minute = 0;
  #used = 0;

  constructor(source: RestSource) {
    this.#source = source;
  }

  /** Answers a request; `now` is in ms since 1970. */
  answer(url: URL, now: number): RestAnswer {
    const route = Object.hasOwn(ROUTES, url.pathname) ? ROUTES[url.pathname] : undefined;
    if (route === undefined) {
      return { status: 404, body: "<html><body><h2>404 Not found</h2></body></html>", headers: {} };
    }
    const minute = Math.floor(now / 60_000);
    if (minute !== this.#minute) this.#used = 0;
    this.#minute = minute;
    this.#used += route.weight;
    const used = String(this.#used);
    const headers = { [USED_WEIGHT.replace(/-1M$/, "")]: used, [USED_WEIGHT]: used };
    if (this.#used > WEIGHT_PER_MINUTE) {
      const wait = Math.ceil(((minute + 1) * 60_000 - now) / 1000);
      const body = errorBody(
        -1003,
        `Too much request weight used; current limit is ${WEIGHT_PER_MINUTE} request weight per 1 MINUTE. ` +
          "Please use WebSocket Streams for live updates to avoid polling the API.",
      );
      return { status: 429, body, headers: { ...headers, "Retry-After": String(wait) } };
    }
    try {
      refuseUnknown(url.searchParams, route.parameters);
      return {
        status: 200,
        body: JSON.stringify(route.answer(this.#source, url.searchParams, now)),
        headers,
      };
    } catch (error) {
      if (!(error instanceof InvalidParameter)) throw error;
      return { status: 400, body: errorBody(error.code, error.message), headers };
    }
  }
}

class InvalidParameter extends Error {
  override readonly name = "InvalidParameter";
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

function errorBody(code: number, msg: string): string {
  return JSON.stringify({ code, msg });
}

function refuseUnknown(parameters: URLSearchParams, known: readonly string[]): void {
  const names = [...parameters.keys()];
  const read = names.filter((name) => known.includes(name)).length;
  if (read === names.length) return;
  throw new InvalidParameter(
    -1104,
    `Not all sent parameters were read; read '${read}' parameter(s) but was sent '${names.length}'.`,
  );
}

function requireSymbol(source: RestSource, parameters: URLSearchParams): void {
  const symbol = parameters.get("symbol");
  if (symbol === null || symbol === "") {
    throw new InvalidParameter(
      -1102,
      "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.",
    );
  }
  if (symbol !== source.symbol) throw new InvalidParameter(-1121, "Invalid symbol.");
}

function integer(parameters: URLSearchParams, name: string): number | null {
  const text = parameters.get(name);
  if (text === null) return null;
  if (!/^[0-9]{1,15}$/.test(text)) {
    throw new InvalidParameter(
      -1100,
      `Illegal characters found in parameter '${name}'; legal range is '^[0-9]{1,20}$'.`,
    );
  }
  return Number(text);
}

/** The kept items from `fromId` on, or the newest ones, oldest first. */
function page<T extends { readonly id: number }>(history: History<T>, parameters: URLSearchParams): T[] {
  const limit = Math.min(LARGEST_LIMIT, integer(parameters, "limit") ?? DEFAULT_LIMIT);
  if (limit === 0) throw new InvalidParameter(-1130, "Data sent for parameter 'limit' is not valid.");
  const fromId = integer(parameters, "fromId");
  const position = fromId === null ? history.end - limit : history.search((item) => item.id >= fromId);
  return history.slice(position, limit);
}

function aggregateTrades(source: RestSource, parameters: URLSearchParams): unknown {
  requireSymbol(source, parameters);
  return page(source.aggregates, parameters).map((aggregate) => ({
    a: aggregate.id,
    p: aggregate.price,
    q: aggregate.quantity,
    f: aggregate.firstId,
    l: aggregate.lastId,
    T: Math.floor(aggregate.time),
    m: aggregate.buyerIsMaker,
    M: true,
  }));
}

function historicalTrades(source: RestSource, parameters: URLSearchParams): unknown {
  requireSymbol(source, parameters);
  return page(source.trades, parameters).map((trade) => ({
    id: trade.id,
    price: trade.price,
    qty: trade.quantity,
    quoteQty: quoteQuantity(trade),
    time: Math.floor(trade.time),
    isBuyerMaker: trade.buyerIsMaker,
    isBestMatch: true,
  }));
}

/** Price × quantity, cut off after eight decimals. */
function quoteQuantity({ price, quantity }: ExchangeTrade): string {
  const decimals = (text: string) => text.split(".")[1]?.length ?? 0;
  const scale = decimals(price) + decimals(quantity);
  const product = BigInt(price.replace(".", "")) * BigInt(quantity.replace(".", "")) * 10n ** 8n;
  const digits = String(product / 10n ** BigInt(scale)).padStart(9, "0");
  return `${digits.slice(0, -8)}.${digits.slice(-8)}`;
}

function exchangeInfo(source: RestSource, parameters: URLSearchParams, now: number): unknown {
  requireSymbol(source, parameters);
  const { symbol } = source;
  // A contract's name has its expiry after an underscore.
  const [pair = symbol] = symbol.split("_");
  const quote = ["USDT", "USDC", "FDUSD", "USD", "EUR", "BTC"].find((asset) => pair.endsWith(asset)) ??
    "USDT";
  return {
    timezone: "UTC",
    serverTime: now,
    rateLimits: [
      { rateLimitType: "REQUEST_WEIGHT", interval: "MINUTE", intervalNum: 1, limit: WEIGHT_PER_MINUTE },
      { rateLimitType: "RAW_REQUESTS", interval: "MINUTE", intervalNum: 5, limit: 61_000 },
    ],
    exchangeFilters: [],
    symbols: [{
      symbol,
      status: "TRADING",
      baseAsset: pair.endsWith(quote) ? pair.slice(0, -quote.length) : pair,
      baseAssetPrecision: 8,
      quoteAsset: quote,
      quotePrecision: 8,
      quoteAssetPrecision: 8,
      orderTypes: ["LIMIT", "LIMIT_MAKER", "MARKET"],
      isSpotTradingAllowed: true,
      isMarginTradingAllowed: false,
      filters: [
        {
          filterType: "PRICE_FILTER",
          minPrice: "0.01000000",
          maxPrice: "1000000.00000000",
          tickSize: "0.01000000",
        },
        { filterType: "LOT_SIZE", minQty: "0.00001000", maxQty: "9000.00000000", stepSize: "0.00001000" },
        {
          filterType: "MARKET_LOT_SIZE",
          minQty: "0.00000000",
          maxQty: "100.00000000",
          stepSize: "0.00000000",
        },
        {
          filterType: "NOTIONAL",
          minNotional: "5.00000000",
          applyMinToMarket: true,
          maxNotional: "9000000.00000000",
          applyMaxToMarket: false,
          avgPriceMins: 5,
        },
      ],
      permissions: [],
    }],
  };
}
