/** The built-in exchange as the command line asks for it. */
import { ConfigError } from "../domain/process/config_error.ts";
import { UnusableInput } from "../domain/market/unusable_input.ts";
import type { ExchangeName } from "../exchanges/hosts.ts";
import { decoderOf } from "../exchanges/known_exchanges.ts";
import { parseFaults } from "./faults.ts";
import { readRecordedTrades } from "./recorded_trades.ts";
import { BuiltInExchange, type ExchangeEvent } from "./server.ts";

/** The options of the exchange. */
export interface MarketOptions {
  /** The exchange whose recordings it serves. */
  readonly exchange: ExchangeName;
  readonly symbol: string;
  /** The seed of the made-up market; the same seed makes the same trades. */
  readonly seed: number;
  /** Mean trades per second. */
  readonly rate: number;
  /** How many times faster than real time market time runs. */
  readonly speed: number;
  /** As `parseFaults` reads them; null for none. */
  readonly faults: string | null;
  /** A recorded file whose trades are served; null for a made-up market. */
  readonly serve: string | null;
  /** Host names that it answers to in addition to those of loopback. */
  readonly host: readonly string[] | null;
  /** The made-up market's time starts now, or at this time if that is later: ms since 1970. */
  readonly notBefore?: number | null;
}

/**
 * Starts the exchange on `port` (0 for any free one). Throws a ConfigError if the faults or the recording asked for
 * cannot be used, and the reason of `signal`, whose abort ends the reading of that recording.
 */
export async function openExchange(
  { exchange, symbol, seed, rate, speed, faults, serve, host, notBefore = null }: MarketOptions,
  port: number,
  onEvent: (event: ExchangeEvent) => void,
  signal: AbortSignal,
): Promise<BuiltInExchange> {
  const mistakes: string[] = [];
  const plan = attempt(() => parseFaults(faults ?? ""), "--faults", mistakes) ?? [];
  let trades;
  if (serve !== null) {
    try {
      trades = await readRecordedTrades(serve, decoderOf({ exchange, symbol }), signal);
    } catch (error) {
      if (!(error instanceof UnusableInput)) throw error;
      mistakes.push(`--serve ${error.message}`);
    }
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  const start = notBefore === null || notBefore <= Date.now() ? {} : { startTime: notBefore };
  const market = trades === undefined ? start : { trades };
  const hosts = host ?? [];
  return BuiltInExchange.listen({ port, hosts, symbol, seed, rate, speed, faults: plan, ...market, onEvent });
}

function attempt<T>(make: () => T, option: string, mistakes: string[]): T | null {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    mistakes.push(`${option}: ${error.message}`);
    return null;
  }
}

/** The log line for an event of the exchange. */
export function exchangeEventText(event: ExchangeEvent): string {
  switch (event.type) {
    case "listening":
      return `the exchange listens on ${event.endpoint} and ${event.restEndpoint}`;
    case "connected":
      return `client ${event.client} connected to ${event.path}`;
    case "disconnected":
      return `client ${event.client} disconnected: ${event.reason}`;
    case "refused":
      return `a request was refused with ${event.status}: ${event.path}`;
    case "fault":
      return `fault after trade ${event.released}: ${event.fault.kind}`;
    case "ended":
      return `all ${event.released} recorded trades have been sent`;
  }
}
