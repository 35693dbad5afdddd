/**
 * The exchanges and their public hosts, listed only here. The adapters connect to these addresses, the compile
 * script grants exactly these, and a test checks deno.json and docs/live.md against them.
 */

/** The addresses of one exchange. */
export interface ExchangeAddresses {
  /** The trade stream. */
  readonly stream: string;
  /** Another host of the stream, for regions that the first refuses; null if there is none. */
  readonly marketDataStream: string | null;
  /** Where missed trades are fetched. */
  readonly rest: string;
  /** Another host for that, which has aggregates only; null if there is none. */
  readonly marketDataRest: string | null;
}

/** Every exchange, by the name that `--exchange` takes. */
export const EXCHANGES = {
  binance: {
    stream: "wss://stream.binance.com:9443",
    marketDataStream: "wss://data-stream.binance.vision:443",
    rest: "https://api.binance.com",
    marketDataRest: "https://data-api.binance.vision",
  },
  "binance-us": {
    stream: "wss://stream.binance.us:9443",
    marketDataStream: null,
    rest: "https://api.binance.us",
    marketDataRest: null,
  },
} as const satisfies Record<string, ExchangeAddresses>;

/** An exchange's name. */
export type ExchangeName = keyof typeof EXCHANGES;

/** All names, the default first. */
export const EXCHANGE_NAMES = Object.keys(EXCHANGES) as ExchangeName[];

/** The addresses of `exchange`. */
export function addressesOf(exchange: ExchangeName): ExchangeAddresses {
  return EXCHANGES[exchange];
}

/**
 * `host:port` of an address, with the scheme's own port if none is given: what `--allow-net` takes.
 *
 * @example
 * ```ts
 * import { hostOf } from "./hosts.ts";
 * import { assertEquals } from "@std/assert";
 * assertEquals(hostOf("https://api.binance.com"), "api.binance.com:443");
 * ```
 */
export function hostOf(address: string): string {
  const { hostname, port, protocol } = new URL(address);
  return `${hostname}:${port || (protocol === "wss:" || protocol === "https:" ? "443" : "80")}`;
}

/** Every `host:port` of `exchange`, WebSocket first: exactly what a program locked to it may reach. */
export function hostsOf(exchange: ExchangeName): string[] {
  const { stream, marketDataStream, rest, marketDataRest } = addressesOf(exchange);
  return [stream, marketDataStream, rest, marketDataRest].filter((address) => address !== null).map(hostOf);
}

/** The exchange that an address belongs to, on any port; null for any other address. */
export function exchangeAt(address: string): ExchangeName | null {
  const { hostname } = new URL(address);
  return EXCHANGE_NAMES.find((name) => hostsOf(name).some((host) => host.startsWith(`${hostname}:`))) ??
    null;
}
