/** Binance's COIN-M market counts contracts; every other market counts coins. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { formatResponse } from "../../src/simulator/http_request.ts";
import { Folder } from "../feeds/recorded_input.ts";
import { RawServer } from "../feeds/raw_server.ts";
import { eventsOf, penstock, type PrintedEvent } from "../support/penstock.ts";
import { startHere } from "../support/program_here.ts";
import { backtest, eventsFrom } from "./backtest_run.ts";

const OPTIONS = ["--short=1", "--long=3", "--participation=0.1"];
const HEADER = "id,price,qty,base_qty,time,is_buyer_maker";

/** Rows of eight contracts of 100 dollars each: 0.016 coins at 50,000. */
function rows(): string[][] {
  return Array.from({ length: 60 }, (_, at) => {
    const price = 50_000 + 100 * (at % 20 < 10 ? at % 20 : 20 - at % 20);
    return [
      ...[`${1000 + at}`, `${price}`, "8", (800 / price).toFixed(8)],
      ...[`${1_735_689_600_000 + at * 1000}`, "true"],
    ];
  });
}

function text(header: string | null): string {
  return [...(header === null ? [] : [header]), ...rows().map((row) => row.join(","))].join("\n");
}

function filled(events: readonly PrintedEvent[]): unknown[] {
  return events.filter(({ type }) => type === "fill").map(({ quantity }) => quantity);
}

Deno.test("penstock backtest takes a share of the coins that contracts stand for, not of the contracts", async () => {
  await using folder = new Folder();
  const file = await folder.write("trades.csv", text(HEADER));
  const quantities = filled(await eventsFrom([...OPTIONS, file]));
  // A tenth of about 0.016 coins a trade: a stake of 1,000 takes many trades.
  assertEquals(quantities[0], "0.00159");
  assertEquals(quantities.every((quantity) => Number(quantity) < 0.0017), true);
});

Deno.test("penstock backtest refuses a share of contracts without a column for coins", async () => {
  await using folder = new Folder();
  const bare = text(null);
  const named = await folder.write("BTCUSD_PERP-trades-2021-01-01.csv", bare);
  const other = await folder.write("trades.csv", bare);
  for (const args of [[named], ["--symbol=BTCUSD_250328", other]]) {
    const { code, stderr } = await backtest([...OPTIONS, ...args]);
    assertEquals(code, 3);
    assertStringIncludes(stderr, "are contracts, of which --participation cannot compute a share");
  }
  for (const bars of ["5v", "1000q"]) {
    const { code, stderr } = await backtest([...OPTIONS.slice(0, 2), `--bars=${bars}`, named]);
    assertEquals(code, 3);
    assertStringIncludes(stderr, "are contracts, of which --bars cannot compute a volume or a value");
  }
  // Nothing else depends on a quantity, and a USD-M symbol counts coins.
  assertEquals((await backtest([...OPTIONS.slice(0, 2), "--bars=2t", named])).code, 0);
  assertEquals((await backtest([...OPTIONS.slice(0, 2), named])).code, 0);
  assertEquals((await backtest([...OPTIONS, "--symbol=BTCUSDT_250328", other])).code, 0);
});

Deno.test("penstock backtest --instruments refuses the rules of a contract", async () => {
  await using folder = new Folder();
  const file = await folder.write("trades.csv", text(HEADER));
  const filters = [{ filterType: "LOT_SIZE", stepSize: "1" }, {
    filterType: "PRICE_FILTER",
    tickSize: "0.1",
  }];
  const symbols = [{ symbol: "BTCUSD_PERP", contractSize: 100, filters }];
  const info = await folder.write("info.json", JSON.stringify({ symbols }));
  const { code, stderr } = await backtest(["--symbol=BTCUSD_PERP", `--instruments=${info}`, file]);
  assertEquals(code, 2);
  assertStringIncludes(
    stderr,
    "BTCUSD_PERP is counted in contracts (contractSize 100), and Penstock trades coins",
  );
});

Deno.test("penstock run refuses a symbol that is counted in contracts, and a share of one", async () => {
  const symbols = [{ symbol: "BTCUSD_PERP", contractSize: 100, filters: [] }];
  await using server = RawServer.listen(async (visit) => {
    await visit.write(formatResponse(200, JSON.stringify({ symbols })));
    visit.end();
  });
  const { endpoint } = server;
  const args = ["run", "--state=none", "--symbol=btcusd_perp", "--endpoint", endpoint];
  const asked = await penstock(...args, "--rest-endpoint", endpoint.replace("ws:", "http:"));
  assertEquals(asked.code, 2);
  assertStringIncludes(asked.stderr, "expected a symbol that is counted in coins (127.0.0.1:");
  const share = await penstock(...args, "--participation=0.1", "--lot=0.001", "--tick=0.1");
  assertEquals(share.code, 2);
  assertStringIncludes(
    share.stderr,
    "--participation does not apply to BTCUSD_PERP: its quantities are contracts",
  );
  // The built-in exchange counts coins, whatever the name of its symbol.
  const demo = [
    "demo",
    "--json",
    "--symbol=BTCUSD_PERP",
    "--participation=1",
    "--stop-after=100",
    "--rate=500",
  ];
  await using program = startHere([...demo, "--short=1", "--long=3"]);
  const { code, stdout, stderr } = await program.finished();
  assertEquals(code, 0, stderr);
  assertEquals(filled(eventsOf(stdout)).length > 0, true);
});
