/** Binance's paths and limits, and what its refusals mean; Binance.US speaks the same protocol. */
import type { Exchange, Explanation, MissedTradesRoute, Refusal } from "../exchange.ts";
import { addressesOf, exchangeAt, type ExchangeName } from "../hosts.ts";
import { AggregatePages } from "./aggregate_pages.ts";
import { BinanceMessageReader } from "./binance_message.ts";
import { exchangeInfoQuestion, isContractSymbol, readExchangeInfo } from "./exchange_info.ts";
import { TradePages } from "./trade_pages.ts";

/** Connection attempts that Binance allows per address: 300 in 5 minutes. */
export const BINANCE_BUDGET = { attempts: 300, windowMs: 300_000 } as const;
/** The weight of REST requests that Binance allows per address and minute. */
export const WEIGHT_PER_MINUTE = 6_000;
/** The header that says how much of that weight is used. */
export const USED_WEIGHT = "X-MBX-USED-WEIGHT-1M";

/** The shortest wait if Binance does not say how long; its bans start at two minutes. */
const RATE_LIMITED_MS = 10_000;
const BANNED_MS = 120_000;
const INVALID_SYMBOL = -1121;

/** Binance, or another exchange that speaks its protocol, by name. */
export function binance(name: ExchangeName): Exchange {
  const addresses = addressesOf(name);
  const { rest, marketDataRest } = addresses;
  return {
    addresses,
    connectionLimit: BINANCE_BUDGET,
    weightPerMinute: WEIGHT_PER_MINUTE,
    streamUrl: tradeStreamUrl,
    subscriptions: () => [],
    decoder: (symbol) => new BinanceMessageReader(symbol),
    refusal,
    explanation,
    usedWeight,
    timePath: "/api/v3/time",
    timeIn,
    missedTrades(restEndpoint) {
      const base = restEndpoint ?? rest;
      // The market-data host is not known to have historicalTrades.
      const asked = base === marketDataRest ? [AggregatePages] : [TradePages, AggregatePages];
      const routes = asked.map((pages) => routeOf(base, pages));
      if (restEndpoint !== null || marketDataRest === null) return routes;
      return [...routes, routeOf(marketDataRest, AggregatePages)];
    },
    instrumentBases: marketDataRest === null ? [rest] : [marketDataRest, rest],
    instrumentQuestion: exchangeInfoQuestion,
    readInstrument: readExchangeInfo,
    countsContracts: isContractSymbol,
  };
}

/** The address of one symbol's raw trade stream, below `endpoint`. Binance requires the symbol in lower case. */
export function tradeStreamUrl(endpoint: string, symbol: string): string {
  return `${endpoint}/ws/${encodeURIComponent(symbol.toLowerCase())}@trade`;
}

/** What a refusal by `address` with this HTTP status means to the user; null if there is nothing to add. */
export function refusalHint(status: number, address: string): string | null {
  switch (status) {
    case 451: {
      const { marketDataStream } = addressesOf(exchangeAt(address) ?? "binance");
      const other = marketDataStream === null
        ? ""
        : ` Its market-data host may: --endpoint ${marketDataStream}`;
      return `The exchange does not serve your region at this address.${other}`;
    }
    case 403:
      return "A firewall of the exchange refused the request.";
    case 418:
      return "The exchange has banned this address for a while.";
    case 429:
      return "Too many connections from this address.";
    default:
      return null;
  }
}

function refusal(status: number, address: string): Refusal {
  const stayAwayMs = status === 418 ? BANNED_MS : status === 429 ? RATE_LIMITED_MS : null;
  return {
    hint: refusalHint(status, address),
    stayAwayMs,
    isWholeHost: stayAwayMs !== null || status === 451,
  };
}

/** Code and message of a refusal, such as `{"code":-1121,"msg":"Invalid symbol."}`. */
function explanation(body: unknown): Explanation {
  if (typeof body !== "object" || body === null || !("code" in body)) {
    return { error: null, isUnknownSymbol: false };
  }
  const { code } = body;
  return {
    error: "msg" in body ? { code: String(code), message: String(body.msg) } : null,
    isUnknownSymbol: code === INVALID_SYMBOL,
  };
}

function usedWeight(headers: Headers): number | null {
  const used = headers.get(USED_WEIGHT);
  return used !== null && /^\d{1,9}$/.test(used) ? Number(used) : null;
}

function timeIn(body: unknown): number | null {
  if (typeof body !== "object" || body === null || !("serverTime" in body)) return null;
  const { serverTime } = body;
  return typeof serverTime === "number" && Number.isSafeInteger(serverTime) ? serverTime : null;
}

function routeOf(base: string, pages: typeof TradePages | typeof AggregatePages): MissedTradesRoute {
  return { base, open: (symbol) => new pages(base, encodeURIComponent(symbol)) };
}
