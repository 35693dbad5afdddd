import { type MessageWriter, tradeStream } from "./messages.ts";
import type { ExchangeTrade } from "./trade.ts";

/**
 * Frames that no client should receive and every client must survive: broken, foreign and contradictory ones. None is a
 * valid new trade: what can be read repeats the id of `last`, has an unusable field, or names another symbol.
 */
export function malformedFrames(
  writer: MessageWriter,
  symbol: string,
  last: ExchangeTrade,
): (string | Uint8Array)[] {
  const stream = tradeStream(symbol);
  const good = writer.trade(last);
  const next: ExchangeTrade = { ...last, id: last.id + 1 };
  const time = Math.floor(last.time);
  return [
    good.slice(0, good.length >> 1),
    writer.trade({ ...next, price: "0.00000000" }),
    writer.trade({ ...next, price: "-1.00000000" }),
    writer.trade({ ...next, price: "NaN" }),
    writer.trade({ ...next, quantity: "0.00000000" }),
    writer.other(
      stream,
      `{"e":"trade","E":${time},"s":"${symbol}","t":${next.id},"T":${time},"m":true,"M":true}`,
    ),
    writer.trade(next).replace(/"t":\d+/, `"t":"${next.id}x"`),
    writer.trade(next).replace(/"T":\d+/, `"T":null`),
    writer.other("zzzusdt@trade", foreignTrade(time)),
    `{"result":null,"id":1}`,
    `{"code":2,"msg":"Invalid request: unknown variant"}`,
    "[".repeat(5000) + "]".repeat(5000),
    Uint8Array.of(0x00, 0xff, 0x80, 0x7b, 0x7d),
    new TextEncoder().encode(good),
    `{"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"buy","price":105944.20,"qty":0.00027625,` +
    `"ord_type":"limit","trade_id":10218208,"timestamp":"2023-10-06T17:35:55.440295Z"}]}`,
    good.replaceAll('"e"', '"\\u0065"').replaceAll("trade", "tr\\u0061de"),
    writer.trade({ ...last, price: "1.00000000" }),
    "",
    "null",
    "{}",
    "[1,2,3]",
    "x".repeat(100_000),
    `{"__proto__":{"e":"trade"},"constructor":1}`,
  ];
}

function foreignTrade(time: number): string {
  return `{"e":"trade","E":${time},"s":"ZZZUSDT","t":7,"p":"0.01230000","q":"1.00000000","T":${time},"m":false,"M":true}`;
}
