/** CSV texts for the tests of CsvRows: rows of every layout, and what is read from them. */
import { assert } from "@std/assert";
import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import type { FileReader, Origin } from "../../src/formats/trade_file.ts";
import { layoutOf } from "../../src/formats/file_layout.ts";
import type { TradeFields } from "../../src/domain/market/trade_reader.ts";

const ENCODER = new TextEncoder();
export const SPOT_TRADE = "51175358,17.80180000,5.69000000,101.29224200,1583709433583,True,True";
export const SPOT_AGGREGATE = "60953854,0.00000908,3591711.00,209942017,209942019,1729987202368,False,True";
export const FUTURES_TRADE = "1151022504,78526.1,83.0,0.10569734,1788220802731,true";
export const FUTURES_AGGREGATE = "171927517,0.7097,19.0,551530707,551530707,1729209603958,false";
export const HEADERS = [
  "id,price,qty,quoteQty,time,isBuyerMaker,isBestMatch",
  "aggId,price,qty,firstId,lastId,time,isBuyerMaker,isBestMatch",
  "id,price,qty,quote_qty,time,is_buyer_maker",
  "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker",
];
export const [SPOT_TRADES, SPOT_AGGREGATES, FUTURES_TRADES, FUTURES_AGGREGATES] = HEADERS as [
  string,
  string,
  string,
  string,
];

/** A file whose layout `header` gives. */
export function originOf(header: string, name = "trades.csv"): Origin {
  const layout = layoutOf(ENCODER.encode(header));
  assert(typeof layout === "object", header);
  return { name, layout };
}

/** A reader of a file, and of `text` in it. */
export function open(origin: Origin, text = "", strict = false): FileReader {
  const bytes = ENCODER.encode(text);
  const reader = origin.layout.reader(new BinanceMessageReader("BTCUSDT"), strict);
  reader.open({ origin, bytes, start: 0, end: bytes.length });
  return reader;
}

/** All fields of the trade that a reader holds. */
export function fieldsOf(reader: TradeFields): Record<string, number | boolean> {
  const { firstId, lastId, time, price, decimals, quantityWhole, quantityFraction, buyerIsMaker } = reader;
  return { firstId, lastId, time, price, decimals, quantityWhole, quantityFraction, buyerIsMaker };
}

/** Everything in an open reader: trades, or what it returns instead. */
export function drain(reader: FileReader): unknown[] {
  const found: unknown[] = [];
  for (let readResult = reader.next(); readResult !== null; readResult = reader.next()) {
    found.push(
      readResult === "trade"
        ? fieldsOf(reader.trade)
        : readResult === "rejected"
        ? reader.reason
        : readResult,
    );
  }
  return found;
}

/** Everything in a file with this text. */
export function read(header: string, text: string): unknown[] {
  return drain(open(originOf(header), text));
}

/** `row` with field `number`, from 1 on, replaced. */
export function withField(row: string, number: number, field: string): string {
  return row.split(",").with(number - 1, field).join(",");
}

/** What CsvRows expects of each field, in its words. */
export const ID = "a whole number from 0 to 9007199254740991";
export const PRICE =
  "decimal text above 0 with up to 8 decimals, and up to 9007199254740991 without its point";
export const QUANTITY = "decimal text above 0, up to 1000000000000000, with up to 8 decimals";
export const TIME = "a whole number of s, ms, µs or ns since 1970, such as 1735689600000";
export const BOOLEAN = "true or false";
