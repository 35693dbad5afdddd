/**
 * A second exchange, made up to be unlike Binance: it needs subscriptions, sends several trades in a frame,
 * skips ids, and has each trade name the one before it.
 */
import { BackfilledTrades } from "../../src/domain/market/backfilled_trades.ts";
import type { ReadResult } from "../../src/domain/market/trade_reader.ts";
import type { BackfillPage, Exchange, ReadInfo } from "../../src/exchanges/exchange.ts";
import type { FrameDecoder, FrameFault } from "../../src/exchanges/frame_decoder.ts";
import { asked, type Questions, RejectedAnswer } from "../../src/exchanges/rest_question.ts";
import { testExchange } from "./exchange_contract.ts";

/** A trade's id, the id of the one before it, price, quantity, ms since 1970, and whether the taker sold. */
type Row = readonly [number, number, string, string, number, boolean];

/** Trades on a page. */
const PAGE = 2;
const ROWS: readonly Row[] = [
  [7, 3, "100.5", "0.5", 1_723_161_255_300, true],
  [12, 7, "100.6", "1", 1_723_161_255_301, false],
  [15, 12, "100.70", "0.25", 1_723_161_255_301, false],
  [19, 15, "100", "2", 1_723_161_255_305, true],
  [20, 19, "99.5", "0.1", 1_723_161_255_309, true],
];

class MadeUpDecoder implements FrameDecoder {
  readonly symbol: string;
  readonly trade = {
    firstId: 0,
    lastId: 0,
    time: 0,
    price: 0,
    decimals: 0,
    quantityWhole: 0,
    quantityFraction: 0,
    buyerIsMaker: false,
  };
  reason = "";
  readonly emptyFirstId = -1;
  readonly emptyId = -1;
  readonly isMarker = false;
  readonly scan = null;
  readonly #amounts: BackfilledTrades;
  #rows: Row[] = [];

  constructor(symbol: string) {
    this.symbol = symbol;
    this.#amounts = new BackfilledTrades(symbol);
  }

  decode(frame: string): ReadResult {
    this.#rows = [];
    let parsed;
    try {
      parsed = JSON.parse(frame);
    } catch {
      return this.#reject("not JSON");
    }
    if (!("of" in parsed)) return "other";
    if (parsed.of !== this.symbol) return "other";
    this.#rows = [...parsed.trades];
    return this.next() ?? "other";
  }

  next(): ReadResult | null {
    const row = this.#rows.shift();
    if (row === undefined) return null;
    const [id, before, price, quantity, time, buyerIsMaker] = row;
    this.#amounts.open([{ firstId: id, lastId: id, price, quantity, time, buyerIsMaker }]);
    if (this.#amounts.next() !== "trade") return this.#reject(this.#amounts.reason);
    Object.assign(this.trade, this.#amounts.trade, { firstId: before + 1 });
    return "trade";
  }

  fault(reason: string): FrameFault {
    return { what: `${reason}, expected trades`, position: 0 };
  }

  otherSymbol(frame: string): string | null {
    const { of } = JSON.parse(frame);
    return of === this.symbol ? null : of;
  }

  isShutdownNotice(frame: string): boolean {
    return frame === `{"bye":true}`;
  }

  #reject(reason: string): ReadResult {
    this.reason = reason;
    return "rejected";
  }
}

function* pageOf(base: string, symbol: string, next: number): Questions<BackfillPage | RejectedAnswer> {
  const rows = yield* asked({
    base,
    path: `/past/${symbol}?after=${next - 1}`,
    weight: 1,
    read: (body) => Array.isArray(body) ? body as Row[] : new RejectedAnswer("malformed", "no list"),
  });
  return {
    rows: rows.map(([id, , price, quantity, time, buyerIsMaker]) => (
      { firstId: id, lastId: id, price, quantity, time, buyerIsMaker }
    )),
    isEnd: rows.length < PAGE,
    newestId: rows.at(-1)?.[0] ?? null,
  };
}

function rulesIn(body: unknown, symbol: string): ReadInfo | null {
  const [named, lot] = body as [string, string];
  return named === symbol ? { status: null, rules: { lot }, flaws: [] } : null;
}

const REST = "https://rest.example.com";

const MADE_UP: Exchange = {
  addresses: { stream: "wss://example.com", marketDataStream: null, rest: REST, marketDataRest: null },
  connectionLimit: { attempts: 10, windowMs: 1_000 },
  weightPerMinute: 100,
  streamUrl: (endpoint) => `${endpoint}/all`,
  subscriptions: (symbol) => [`{"hello":1}`, `{"want":"${symbol}"}`],
  decoder: (symbol) => new MadeUpDecoder(symbol),
  refusal: (status) => ({
    hint: null,
    stayAwayMs: status === 429 ? 1_000 : null,
    isWholeHost: status === 429,
  }),
  explanation: () => ({ error: null, isUnknownSymbol: false }),
  usedWeight: () => null,
  timePath: "/now",
  timeIn: (body) => typeof body === "number" ? body : null,
  missedTrades: (restEndpoint) => {
    const base = restEndpoint ?? REST;
    return [{ base, open: (symbol) => ({ source: "past", page: (next) => pageOf(base, symbol, next) }) }];
  },
  instrumentBases: [REST],
  instrumentQuestion: (base, symbol) => ({
    base,
    path: `/rules/${symbol}`,
    weight: 1,
    read: (body) => rulesIn(body, symbol) ?? new RejectedAnswer("malformed", "no rules"),
  }),
  readInstrument: rulesIn,
  countsContracts: () => false,
};

function frameOf(...ids: number[]): { readonly text: string; readonly ids: readonly number[] } {
  const trades = ROWS.filter(([id]) => ids.includes(id));
  return { text: JSON.stringify({ of: "BTCUSDT", trades }), ids };
}

testExchange({
  name: "a made-up exchange",
  exchange: MADE_UP,
  symbol: "BTCUSDT",
  frames: [frameOf(7), { text: `{"ok":true}`, ids: [] }, frameOf(12, 15, 19), frameOf(), frameOf(20)],
  unusable: ["x", `{"of":"BTCUSDT","trades":[[1,0,"-1","1",1,true]]}`],
  other: { text: `{"of":"ETHUSDT","trades":[]}`, symbol: "ETHUSDT" },
  shutdown: `{"bye":true}`,
  rules: { body: ["BTCUSDT", "0.5"], are: { lot: "0.5" } },
  answer(url) {
    const after = Number(url.searchParams.get("after"));
    return JSON.stringify(ROWS.filter(([id]) => id > after).slice(0, PAGE));
  },
});
