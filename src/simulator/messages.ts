import type { ExchangeAggregate, ExchangeTrade } from "./trade.ts";

/** The form of messages that one connection has asked for. */
export interface MessageFormat {
  /** In upper case, as messages carry it. */
  readonly symbol: string;
  /** True for `{"stream":…,"data":…}`. */
  readonly combined: boolean;
  /** True for times in microseconds. */
  readonly microseconds: boolean;
}

/** The name of the stream of single trades. */
export function tradeStream(symbol: string): string {
  return `${symbol.toLowerCase()}@trade`;
}

/** The name of the stream of aggregate trades. */
export function aggregateStream(symbol: string): string {
  return `${symbol.toLowerCase()}@aggTrade`;
}

/** Writes the messages of one connection, in the field order of Binance spot. */
export class MessageWriter {
  readonly #format: MessageFormat;
  readonly #tradeHead: string;
  readonly #aggregateHead: string;
  readonly #tail: string;

  constructor(format: MessageFormat) {
    this.#format = format;
    const { symbol, combined } = format;
    const head = (stream: string) => combined ? `{"stream":${JSON.stringify(stream)},"data":` : "";
    this.#tradeHead = `${head(tradeStream(symbol))}{"e":"trade","E":`;
    this.#aggregateHead = `${head(aggregateStream(symbol))}{"e":"aggTrade","E":`;
    this.#tail = combined ? `,"M":true}}` : `,"M":true}`;
  }

  /** The message of the trade stream. */
  trade({ id, price, quantity, time, buyerIsMaker }: ExchangeTrade): string {
    const stamp = this.#stamp(time);
    return `${this.#tradeHead}${stamp},"s":"${this.#format.symbol}","t":${id},"p":"${price}","q":"${quantity}",` +
      `"T":${stamp},"m":${buyerIsMaker}${this.#tail}`;
  }

  /** The message of the aggregate stream. */
  aggregate({ id, price, quantity, firstId, lastId, time, buyerIsMaker }: ExchangeAggregate): string {
    const stamp = this.#stamp(time);
    return `${this.#aggregateHead}${stamp},"s":"${this.#format.symbol}","a":${id},"p":"${price}",` +
      `"q":"${quantity}","f":${firstId},"l":${lastId},"T":${stamp},"m":${buyerIsMaker}${this.#tail}`;
  }

  /** The notice that the connection will be closed soon. `time` is in ms since 1970. */
  serverShutdown(time: number): string {
    const notice = `{"e":"serverShutdown","E":${this.#stamp(time)}}`;
    return this.#format.combined ? `{"stream":"!serverShutdown","data":${notice}}` : notice;
  }

  /** Any other message of a stream. */
  other(stream: string, data: string): string {
    return this.#format.combined ? `{"stream":${JSON.stringify(stream)},"data":${data}}` : data;
  }

  #stamp(time: number): number {
    return this.#format.microseconds ? Math.round(time * 1000) : Math.floor(time);
  }
}
