import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { BINANCE_BUDGET, refusalHint, tradeStreamUrl } from "../../../src/exchanges/binance/binance.ts";
import { BinanceMessageReader } from "../../../src/exchanges/binance/binance_message.ts";
import { EXCHANGES } from "../../../src/exchanges/hosts.ts";
import { MessageWriter } from "../../../src/simulator/messages.ts";
import { tradeMessage } from "../../feeds/raw_server.ts";

const DECODER = new BinanceMessageReader("BTCUSDT");

Deno.test("tradeStreamUrl() encodes what a path cannot hold", () => {
  const base = "ws://127.0.0.1:9001";
  assertEquals(tradeStreamUrl(base, "BTCUSDT_250328"), `${base}/ws/btcusdt_250328@trade`);
  const url = tradeStreamUrl(base, "币安人生USDT");
  assertEquals(url, `${base}/ws/%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9Fusdt@trade`);
  assertEquals(new URL(url).href, url);
});

Deno.test("tradeStreamUrl() names the raw stream of the symbol in lower case", () => {
  assertEquals(tradeStreamUrl("ws://127.0.0.1:9001", "BTCUSDT"), "ws://127.0.0.1:9001/ws/btcusdt@trade");
  assertEquals(
    tradeStreamUrl(EXCHANGES.binance.stream, "1000SHIBUSDT"),
    "wss://stream.binance.com:9443/ws/1000shibusdt@trade",
  );
});

Deno.test("isShutdownNotice() recognises the notice, raw and combined, with any unit of time", () => {
  for (const combined of [false, true]) {
    for (const microseconds of [false, true]) {
      const writer = new MessageWriter({ symbol: "BTCUSDT", combined, microseconds });
      assert(DECODER.isShutdownNotice(writer.serverShutdown(1_777_807_004_059)));
    }
  }
});

Deno.test("isShutdownNotice() is false for any other message", () => {
  const others = [
    tradeMessage(1),
    `{"result":null,"id":1}`,
    "",
    "(binary frame)",
    `{"note":"serverShutdown"`.padEnd(200) + "}",
  ];
  for (const message of others) assert(!DECODER.isShutdownNotice(message), message);
});

Deno.test("refusalHint() explains a status, and for 451 names the host to use instead, if any", () => {
  const { stream, rest } = EXCHANGES.binance;
  for (const address of [stream, rest, "ws://127.0.0.1:9001"]) {
    assertStringIncludes(refusalHint(451, address)!, "--endpoint wss://data-stream.binance.vision:443");
  }
  assertEquals(
    refusalHint(451, EXCHANGES["binance-us"].stream),
    "The exchange does not serve your region at this address.",
  );
  for (const status of [403, 418, 429]) assert(refusalHint(status, stream)!.length > 10);
  for (const status of [400, 404, 500, 503]) assertEquals(refusalHint(status, stream), null);
});

Deno.test("the connection budget is Binance's: 300 attempts in 5 minutes", () => {
  assertEquals(BINANCE_BUDGET, { attempts: 300, windowMs: 5 * 60_000 });
});
