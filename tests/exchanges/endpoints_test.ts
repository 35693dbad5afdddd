import { assertEquals } from "@std/assert";
import {
  type Addressing,
  hostsNeeded,
  marketIn,
  marketOf,
  restAddresses,
  restOf,
  streamOf,
} from "../../src/exchanges/endpoints.ts";
import { EXCHANGES, hostsOf } from "../../src/exchanges/hosts.ts";

const BINANCE: Addressing = { exchange: "binance", endpoint: null, restEndpoint: null, backfill: true };
const LOOPBACK = "ws://127.0.0.1:9001";

Deno.test("streamOf() is the exchange's address unless another is given", () => {
  assertEquals(streamOf(BINANCE), EXCHANGES.binance.stream);
  assertEquals(streamOf({ ...BINANCE, exchange: "binance-us" }), EXCHANGES["binance-us"].stream);
  assertEquals(streamOf({ ...BINANCE, endpoint: LOOPBACK }), LOOPBACK);
});

Deno.test("restOf() uses the exchange's REST side only for its own stream", () => {
  assertEquals(restOf(BINANCE), null);
  assertEquals(restOf({ ...BINANCE, endpoint: EXCHANGES.binance.marketDataStream }), null);
  assertEquals(restOf({ ...BINANCE, endpoint: LOOPBACK }), undefined);
  assertEquals(restOf({ ...BINANCE, endpoint: EXCHANGES["binance-us"].stream }), undefined);
  assertEquals(restOf({ ...BINANCE, endpoint: LOOPBACK, restEndpoint: "http://a" }), "http://a");
  assertEquals(restOf({ ...BINANCE, restEndpoint: "http://a", backfill: false }), undefined);
});

Deno.test("hostsNeeded() names every host that a run connects to, once, and no others", () => {
  const { stream, rest, marketDataRest } = EXCHANGES.binance;
  assertEquals(restAddresses(BINANCE), [rest, marketDataRest]);
  assertEquals(hostsNeeded(BINANCE), [
    "stream.binance.com:9443",
    "api.binance.com:443",
    "data-api.binance.vision:443",
  ]);
  assertEquals(hostsNeeded({ ...BINANCE, exchange: "binance-us" }), hostsOf("binance-us"));
  assertEquals(hostsNeeded({ ...BINANCE, backfill: false }), [new URL(stream).host]);
  assertEquals(hostsNeeded({ ...BINANCE, endpoint: LOOPBACK, restEndpoint: "http://127.0.0.1:9001" }), [
    "127.0.0.1:9001",
  ]);
});

Deno.test("marketOf() is the exchange for any of its hosts, the built-in exchange for demo, otherwise the address", () => {
  const at = (endpoint: string | null) => marketOf("run", { ...BINANCE, endpoint });
  assertEquals(at(null), "binance");
  assertEquals(at(EXCHANGES.binance.marketDataStream), "binance");
  assertEquals(at("wss://stream.binance.com:443"), "binance");
  assertEquals(at(EXCHANGES["binance-us"].stream), "binance-us");
  assertEquals(at(LOOPBACK), LOOPBACK);
  assertEquals(marketOf("demo", { ...BINANCE, endpoint: LOOPBACK }), "built-in exchange");
});

Deno.test("marketIn() is null if the options do not name a market", () => {
  assertEquals(marketIn({}, "binance"), null);
  assertEquals(marketIn({ exchange: "binance", endpoint: "no address" }, "binance"), null);
  assertEquals(marketIn({ exchange: "binance-us", endpoint: null }, "binance"), "binance-us");
});
