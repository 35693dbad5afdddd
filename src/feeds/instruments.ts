/** Asks the exchange what it asks of orders in a symbol: exchangeInfo over REST. */
import { addressesOf, type ExchangeName, hostOf } from "../domain/exchange_hosts.ts";
import { readExchangeInfo, type ReadInfo } from "../domain/exchange_info.ts";
import type { RestBudget } from "./rest_budget.ts";
import {
  GaveUp,
  REAL_CLOCK,
  RestClient,
  type RestClock,
  type RestQuestion,
  Unbelieved,
} from "./rest_client.ts";

/** Whom to ask about what. */
export interface InstrumentQuestion {
  /** Base address of the exchange's REST side; null: the exchange's market-data host, and then its other one. */
  readonly restEndpoint: string | null;
  /** Default binance. */
  readonly exchange?: ExchangeName;
  /** In upper case as the exchange writes it. */
  readonly symbol: string;
  /** Shared by all that ask the same exchange from this address. */
  readonly budget: RestBudget;
  /** Ends it at once. */
  readonly signal: AbortSignal;
  /** The longest that one host may take, ms. Default 2 s. */
  readonly hostMs?: number;
  /** Default: this machine's. */
  readonly clock?: RestClock;
}

/** What came of it. Hosts are host:port. */
export type InstrumentAnswer =
  | { readonly kind: "told"; readonly info: ReadInfo; readonly host: string }
  /** The exchange has no such symbol. */
  | { readonly kind: "unknown"; readonly reason: string }
  | {
    readonly kind: "silent";
    readonly reason: string;
    /** What the person can do, or null. */
    readonly hint: string | null;
    /** The signal was aborted. */
    readonly isStopped: boolean;
  };

/** A run waits for the answer before it begins. */
const HOST_MS = 2_000;
const WEIGHT = 20;
const INVALID_SYMBOL = -1121;

/**
 * Asks one host after the other, each once, until one answers. Whatever happens is an answer, within 2 s a host; an
 * aborted signal too.
 */
export async function askInstrument(question: InstrumentQuestion): Promise<InstrumentAnswer> {
  const { restEndpoint, exchange = "binance", symbol, budget, signal } = question;
  const { hostMs = HOST_MS, clock = REAL_CLOCK } = question;
  // One try each: there is no wait between tries that jitter would be drawn for.
  const client = new RestClient({ budget, clock, signal, requestMs: hostMs, tries: 1, random: () => 0 });
  const { marketDataRest, rest } = addressesOf(exchange);
  const own = marketDataRest === null ? [rest] : [marketDataRest, rest];
  const refusals: GaveUp[] = [];
  for (const base of restEndpoint === null ? own : [restEndpoint]) {
    try {
      const info = await client.get(exchangeInfo(base, symbol), clock.now() + hostMs);
      return { kind: "told", info, host: hostOf(base) };
    } catch (error) {
      if (!(error instanceof GaveUp)) throw error;
      if (error.code === INVALID_SYMBOL) return { kind: "unknown", reason: error.message };
      refusals.push(error);
      if (error.why === "stopped") break;
    }
  }
  return {
    kind: "silent",
    reason: refusals.map(({ message }) => message).join("; "),
    hint: refusals.find(({ hint }) => hint !== null)?.hint ?? null,
    isStopped: signal.aborted,
  };
}

function exchangeInfo(base: string, symbol: string): RestQuestion<ReadInfo> {
  return {
    base,
    path: `/api/v3/exchangeInfo?symbol=${encodeURIComponent(symbol)}`,
    weight: WEIGHT,
    read(body) {
      const read = readExchangeInfo(body, symbol);
      if (read === null) return new Unbelieved("malformed", `an answer about other symbols than ${symbol}`);
      return "malformed" in read ? new Unbelieved("malformed", read.malformed) : read;
    },
  };
}
