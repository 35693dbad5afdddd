/** Binance's paths and limits, and what its refusals mean; Binance.US speaks the same protocol. */
import { addressesOf, exchangeAt } from "../hosts.ts";

/** Connection attempts that Binance allows per address: 300 in 5 minutes. */
export const BINANCE_BUDGET = { attempts: 300, windowMs: 300_000 } as const;

/** The address of one symbol's raw trade stream, below `endpoint`. Binance wants the symbol in lower case. */
export function tradeStreamUrl(endpoint: string, symbol: string): string {
  return `${endpoint}/ws/${encodeURIComponent(symbol.toLowerCase())}@trade`;
}

/**
 * Whether a message announces that the server is about to go away. Trades are longer than any such notice, so
 * most messages are passed by their length alone.
 */
export function isServerShutdown(message: string): boolean {
  return message.length < 120 && message.includes('"serverShutdown"');
}

/** What a refusal by `address` means, by its HTTP status, or null if there is nothing to add. */
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
