/** The rules with which a run in the test's process starts: requested, kept, remembered or missing. */
import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { ConfigError } from "../../src/domain/process/config_error.ts";
import { inScene, LiveScene, type Options, RestSide } from "./live_scene.ts";

/** Binance's answer for an instrument with this lot. */
function infoOf(lot: string, symbol = "BTCUSDT"): Response {
  const filters = [
    { filterType: "PRICE_FILTER", minPrice: "0.01", maxPrice: "1000000", tickSize: "0.01" },
    { filterType: "LOT_SIZE", minQty: lot, maxQty: "9000", stepSize: lot },
    { filterType: "NOTIONAL", minNotional: "5", maxNotional: "9000000" },
  ];
  const assets = { baseAsset: symbol.slice(0, 3), quoteAsset: "USDT" };
  return Response.json({ symbols: [{ symbol, status: "TRADING", ...assets, filters }] });
}

/** The lot of a run with its source, and what the run logs as it opens. */
async function opened(folder: string, rest: RestSide, options: Options, name: string) {
  const all = { ...rest.options, offlineInstruments: "off", ...options };
  await using scene = new LiveScene(folder, all, { recording: `${name}.txt` });
  const { shown, lines } = await scene.start();
  const { sources } =
    (shown as unknown as { readonly instrument: { readonly sources: Record<string, string> } })
      .instrument;
  await scene.stop();
  return { lot: [shown["lot"], sources["lot"]], text: lines.map(({ text }) => text).join("\n") };
}

Deno.test(
  "LiveRun keeps the rules that its run started with, and logs which rules the exchange has changed",
  inScene(async (folder) => {
    let lot: string | null = "0.001";
    await using rest = new RestSide(() => lot === null ? new Response("no", { status: 503 }) : infoOf(lot));
    const first = await opened(folder, rest, {}, "first");
    assertEquals(first.lot, ["0.001", "exchange"]);
    lot = "0.01";
    const resumed = await opened(folder, rest, {}, "resumed");
    assertEquals(resumed.lot[0], "0.001");
    assertMatch(
      resumed.text,
      /the exchange's rules for BTCUSDT have changed since this run started: .*0\.01/,
    );
    // A new run that cannot query the exchange uses the last answer.
    lot = null;
    const remembered = await opened(folder, rest, { newRun: "on" }, "remembered");
    assertEquals(remembered.lot[0], "0.01");
    assertMatch(String(remembered.lot[1]), /^journal of 20/);
  }),
);

Deno.test(
  "LiveRun does not start for a symbol that the exchange does not have, or without a lot if it queries no host",
  inScene(async (folder) => {
    await using rest = new RestSide(() =>
      Response.json({ code: -1121, msg: "Invalid symbol." }, { status: 400 })
    );
    const refused = async (options: Options) => {
      await using scene = new LiveScene(folder, { ...rest.options, symbol: "ABCUSDT", ...options });
      return (await assertRejects(() => scene.open(), ConfigError)).message;
    };
    assertStringIncludes(
      await refused({ offlineInstruments: "off" }),
      `symbol is "ABCUSDT": expected a symbol that the exchange has`,
    );
    assertEquals([...Deno.readDirSync(folder)], []);
    const text = await refused({ offlineInstruments: "on" });
    assertStringIncludes(
      text,
      "the lot and the tick of ABCUSDT are not known, and Penstock does not query the exchange",
    );
  }),
);
