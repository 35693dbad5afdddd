import { exchangeNamed } from "../../../src/exchanges/known_exchanges.ts";
import { rowsFrom } from "../../feeds/backfill_run.ts";
import { tradeMessage } from "../../feeds/raw_server.ts";
import { testExchange } from "../exchange_contract.ts";

const LAST_ID = 9;

for (const name of ["binance", "binance-us"] as const) {
  testExchange({
    name,
    exchange: exchangeNamed(name),
    symbol: "BTCUSDT",
    frames: [
      { text: tradeMessage(5), ids: [5] },
      { text: `{"result":null,"id":1}`, ids: [] },
      { text: tradeMessage(6), ids: [6] },
      { text: `{"stream":"btcusdt@trade","data":${tradeMessage(7)}}`, ids: [7] },
      { text: tradeMessage(8).replaceAll(",", ", "), ids: [8] },
      { text: tradeMessage(LAST_ID), ids: [LAST_ID] },
    ],
    unusable: ["x", `{"e":"trade"}`, tradeMessage(5).replace(/"p":"[^"]*"/, `"p":"-1"`)],
    other: { text: tradeMessage(5).replace("BTCUSDT", "ETHUSDT"), symbol: "ETHUSDT" },
    shutdown: `{"e":"serverShutdown","E":1777807004059}`,
    rules: {
      body: {
        symbols: [{
          symbol: "BTCUSDT",
          filters: [
            { filterType: "PRICE_FILTER", tickSize: "0.01000000" },
            { filterType: "LOT_SIZE", stepSize: "0.00100000" },
          ],
        }],
      },
      are: { tick: "0.01", lot: "0.001" },
    },
    answer(url) {
      const from = Number(url.searchParams.get("fromId"));
      const limit = Number(url.searchParams.get("limit"));
      return JSON.stringify(rowsFrom(from, Math.min(limit, LAST_ID - from + 1)));
    },
  });
}
