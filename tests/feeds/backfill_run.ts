/** Backfills from the built-in exchange and from servers that misbehave, on a clock that does not wait. */
import { exchangeNamed } from "../../src/exchanges/known_exchanges.ts";
import {
  Backfill,
  type BackfillEnd,
  type BackfillOptions,
  type FetchedTrades,
} from "../../src/feeds/rest/backfill.ts";
import { formatResponse } from "../../src/simulator/http_request.ts";
import { priceProcess } from "../../src/simulator/price_process.ts";
import type { RestAnswer } from "../../src/simulator/rest.ts";
import { BuiltInExchange, type ExchangeOptions } from "../../src/simulator/server.ts";
import { Aggregator, type ExchangeAggregate, type ExchangeTrade } from "../../src/simulator/trade.ts";
import type { BackfilledTrade } from "../../src/domain/market/backfilled_trades.ts";
import type { RestClock } from "../../src/feeds/rest/rest_client.ts";
import { RawServer, type Visit } from "./raw_server.ts";

export const FIRST_ID = 5_000_000_000;
export const START_TIME = 1_723_161_240_000;
export const NEVER = new AbortController().signal;

/** Time that passes only while something waits. */
export class PassingClock implements RestClock {
  /** The waits, in ms. */
  readonly pauses: number[] = [];
  #now: number;

  constructor(now = START_TIME) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  async pause(ms: number, _signal: AbortSignal): Promise<void> {
    this.pauses.push(ms);
    this.#now += ms;
    await Promise.resolve();
  }

  /** The sum of the waits, ms. */
  get waited(): number {
    return this.pauses.reduce((sum, ms) => sum + ms, 0);
  }
}

/** The same trades at every call. */
export function tradesOf(count: number, seed = 1): ExchangeTrade[] {
  return priceProcess({ seed, rate: 1000, firstId: FIRST_ID, startTime: START_TIME }).take(count).toArray();
}

/** What an exchange makes of them. */
export function aggregatesOf(trades: readonly ExchangeTrade[]): ExchangeAggregate[] {
  const aggregator = new Aggregator();
  return trades.flatMap((trade, index) => aggregator.add(trade, trades[index + 1] ?? null) ?? []);
}

/** A trade or an aggregate as a fetch must yield it. */
export function rowOf(trade: ExchangeTrade | ExchangeAggregate): BackfilledTrade {
  const { price, quantity, time, buyerIsMaker } = trade;
  const { firstId, lastId } = "firstId" in trade ? trade : { firstId: trade.id, lastId: trade.id };
  return { firstId, lastId, price, quantity, time: Math.floor(time), buyerIsMaker };
}

/** An exchange whose trades are all past, and its REST requests so far. */
export interface Past extends AsyncDisposable {
  readonly endpoint: string;
  /** Paths with parameters. */
  readonly asked: string[];
  readonly exchange: BuiltInExchange;
}

/** Opens an exchange where `trades` are past. `onRest` may change its answers. */
export async function past(
  trades: readonly ExchangeTrade[],
  onRest: (url: URL, answer: RestAnswer) => RestAnswer = (_url, answer) => answer,
  options: ExchangeOptions = {},
): Promise<Past> {
  const asked: string[] = [];
  const ended = Promise.withResolvers<void>();
  const exchange = BuiltInExchange.listen({
    trades,
    speed: 1e12,
    startOnFirstSubscriber: false,
    onEvent: ({ type }) => type === "ended" && ended.resolve(),
    onRest(url, answer) {
      asked.push(url.pathname.replace("/api/v3/", "") + url.search);
      return withoutWeight(onRest(url, answer));
    },
    ...options,
  });
  await ended.promise;
  return {
    endpoint: exchange.restEndpoint,
    asked,
    exchange,
    [Symbol.asyncDispose]: () => exchange.close(),
  };
}

/** Tests make more requests in a real minute than allowed, so only those about the budget check it. */
function withoutWeight({ status, body, headers }: RestAnswer): RestAnswer {
  const rest = Object.entries(headers).filter(([name]) => !/^X-MBX-USED-WEIGHT/.test(name));
  return { status, body, headers: Object.fromEntries(rest) };
}

/** Changes the rows of an answer. */
export function withRows(
  answer: RestAnswer,
  // deno-lint-ignore no-explicit-any
  change: (rows: any[]) => unknown,
): RestAnswer {
  return { ...answer, body: JSON.stringify(change(JSON.parse(answer.body))) };
}

/** A refusal of historicalTrades alone. */
export function onlyAggregates(url: URL, answer: RestAnswer): RestAnswer {
  if (!url.pathname.endsWith("historicalTrades")) return answer;
  return { status: 403, body: `{"code":-1,"msg":"no such thing here"}`, headers: {} };
}

/** A server that answers every request, numbered from 1, as the test wants. */
export function answering(
  answer: (number: number, url: URL) => Partial<RestAnswer> | ((visit: Visit) => Promise<void>),
): RawServer {
  return RawServer.listen(async (visit) => {
    const printed = answer(visit.number, visit.request.url);
    if (typeof printed === "function") return await printed(visit);
    await visit.write(formatResponse(printed.status ?? 200, printed.body ?? "[]", printed.headers));
    visit.end();
  });
}

/** The REST address of a server. */
export function restOf(server: RawServer): string {
  return server.endpoint.replace("ws://", "http://");
}

/** historicalTrades' rows for `count` trades from id `first` on. */
export function rowsFrom(first: number, count: number): Record<string, unknown>[] {
  return Array.from({ length: count }, (_, index) => ({
    id: first + index,
    price: "61837.60000000",
    qty: "0.02000000",
    quoteQty: "1236.75200000",
    time: START_TIME + index,
    isBuyerMaker: index % 2 === 0,
    isBestMatch: true,
  }));
}

/** The result of a fetch. */
export interface Fetched {
  readonly pages: FetchedTrades[];
  readonly rows: BackfilledTrade[];
  readonly end: BackfillEnd;
}

/** Makes a backfill on a clock that does not wait. */
export function backfillOf(
  restEndpoint: string | null,
  options: Partial<BackfillOptions> = {},
): { backfill: Backfill; clock: PassingClock } {
  const clock = new PassingClock();
  const backfill = new Backfill({
    exchange: exchangeNamed("binance"),
    restEndpoint,
    symbol: "BTCUSDT",
    signal: NEVER,
    random: () => 0.5,
    clock,
    ...options,
  });
  return { backfill, clock };
}

/** Runs a fetch to its end. */
export async function collect(
  backfill: Backfill,
  fromId: number,
  untilId: number | null,
  onPage: (page: FetchedTrades) => void = () => {},
): Promise<Fetched> {
  const pages: FetchedTrades[] = [];
  const fetching = backfill.fetch(fromId, untilId);
  for (;;) {
    const { value, done } = await fetching.next();
    if (done) return { pages, rows: pages.flatMap(({ rows }) => rows), end: value };
    pages.push(value);
    onPage(value);
  }
}
