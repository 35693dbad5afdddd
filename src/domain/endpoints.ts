/** Which addresses a configuration asks for, and so which hosts a run needs. */
import { addressesOf, exchangeAt, hostOf } from "./exchange_hosts.ts";
import type { Config } from "./options.ts";

/** The options that addresses depend on. */
export type Addressing = Pick<Config, "exchange" | "endpoint" | "restEndpoint" | "backfill">;

/** The base address of the trade stream. */
export function streamOf({ exchange, endpoint }: Addressing): string {
  return endpoint ?? addressesOf(exchange).stream;
}

/** Where missed trades are fetched: null for the exchange's own hosts, undefined for nowhere. */
export function restOf(
  { exchange, backfill, endpoint, restEndpoint }: Addressing,
): string | null | undefined {
  if (!backfill) return undefined;
  // Another stream has other trades than the exchange: only the person knows where to ask for them.
  if (restEndpoint === null && endpoint !== null && exchangeAt(endpoint) !== exchange) return undefined;
  return restEndpoint;
}

/** The base addresses that missed trades are fetched from, in the order in which they are asked. */
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
