/**
 * The layouts of CSV files that exchanges and vendors publish with a header. Each layout names its source;
 * tests/formats/venue_samples.ts has real rows of such files.
 */
import type { SideKind, TextField } from "./text_trade.ts";

/** What the columns of a file hold, by their names in lower case; null for a column that is skipped. */
type Names = Readonly<Record<string, TextField | null>>;

/** A layout that a header shows. */
export interface VenueLayout {
  readonly name: string;
  /** The exchange or vendor, for the list of readable files. */
  readonly venue: string;
  /** The columns that the file must have, in any order. */
  readonly columns: Names;
  /** Columns that the file may also have. */
  readonly optional?: Names;
  /** Whether the file may have any other column, because no other file has all of the required ones. */
  readonly isOpen?: boolean;
  readonly side?: SideKind;
  /** Whether its ids skip, or start again in each file. */
  readonly isSkipping?: boolean;
  /** Whether rows may have more fields than the header. */
  readonly mayHaveMore?: boolean;
}

/** Kraken's pages and tools have different names for the time of a trade. */
const KRAKEN_TIMES = ["time", "timestamp", "unixtime", "unix"];

/** The layouts. No header fits two of them. */
export const VENUE_LAYOUTS: readonly VenueLayout[] = [
  {
    // https://docs.tardis.dev/downloadable-csv-files, "trades": times in µs, the taker's side or "unknown", the id as
    // the exchange gives it, or none. `local_timestamp` is the time of arrival at Tardis.
    name: "Tardis trades",
    venue: "Tardis",
    columns: {
      exchange: "exchange",
      symbol: "symbol",
      timestamp: "time",
      local_timestamp: null,
      id: "id",
      side: "side",
      price: "price",
      amount: "quantity",
    },
  },
  {
    // https://public.bybit.com/trading/: seconds with decimals, the taker's side, a UUID for each trade. BitMEX
    // publishes the same columns at https://public.bitmex.com/?prefix=data/trade/, with all symbols in one file and
    // times such as 2018-12-05D00:00:25.948313000. Bybit has added RPI, BitMEX trdType.
    name: "Bybit derivatives trades",
    venue: "Bybit",
    columns: {
      timestamp: "time",
      symbol: "symbol",
      side: "side",
      size: "quantity",
      price: "price",
      tickdirection: null,
      trdmatchid: null,
    },
    isOpen: true,
    isSkipping: true,
  },
  {
    // https://public.bybit.com/spot/: times in ms, the taker's side. The ids count the rows of each file from 1, so
    // they start again every day. Rows of monthly files have a sixth field that their header does not name.
    name: "Bybit spot trades",
    venue: "Bybit",
    columns: { id: null, timestamp: "time", price: "price", volume: "quantity", side: "side" },
    optional: { rpi: null },
    isSkipping: true,
    mayHaveMore: true,
  },
  {
    // https://www.okx.com/historical-data: times in ms, the taker's side, ids that count the trades of an instrument.
    // In files of contracts, `size` counts them. Files before 2024 have no instrument_name, and names in two languages,
    // such as `side/交易方向` in GBK, of which the part after the slash is dropped.
    name: "OKX trades",
    venue: "OKX",
    columns: { trade_id: "id", side: "side", price: "price", size: "quantity", created_time: "time" },
    optional: { instrument_name: "symbol", source: null },
  },
  {
    // The names of OKX's REST API: see json_shapes.ts.
    name: "OKX trades",
    venue: "OKX",
    columns: { tradeid: "id", side: "side", px: "price", sz: "quantity", ts: "time" },
    optional: { instid: "symbol", source: null },
  },
  {
    // https://docs.cdp.coinbase.com/api-reference/exchange-api/rest-api/products/get-product-trades: `side` is the
    // maker's, and ids count the trades of a product. The Advanced Trade API also has product_id and the best prices,
    // and the feed has the two orders.
    name: "Coinbase trades",
    venue: "Coinbase",
    columns: { trade_id: "id", side: "side", price: "price", size: "quantity", time: "time" },
    optional: {
      product_id: "symbol",
      type: null,
      sequence: null,
      maker_order_id: null,
      taker_order_id: null,
      bid: null,
      ask: null,
      exchange: null,
    },
    side: "maker",
  },
  ...KRAKEN_TIMES.map((time): VenueLayout => ({
    // "Downloadable historical market data (time and sales)", https://support.kraken.com/articles/360047543791:
    // seconds, price and volume. The files themselves have no header: see venue_csv.ts.
    name: "Kraken time and sales",
    venue: "Kraken",
    columns: { [time]: "time", price: "price", volume: "quantity" },
  })),
  {
    // https://docs.kraken.com/api/docs/rest-api/get-recent-trades names the values of a trade like this. Ids, which
    // older responses do not have, count the trades of a pair.
    name: "Kraken trades",
    venue: "Kraken",
    columns: {
      price: "price",
      volume: "quantity",
      time: "time",
      "buy/sell": "side",
      "market/limit": null,
      miscellaneous: null,
    },
    optional: { trade_id: "id" },
  },
  {
    // https://www.bitstamp.net/api/#tag/Transactions-public: seconds, `type` 0 for a taker that bought and 1 for one
    // that sold. Its ids count the trades of all pairs together.
    name: "Bitstamp transactions",
    venue: "Bitstamp",
    columns: { date: "time", tid: null, price: "price", amount: "quantity", type: "side" },
    side: "code",
    isSkipping: true,
  },
  {
    // https://docs.kaiko.com/kaiko-csv-data/data-feeds/level-1-tick-level/all-trades: ms, `sell` true if the taker
    // sold. Kaiko makes up ids if an exchange has none.
    name: "Kaiko trades",
    venue: "Kaiko",
    columns: {
      id: null,
      exchange: null,
      symbol: "symbol",
      date: "time",
      price: "price",
      amount: "quantity",
      sell: "side",
    },
    side: "sold",
    isSkipping: true,
  },
  {
    // https://docs.ccxt.com, "Trade structure", as a table: ms, the taker's side. ccxt itself inverts Coinbase's side.
    name: "ccxt trades",
    venue: "ccxt",
    columns: {
      timestamp: "time",
      datetime: null,
      symbol: "symbol",
      id: "id",
      side: "side",
      price: "price",
      amount: "quantity",
    },
    isOpen: true,
  },
];
