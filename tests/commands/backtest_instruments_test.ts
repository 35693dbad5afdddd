/** The instrument of a backtest: from options, a saved exchangeInfo answer or a journal, never from today's rules. */
import { assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import { BuiltInExchange } from "../../src/simulator/server.ts";
import { Folder } from "../feeds/recorded_input.ts";
import { inProcess } from "../support/in_process.ts";
import { eventsOf, FLAGS, Penstock, type PrintedEvent } from "../support/penstock.ts";
import { csvText, walk } from "../support/trade_files.ts";
import { backtest, eventsFrom, traded } from "./backtest_run.ts";

const CSV = csvText(walk(9, 1_500));
const FILTERS = [
  { filterType: "LOT_SIZE", stepSize: "0.00200000", minQty: "0.00000000", maxQty: "50.00000000" },
  { filterType: "PRICE_FILTER", tickSize: "0.50000000" },
];

function saved(filters: unknown = FILTERS, symbol = "BTCUSDT"): string {
  return JSON.stringify({
    symbols: [{ symbol: "ETHUSDT", filters: [] }, { symbol, status: "BREAK", filters }],
  });
}

/** Some rules in the `started` event, with their sources. */
function rules([started]: readonly PrintedEvent[]): string[] {
  const config = started!.config as Record<string, string | null> & {
    readonly instrument: { readonly sources: Record<string, string> };
  };
  return ["lot", "tick", "maxQuantity", "minNotional"].map((rule) =>
    `${config[rule]} ${config.instrument.sources[rule]}`
  );
}

Deno.test("penstock backtest takes the instrument from options and defaults unless a file is given", async () => {
  await using folder = new Folder();
  const trades = await folder.write("trades.csv", CSV);
  const events = await eventsFrom(["--tick=0.1", trades]);
  assertEquals(rules(events), ["0.00001 default", "0.1 command line", "null default", "5 default"]);
});

Deno.test("penstock backtest --instruments takes the rules from a saved exchangeInfo answer, unless options give others", async () => {
  await using folder = new Folder();
  const trades = await folder.write("trades.csv", CSV);
  const file = await folder.write("info.json", saved());
  const events = await eventsFrom([`--instruments=${file}`, "--tick=0.1", trades]);
  const source = `exchangeInfo in ${file}`;
  assertEquals(rules(events), [`0.002 ${source}`, "0.1 command line", `50 ${source}`, "5 default"]);
  const given = await eventsFrom(["--lot=0.002", "--max-quantity=50", "--tick=0.1", trades]);
  assertEquals(traded(events), traded(given));
  assertGreater(traded(events).filter(({ type }) => type === "fill").length, 10);
});

Deno.test("penstock backtest --instruments refuses a file without rules for the symbol, with exit code 2", async () => {
  await using folder = new Folder();
  const trades = await folder.write("trades.csv", CSV);
  const cases: [string, string][] = [
    [saved(FILTERS, "BTCEUR"), "expected an answer that includes BTCUSDT"],
    ["[1", "expected a saved exchangeInfo answer or a journal, but it is neither: "],
    ["[1]", "the answer is [1], expected an object"],
    [
      saved([{ filterType: "LOT_SIZE", stepSize: "much" }]),
      `stepSize of LOT_SIZE is "much", expected a decimal`,
    ],
  ];
  for (const [text, expected] of cases) {
    const file = await folder.write("info.json", text);
    const { code, stdout, stderr } = await backtest([`--instruments=${file}`, trades]);
    assertEquals([code, stdout], [2, ""]);
    assertStringIncludes(stderr, `penstock: --instruments ${file}: ${expected}`);
  }
  const { code, stderr } = await backtest(["--instruments=/nowhere/info.json", trades]);
  assertEquals([code, stderr], [2, "penstock: --instruments /nowhere/info.json: there is no such file"]);
});

Deno.test({
  name: "penstock backtest --instruments JOURNAL repeats a recorded run under the rules of that run",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using folder = new Folder();
    const [journal, recording] = [`${folder.path}/run.db`, `${folder.path}/run.txt`];
    await using exchange = BuiltInExchange.listen({
      rate: 1_000,
      onRest: ({ pathname }, answer) =>
        pathname.endsWith("exchangeInfo") ? { ...answer, body: saved() } : answer,
    });
    await using program = Penstock.start([
      ...["run", "--json", "--stop-after=800", "--state", journal, "--record", recording],
      ...["--endpoint", exchange.endpoint, "--rest-endpoint", exchange.restEndpoint, "--min-notional=7"],
    ], [...FLAGS, `--allow-write=${folder.path}`]);
    const { code, stdout } = await program.finished();
    assertEquals(code, 0);
    const live = eventsOf(stdout);
    assertEquals(rules(live), ["0.002 exchange", "0.5 exchange", "50 exchange", "7 command line"]);

    const events = await eventsFrom([`--instruments=${journal}`, recording]);
    const [lot, , , minNotional] = rules(events);
    assertEquals(lot!.slice(0, lot!.indexOf(", started ")), `0.002 run 1 in ${journal}`);
    assertEquals(minNotional!.slice(0, 8), "7 run 1 ");
    assertEquals(traded(events), traded(live));
    assertGreater(traded(events).filter(({ type }) => type === "fill").length, 4);
    const proof = await inProcess("verify", journal, recording);
    assertEquals([proof.code, proof.stderr], [0, ""]);
    // With the defaults the quantities would be different.
    const others = traded(await eventsFrom([recording]));
    assertEquals(JSON.stringify(others) === JSON.stringify(traded(live)), false);

    const trades = await folder.write("trades.csv", CSV);
    const wrong = await backtest([`--instruments=${journal}`, "--symbol=ETHUSDT", trades]);
    assertEquals([wrong.code, wrong.stdout], [2, ""]);
    assertStringIncludes(wrong.stderr, "expected a journal that holds a run of ETHUSDT");
  },
});
