import { assertEquals } from "@std/assert";
import { type Addressing, hostsNeeded, restAddresses, restOf, streamOf } from "../../src/domain/endpoints.ts";
import { EXCHANGES, hostsOf } from "../../src/domain/exchange_hosts.ts";

const BINANCE: Addressing = { exchange: "binance", endpoint: null, restEndpoint: null, backfill: true };
const LOOPBACK = "ws://127.0.0.1:9001";

Deno.test("streamOf() is the exchange's address unless another is given", () => {
  assertEquals(streamOf(BINANCE), EXCHANGES.binance.stream);
  assertEquals(streamOf({ ...BINANCE, exchange: "binance-us" }), EXCHANGES["binance-us"].stream);
  assertEquals(streamOf({ ...BINANCE, endpoint: LOOPBACK }), LOOPBACK);
});

Deno.test("restOf() asks the exchange only for the trades of its own stream", () => {
  assertEquals(restOf(BINANCE), null);
  assertEquals(restOf({ ...BINANCE, endpoint: EXCHANGES.binance.marketDataStream }), null);
  assertEquals(restOf({ ...BINANCE, endpoint: LOOPBACK }), undefined);
  assertEquals(restOf({ ...BINANCE, endpoint: EXCHANGES["binance-us"].stream }), undefined);
  assertEquals(restOf({ ...BINANCE, endpoint: LOOPBACK, restEndpoint: "http://a" }), "http://a");
  assertEquals(restOf({ ...BINANCE, restEndpoint: "http://a", backfill: false }), undefined);
});

Deno.test("hostsNeeded() names what a run connects to, each host once, and no more", () => {
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
