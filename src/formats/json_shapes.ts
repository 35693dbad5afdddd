/** The shapes of JSON trades from ccxt and from exchanges. */
import type { SideKind, TextField } from "./text_trade.ts";

/** One kind of record. */
export interface JsonShape {
  readonly name: string;
  /** The names that every record of this shape has. */
  readonly shows: readonly string[];
  /** The names of each field: the first that has a value counts. */
  readonly fields: Readonly<Partial<Record<TextField, readonly string[]>>>;
  readonly side: SideKind;
  readonly isSkipping?: boolean;
  /** Whether a record is an array of values. */
  readonly isRow?: boolean;
  /** The values of `type` that trades have, if records of other types look alike. */
  readonly types?: readonly string[];
}

/** All shapes. The first one that fits the first record of a file is the shape of the file. */
export const JSON_SHAPES: readonly JsonShape[] = [
  {
    // https://docs.ccxt.com, "Trade structure": ms and ISO 8601, the taker's side, the exchange's answer in `info`.
    // ccxt itself inverts Coinbase's side.
    name: "ccxt trades",
    shows: ["timestamp", "symbol", "side", "price", "amount"],
    fields: {
      symbol: ["symbol"],
      time: ["timestamp", "datetime"],
      price: ["price"],
      quantity: ["amount"],
      side: ["side"],
      id: ["id"],
    },
    side: "taker",
  },
  {
    // https://docs.cdp.coinbase.com/api-reference/exchange-api/rest-api/products/get-product-trades, and the channels
    // `matches` of the feed and `market_trades` of Advanced Trade: the side is the maker's.
    name: "Coinbase trades",
    shows: ["trade_id", "price", "size", "time"],
    fields: {
      symbol: ["product_id"],
      time: ["time"],
      price: ["price"],
      quantity: ["size"],
      side: ["side"],
      id: ["trade_id"],
    },
    side: "maker",
    types: ["match", "last_match"],
  },
  {
    // https://www.bitstamp.net/api/#tag/Transactions-public: `type` 0 for a taker that bought; ids count the trades of
    // all pairs.
    name: "Bitstamp transactions",
    shows: ["tid", "date", "price", "amount"],
    fields: { time: ["date"], price: ["price"], quantity: ["amount"], side: ["type"] },
    side: "code",
    isSkipping: true,
  },
  {
    // https://www.okx.com/docs-v5/en/#public-data-rest-api-get-trades-history: the taker's side.
    name: "OKX trades",
    shows: ["instId", "tradeId", "px", "sz", "ts"],
    fields: {
      symbol: ["instId"],
      time: ["ts"],
      price: ["px"],
      quantity: ["sz"],
      side: ["side"],
      id: ["tradeId"],
    },
    side: "taker",
  },
  {
    // https://bybit-exchange.github.io/docs/v5/market/recent-trade: the taker's side; ids are UUIDs, or skip.
    name: "Bybit trades",
    shows: ["execId", "symbol", "price", "size", "time"],
    fields: { symbol: ["symbol"], time: ["time"], price: ["price"], quantity: ["size"], side: ["side"] },
    side: "taker",
    isSkipping: true,
  },
  {
    // https://developers.binance.com/docs/binance-spot-api-docs/rest-api, "Old trade lookup".
    name: "Binance trades",
    shows: ["id", "price", "qty", "time", "isBuyerMaker"],
    fields: { time: ["time"], price: ["price"], quantity: ["qty"], side: ["isBuyerMaker"], id: ["id"] },
    side: "sold",
  },
  {
    // https://docs.kraken.com/api/docs/rest-api/get-recent-trades: price, volume, seconds, b or s for the taker, m or
    // l, miscellaneous and, since 2022, the id.
    name: "Kraken trades",
    shows: ["0", "1", "2", "3", "4", "5"],
    fields: { price: ["0"], quantity: ["1"], time: ["2"], side: ["3"], id: ["6"] },
    side: "taker",
    isRow: true,
  },
];

/** The shape of a record with these names; undefined if none is known. */
export function shapeOf(names: ReadonlySet<string>): JsonShape | undefined {
  return JSON_SHAPES.find(({ shows }) => shows.every((name) => names.has(name)));
}
