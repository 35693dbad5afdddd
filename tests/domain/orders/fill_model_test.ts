import { assertEquals, assertStrictEquals } from "@std/assert";
import {
  FILL_MODELS,
  type FillModel,
  tradingParametersUnder,
} from "../../../src/domain/orders/fill_model.ts";
import { Money, plain } from "../../../src/domain/numbers/money.ts";
import type { TradingParameters } from "../../../src/domain/risk/trading_parameters.ts";
import { DEFAULTS, tradingParametersOf } from "../../support/pipeline_input.ts";

/** The default trading parameters with this latency (µs) and slippage (basis points). */
function parameters(latency: number, slippage: string): TradingParameters {
  return { ...tradingParametersOf(DEFAULTS), latency, slippage: new Money(slippage) };
}

/** The latency (µs) and the slippage (basis points) that a model makes of these. */
function under(model: FillModel, latency: number, slippage: string): [number, string] {
  const { latency: later, slippage: worse } = tradingParametersUnder(model, parameters(latency, slippage));
  return [later, plain(worse)];
}

Deno.test("FILL_MODELS go from the kindest to the harshest", () => {
  assertEquals(FILL_MODELS, ["optimistic", "configured", "pessimistic"]);
});

Deno.test("tradingParametersUnder() optimistic has no latency and no slippage, whatever was configured", () => {
  assertEquals(under("optimistic", 0, "0"), [0, "0"]);
  assertEquals(under("optimistic", 3_000_000, "12.5"), [0, "0"]);
});

Deno.test("tradingParametersUnder() configured returns the same object", () => {
  const configured = parameters(70_000, "1.5");
  assertStrictEquals(tradingParametersUnder("configured", configured), configured);
});

Deno.test("tradingParametersUnder() pessimistic is three times as slow and as costly, exactly", () => {
  assertEquals(under("pessimistic", 100_000, "1.1"), [300_000, "3.3"]);
  const finest = "0.7000000000000000000001";
  assertEquals(under("pessimistic", 60_000_000, finest), [180_000_000, "2.1000000000000000000003"]);
});

Deno.test("tradingParametersUnder() pessimistic takes at least 250 ms, and at least 2 basis points", () => {
  assertEquals(under("pessimistic", 0, "0"), [250_000, "2"]);
  assertEquals(under("pessimistic", 83_333, "0.6666"), [250_000, "2"]);
  assertEquals(under("pessimistic", 83_334, "0.6667"), [250_002, "2.0001"]);
  assertEquals(under("pessimistic", 0, "5"), [250_000, "15"]);
  assertEquals(under("pessimistic", 1_000_000, "0"), [3_000_000, "2"]);
});

Deno.test("tradingParametersUnder() pessimistic keeps slippage below the whole price, so that a sale brings in something", () => {
  assertEquals(under("pessimistic", 0, "3333"), [250_000, "9999"]);
  assertEquals(under("pessimistic", 0, "3334"), [250_000, "9999"]);
  assertEquals(under("pessimistic", 0, "9999"), [250_000, "9999"]);
});

Deno.test("tradingParametersUnder() changes only latency and slippage, and not in the parameters it is given", () => {
  const configured = parameters(70_000, "1.5");
  for (const model of FILL_MODELS) {
    const { latency: _, slippage: __, ...rest } = tradingParametersUnder(model, configured);
    const { latency, slippage, ...expected } = configured;
    assertEquals(rest, expected);
    assertEquals([latency, plain(slippage)], [70_000, "1.5"]);
  }
});
