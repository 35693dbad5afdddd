/** Symbols with more than ASCII letters, in everything that a run and its files do. */
import { assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import { inFolder } from "../stores/sample_journal.ts";
import { inProcess } from "../support/in_process.ts";
import { eventsOf } from "../support/penstock.ts";
import { startHere } from "../support/program_here.ts";
import { traded } from "./backtest_run.ts";

const OPTIONS = ["--short=3", "--long=9"];

Deno.test("penstock trades, records, keeps, verifies and repeats symbols in any script and names of contracts", () =>
  inFolder(async (folder) => {
    for (const symbol of ["币安人生USDT", "BTCUSDT_250328", "BTCUSD_PERP"]) {
      const [journal, recording] = [`${folder}/${symbol}.db`, `${folder}/${symbol}.txt.gz`];
      await using program = startHere(
        [
          ...[
            "demo",
            "--json",
            "--rate=500",
            "--stop-after=400",
            "--symbol",
            symbol.toLowerCase(),
            ...OPTIONS,
          ],
          // Missed trades are requested by the symbol's name, too.
          ...["--faults=drop@100", "--retry-max=250ms", "--state", journal, "--record", recording],
        ],
      );
      const { code, stdout, stderr } = await program.finished();
      assertEquals(code, 0, stderr);
      const events = eventsOf(stdout);
      const fills = events.filter(({ type }) => type === "fill");
      assertGreater(fills.length, 3);
      assertEquals(new Set(fills.map((fill) => fill["symbol"])), new Set([symbol]));
      const [gap] = events.filter(({ type }) => type === "gap");
      if (gap !== undefined) assertEquals(gap["filled"], gap["missing"]);
      const { trades, exchangeInfo } = {
        ...(events.at(-1) as unknown as { trades: number }),
        ...(events[0]!["config"] as { instrument: { exchangeInfo: { base: string } } }).instrument,
      };
      assertEquals(trades, 400);

      const verified = await inProcess("verify", journal, recording);
      assertEquals([verified.code, verified.stderr], [0, ""], verified.stdout);
      const again = await inProcess(
        ...["backtest", "--json", "--instruments", journal, "--symbol", symbol, ...OPTIONS, recording],
      );
      assertEquals(traded(eventsOf(again.stdout)), traded(events), again.stderr);
      const status = await inProcess("status", journal);
      assertEquals(status.code, 0);
      assertStringIncludes(status.stdout, `Run 1 of ${symbol} in `);
      assertStringIncludes(status.stdout, `quantity, ${exchangeInfo.base}`);
    }
  }));

Deno.test("penstock shows the assets that the exchange names, however the symbol is spelled", () =>
  inFolder(async (folder) => {
    const trades = Array.from({ length: 60 }, (_, at) => {
      const price = 100 + (at % 20 < 10 ? at % 20 : 20 - at % 20);
      return `${1000 + at},${price},1,${price},${1735689600000 + at * 1000},true`;
    });
    await Deno.writeTextFile(`${folder}/XYZ-trades-2025-01-01.csv`, trades.join("\n"));
    const filters = [
      { filterType: "LOT_SIZE", stepSize: "0.01" },
      { filterType: "PRICE_FILTER", tickSize: "0.01" },
    ];
    const info = { symbols: [{ symbol: "XYZ", baseAsset: "币", quoteAsset: "YZ", filters }] };
    await Deno.writeTextFile(`${folder}/info.json`, JSON.stringify(info));
    const { code, stdout, stderr } = await inProcess(
      ...["backtest", "--symbol=XYZ", "--instruments", `${folder}/info.json`, ...OPTIONS],
      `${folder}/XYZ-trades-2025-01-01.csv`,
    );
    assertEquals(code, 0, stderr);
    assertStringIncludes(stdout, "start cash 10,000.00 YZ");
    const line = (label: string) => stdout.split("\n").find((line) => line.includes(label))!;
    // As wide as the others, although one of its characters takes two columns.
    assertEquals(line("open position, 币").length + 1, line("open profit, YZ").length);
  }));
