import { assertEquals } from "@std/assert";
import { assets } from "../../../src/views/terminal/assets.ts";

Deno.test("assets() splits a symbol before the longest quote currency that fits", () => {
  const split = (symbol: string) => Object.values(assets(symbol)).join(" ");
  assertEquals(
    ["BTCUSDT", "BTCFDUSD", "ETHBTC", "1000SATSUSDC", "BTCTUSD", "USDTTRY"].map(split),
    ["BTC USDT", "BTC FDUSD", "ETH BTC", "1000SATS USDC", "BTC TUSD", "USDT TRY"],
  );
});

Deno.test("assets() returns placeholders for a symbol that it does not know", () => {
  for (const symbol of ["USDT", "ABCXYZ", ""]) assertEquals(assets(symbol), { base: "base", quote: "quote" });
});

Deno.test("assets() escapes what would steer a terminal in a name", () => {
  const { base, quote } = assets("BTCUSDT", { base: "B\x1b[2J", quote: "\u202eUSDT\n" });
  assertEquals([base, quote], ["B\\u{1b}[2J", "\\u{202e}USDT\\u{a}"]);
});
