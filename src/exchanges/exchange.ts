/** The seam between Penstock and an exchange: everything that is specific to one exchange. */
import type { ExchangeInfo } from "../domain/market/instrument_rules.ts";
import type { BackfilledTrade } from "../domain/market/backfilled_trades.ts";
import type { FrameDecoder } from "./frame_decoder.ts";
import type { ExchangeAddresses } from "./hosts.ts";
import type { Questions, RejectedAnswer, RestQuestion } from "./rest_question.ts";

/** An exchange. It answers questions about itself and makes no connection. */
export interface Exchange {
  readonly addresses: ExchangeAddresses;
  /** How often the exchange lets each address connect. */
  readonly connectionLimit: ConnectionLimit;
  /** What its REST side allows each address in a minute, in its own weights. */
  readonly weightPerMinute: number;

  /** The address of one symbol's trade stream, below the base address `endpoint`. */
  streamUrl(endpoint: string, symbol: string): string;
  /** The messages to send once the stream is open, in this order; empty if the address says it all. */
  subscriptions(symbol: string): readonly string[];
  /** A decoder for the frames of one symbol's stream. */
  decoder(symbol: string): FrameDecoder;

  /** What a refusal by `address` with this HTTP status means. */
  refusal(status: number, address: string): Refusal;
  /** What the JSON of a refusal says; undefined if it is not JSON. */
  explanation(body: unknown): Explanation;
  /** What the REST side has counted in the current minute, by the headers of an answer; null if they do not say. */
  usedWeight(headers: Headers): number | null;
  /** The path at which the REST side gives its time. */
  readonly timePath: string;
  /** That time in an answer's JSON, ms since 1970; null if there is none. */
  timeIn(body: unknown): number | null;

  /** Where a symbol's missed trades are fetched, best first; `restEndpoint` is the user's own address, or null. */
  missedTrades(restEndpoint: string | null): readonly MissedTradesRoute[];

  /** The base addresses to ask for the rules of an instrument, best first. */
  readonly instrumentBases: readonly string[];
  /** Asks for those rules. A symbol counted in contracts gives a MalformedInfo: asking again would not help. */
  instrumentQuestion(base: string, symbol: string): RestQuestion<ReadInfo | MalformedInfo>;
  /** Reads the rules from a saved answer, of one symbol or of all; null if `symbol` is not in it. */
  readInstrument(body: unknown, symbol: string): ReadInfo | MalformedInfo | null;
  /** Whether a symbol is spelled like those whose quantities are contracts, and not coins. */
  countsContracts(symbol: string): boolean;
}

/** At most `attempts` attempts to connect in any `windowMs`. */
export interface ConnectionLimit {
  readonly attempts: number;
  readonly windowMs: number;
}

/** What an HTTP status means. */
export interface Refusal {
  /** What the user can do, or null. */
  readonly hint: string | null;
  /** How long to stay away if the answer does not say, ms; null if there is no need to. */
  readonly stayAwayMs: number | null;
  /** Whether the host would refuse every other request too. */
  readonly isWholeHost: boolean;
}

/** What an exchange says about a refusal. */
export interface Explanation {
  /** Its own code and words; null if it does not give both. */
  readonly error: { readonly code: string; readonly message: string } | null;
  /** Whether it has no such symbol. */
  readonly isUnknownSymbol: boolean;
}

/** One place that has missed trades. */
export interface MissedTradesRoute {
  readonly base: string;
  /** Pages of the trades of `symbol`, from the first one asked for. */
  open(symbol: string): BackfillPages;
}

/** A source of pages of trades, one after the other. */
export interface BackfillPages {
  /** The endpoint's name. */
  readonly source: string;
  /**
   * Asks for the trades from id `next` on: at least up to `target` if the exchange has them; with null as
   * many as fit on a page. RejectedAnswer if what the exchange has does not follow the known trades.
   */
  page(next: number, target: number | null): Questions<BackfillPage | RejectedAnswer>;
}

/** Trades that follow the known ones. */
export interface BackfillPage {
  /** Oldest first, from the id asked for on; the exchange itself has none between them. May be empty. */
  readonly rows: readonly BackfilledTrade[];
  /** Whether the exchange had nothing newer. */
  readonly isEnd: boolean;
  /** The newest id that the exchange has shown, or null. */
  readonly newestId: number | null;
}

/**
 * An instrument's rules as read; `flaws` says which of them cannot be used, in one clause each with the value found.
 */
export interface ReadInfo extends ExchangeInfo {
  readonly flaws: readonly string[];
}

/** An answer that cannot be used, as a clause with the value found. */
export interface MalformedInfo {
  readonly malformed: string;
  /** The symbol is counted in contracts, so asking again will not help. */
  readonly isContract?: true;
}
