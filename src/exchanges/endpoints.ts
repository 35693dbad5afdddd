/** The addresses that a configuration asks for, and the hosts that a run needs. */
import { addressesOf, exchangeAt, type ExchangeName, hostOf } from "./hosts.ts";

/** The options that addresses depend on. */
export interface Addressing {
  readonly exchange: ExchangeName;
  /** Base addresses that a user chose; null for the exchange's own. */
  readonly endpoint: string | null;
  readonly restEndpoint: string | null;
  readonly backfill: boolean;
}

/** The market of the built-in exchange, on any port. */
export const BUILT_IN_MARKET = "built-in exchange";

/** The market in a backtest's journal: its run has ended and cannot be resumed. */
export const RECORDED_MARKET = "recorded files";

/**
 * The market that a live run trades on: an exchange's name for any of its hosts, the built-in exchange for `demo`, or
 * the address that the user gave.
 */
export function marketOf(command: string, { exchange, endpoint }: Addressing): string {
  if (command === "demo") return BUILT_IN_MARKET;
  return endpoint === null ? exchange : exchangeAt(endpoint) ?? endpoint;
}

/**
 * The market of a run by its options, for journals of versions that did not keep it; null if they do not show it. In
 * such journals, a run of `demo` has an address on this machine, which counts as the built-in exchange if `now` is the
 * built-in exchange.
 */
export function marketIn(options: Readonly<Record<string, unknown>>, now: string): string | null {
  const { exchange, endpoint } = options;
  if (typeof endpoint !== "string") return typeof exchange === "string" ? exchange : null;
  if (!URL.canParse(endpoint)) return null;
  if (now === BUILT_IN_MARKET && new URL(endpoint).hostname === "127.0.0.1") return now;
  return exchangeAt(endpoint) ?? endpoint;
}

/** The base address of the trade stream. */
export function streamOf({ exchange, endpoint }: Addressing): string {
  return endpoint ?? addressesOf(exchange).stream;
}

/** Where missed trades are fetched: null for the exchange's own hosts, undefined if they are not. */
export function restOf(
  { exchange, backfill, endpoint, restEndpoint }: Addressing,
): string | null | undefined {
  if (!backfill) return undefined;
  // Another stream does not have the exchange's trades: only the user knows where to ask for them.
  if (restEndpoint === null && endpoint !== null && exchangeAt(endpoint) !== exchange) return undefined;
  return restEndpoint;
}

/** The base addresses that missed trades are fetched from, in the order in which they are queried. */
export function restAddresses(addressing: Addressing): string[] {
  const given = restOf(addressing);
  if (given === undefined) return [];
  if (given !== null) return [given];
  const { rest, marketDataRest } = addressesOf(addressing.exchange);
  return marketDataRest === null ? [rest] : [rest, marketDataRest];
}

/** `host:port` of everything that a run connects to, the stream first, each once. */
export function hostsNeeded(addressing: Addressing): string[] {
  return [...new Set([streamOf(addressing), ...restAddresses(addressing)].map(hostOf))];
}
