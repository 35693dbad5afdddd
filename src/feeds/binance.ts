/** Binance's addresses and paths, and what its refusals mean. */

/** The public spot stream and REST hosts, by what they are for. */
export const BINANCE_HOSTS = {
  stream: "wss://stream.binance.com:9443",
  marketDataStream: "wss://data-stream.binance.vision:443",
  rest: "https://api.binance.com",
  marketDataRest: "https://data-api.binance.vision",
} as const;

/** Whether an address is one of Binance's own. */
export function isBinance(address: string): boolean {
  const { hostname } = new URL(address);
  return Object.values(BINANCE_HOSTS).some((host) => new URL(host).hostname === hostname);
}

/** Connection attempts that Binance allows per address: 300 in 5 minutes. */
export const BINANCE_BUDGET = { attempts: 300, windowMs: 300_000 } as const;

/** The address of one symbol's raw trade stream, below `endpoint`. Binance wants the symbol in lower case. */
export function tradeStreamUrl(endpoint: string, symbol: string): string {
  return `${endpoint}/ws/${symbol.toLowerCase()}@trade`;
}

/**
 * Whether a message announces that the server is about to go away. Trades are longer than any such notice, so
 * most messages are passed by their length alone.
 */
export function isServerShutdown(message: string): boolean {
  return message.length < 120 && message.includes('"serverShutdown"');
}

/** What a refused handshake means, by its HTTP status, or null where there is nothing to add. */
export function refusalHint(status: number): string | null {
  switch (status) {
    case 451:
      return "The exchange does not serve your region at this address. " +
        `Its market-data host may: --endpoint ${BINANCE_HOSTS.marketDataStream}`;
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
