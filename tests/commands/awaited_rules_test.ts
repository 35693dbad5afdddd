/**
 * A run that starts before the instrument's rules are known: no order, no stored guess, and the same fills on replay.
 */
import { assert, assertEquals, assertGreater, assertMatch, assertStringIncludes } from "@std/assert";
import { inFolder, refuseEntries } from "../stores/sample_journal.ts";
import { inProcess } from "../support/in_process.ts";
import { finishHere, startHere } from "../support/program_here.ts";
import { commandLine, eventsOf, type Penstock, penstock, type PrintedEvent } from "../support/penstock.ts";
import { hasScript, OwnTerminal } from "../views/own_terminal.ts";
import { traded } from "./backtest_run.ts";
import { ChangingExchange } from "./changing_exchange.ts";
import { assertRun } from "./event_contract.ts";
import { wholeEntries } from "./reference_run.ts";

const SILENT = { status: 503, body: "{}", headers: {} };
/** A symbol that is not in the built-in table. */
const OPTIONS = ["--symbol=PEPEUSDT", "--short=5", "--long=20"];

function exchangeOf(): ChangingExchange {
  const exchange = new ChangingExchange({ symbol: "PEPEUSDT", rate: 200 });
  exchange.answer = SILENT;
  exchange.filters = { LOT_SIZE: { stepSize: "0.00300000" }, PRICE_FILTER: { tickSize: "0.50000000" } };
  return exchange;
}

function start(folder: string, name: string, ...args: readonly string[]): Penstock {
  const options = args.some((arg) => arg.startsWith("--short")) ? OPTIONS.slice(0, 1) : OPTIONS;
  return startHere(
    ["run", "--json", "--state", `${folder}/run.db`, "--record", `${folder}/${name}`, ...options, ...args],
  );
}

/** The rules in an entry's options, with their sources. */
function lotOf(content: Readonly<Record<string, unknown>>, of = "options"): unknown[] {
  const { sources } = content["instrument"] as { readonly sources: Record<string, string> };
  const { lot, minNotional } = content[of] as Record<string, unknown>;
  return [lot, minNotional, sources["lot"], sources["minNotional"]];
}

function isUnruled(event: object): boolean {
  return "reason" in event && event.reason === "no-rules";
}

Deno.test("penstock run places no order before the rules are known, and its journal and recording agree afterwards", () =>
  inFolder(async (folder) => {
    await using exchange = exchangeOf();
    let first: readonly PrintedEvent[];
    {
      await using program = start(folder, "1.txt", "--slippage=3", ...exchange.args);
      for (let refusals = 0; refusals < 3; refusals++) await program.event("refusal", isUnruled);
      const { stdout: waiting } = await inProcess("status", `${folder}/run.db`);
      assertStringIncludes(waiting, "NO ORDERS: the exchange has not sent the lot and tick of PEPEUSDT");
      assertMatch(waiting, /(buy|sell) refused \(no-rules\): the rules have not arrived, trade \d+/);
      exchange.answer = null;
      await program.event("rules");
      await program.event("fill");
      await program.event("fill");
      program.signal("SIGINT");
      const { code, stdout, stderr } = await program.finished();
      assertEquals(code, 0, stderr);
      first = eventsOf(stdout);
      assertRun(first);
      assertStringIncludes(
        stderr,
        "no order is placed until the exchange sends the lot and the tick of PEPEUSDT",
      );
      assertMatch(
        stderr,
        /the rules of PEPEUSDT have arrived: lot 0\.003, .*\(exchange\)\. Orders are placed/,
      );
    }
    const at = first.findIndex(({ type }) => type === "rules");
    assertEquals(first.slice(0, at).filter(({ type }) => type === "fill"), []);
    assertEquals(first.slice(at).filter(isUnruled), []);
    for (const { quantity } of first.filter(({ type }) => type === "fill")) {
      assertEquals(Number(quantity) * 1000 % 3, 0);
    }

    const entries = await wholeEntries(`${folder}/run.db`);
    assertEquals(lotOf(entries[0]!.content), [null, null, "awaited", "awaited"]);
    const rules = entries.find(({ type }) => type === "rules")!;
    assertEquals(lotOf(rules.content, "rules"), ["0.003", "5", "exchange", "exchange"]);

    // The next process knows the rules although the exchange does not send them.
    exchange.answer = SILENT;
    {
      await using program = start(folder, "2.txt", "--slippage=3", ...exchange.args);
      await program.event("fill");
      program.signal("SIGINT");
      const { code, stdout, stderr } = await program.finished();
      assertEquals(code, 0, stderr);
      const events = eventsOf(stdout);
      assertEquals(events.filter(isUnruled), []);
      const config = events[0]!.config as { lot: string; instrument: { sources: Record<string, string> } };
      assertEquals(config.lot, "0.003");
      assertMatch(config.instrument.sources["lot"]!, /^journal of /);
    }
    const verified = await inProcess("verify", `${folder}/run.db`, `${folder}/1.txt`, `${folder}/2.txt`);
    assertEquals([verified.code, verified.stderr], [0, ""], verified.stdout);

    const again = await inProcess("backtest", "--json", "--slippage=3", ...OPTIONS, `${folder}/1.txt`);
    assertEquals(again.code, 0, again.stderr);
    const repeated = traded(eventsOf(again.stdout));
    assertEquals(repeated, traded(first));
    assertGreater(repeated.filter(isUnruled).length, 2);
    const { stdout: report } = await inProcess("backtest", "--slippage=3", ...OPTIONS, `${folder}/1.txt`);
    assertMatch(report, /^ {2}lot 0\.003, tick 0\.5, /m);
    // Rules that a user gives are known from the start.
    const given = await inProcess(
      ...["backtest", "--json", "--lot=0.003", "--tick=0.5", ...OPTIONS, `${folder}/1.txt`],
    );
    const events = eventsOf(given.stdout);
    assertEquals(events.filter(isUnruled), []);
    assertGreater(
      events.filter(({ type }) => type === "fill").length,
      repeated.filter(({ type }) => type === "fill").length,
    );
    const journal = await inProcess(
      ...["backtest", "--json", "--instruments", `${folder}/run.db`, ...OPTIONS, `${folder}/2.txt`],
    );
    assertEquals((eventsOf(journal.stdout)[0]!.config as Record<string, unknown>)["lot"], "0.003");
  }));

Deno.test("penstock run logs why rules do not arrive, and ends cleanly when it cannot keep those that have arrived", () =>
  inFolder(async (folder) => {
    await using exchange = exchangeOf();
    // There is no crossing, so there is nothing to keep but the rules.
    const windows = ["--short=400000", "--long=500000"];
    await using program = start(folder, "1.txt", ...windows, ...exchange.args);
    await program.logged("the rules of PEPEUSDT have not arrived yet: ");
    refuseEntries(`${folder}/run.db`, "rules");
    exchange.answer = null;
    const { code, stdout, stderr } = await program.finished();
    assertEquals(code, 1, stderr);
    assertMatch(stderr, /^penstock: Cannot write to the journal .*run\.db: rules refused/m);
    // At once, not only at the next heartbeat.
    assert(!stderr.includes("It accepts nothing more"), stderr);
    const events = eventsOf(stdout);
    assertEquals([events.at(-1)!.type, events.some(({ type }) => type === "rules")], ["summary", false]);
    assert(Deno.readTextFileSync(`${folder}/1.txt`).endsWith(`{"penstock":{"event":"ended"}}\n`));
  }));

Deno.test({
  name:
    "penstock run shows on its status line that it waits for rules, and names the assets once they arrive",
  ignore: !hasScript(),
  fn: async () => {
    await using exchange = exchangeOf();
    exchange.fields = { baseAsset: "PEPEU", quoteAsset: "SDT" };
    const words = [Deno.execPath(), ...commandLine(["run", "--state=none", ...OPTIONS, ...exchange.args])];
    // Wide enough for the assets' names.
    await using terminal = new OwnTerminal(words, {}, 160);
    await terminal.shows(/● waiting for rules [^\n]* USDT /);
    exchange.answer = null;
    await terminal.shows(/rules of PEPEUSDT have arrived[^]*● (?!waiting for rules)[^\n]* SDT /);
    await terminal.type("\x03");
    assertEquals((await terminal.finished()).code, 0);
  },
});

Deno.test("penstock run, resumed before it has any rules, requests them again", () =>
  inFolder(async (folder) => {
    await using exchange = exchangeOf();
    {
      await using program = start(folder, "1.txt", ...exchange.args);
      await program.event("refusal", isUnruled);
      program.signal("SIGINT");
      assertEquals((await program.finished()).code, 0);
    }
    exchange.answer = null;
    await using program = start(folder, "2.txt", ...exchange.args);
    await program.event("fill");
    program.signal("SIGINT");
    assertEquals((await program.finished()).code, 0);
    const resumed = (await wholeEntries(`${folder}/run.db`)).find(({ type }) => type === "resumed")!;
    assertEquals(lotOf(resumed.content), ["0.003", "5", "exchange", "exchange"]);
    const verified = await inProcess("verify", `${folder}/run.db`, `${folder}/1.txt`, `${folder}/2.txt`);
    assertEquals([verified.code, verified.stderr], [0, ""], verified.stdout);
  }));

Deno.test("penstock run refuses to start if rules are missing and it may not request them, and says which are", async () => {
  await using exchange = exchangeOf();
  const { endpoint, restEndpoint } = exchange.exchange;
  const cases = [
    [["--rest-endpoint", restEndpoint, "--offline-instruments"], "--offline-instruments is given"],
    [["--rest-endpoint", restEndpoint, "--backfill=off"], "--backfill off makes no REST requests"],
    [[], "--rest-endpoint is not given. Give --lot and --tick, or give --rest-endpoint"],
  ] as const;
  for (const [args, why] of cases) {
    const { code, stdout, stderr } = await penstock(
      ...["run", "--json", "--state=none", "--endpoint", endpoint, ...OPTIONS, ...args],
    );
    assertEquals([code, stdout], [2, ""]);
    assertStringIncludes(
      stderr,
      "the lot and the tick of PEPEUSDT are not known, and Penstock does not query the exchange: ",
    );
    assertStringIncludes(stderr, why);
  }
  const known = ["--lot=1", "--tick=0.1", "--offline-instruments", "--stop-after=5"];
  const { code } = await finishHere("run", "--state=none", "--endpoint", endpoint, ...OPTIONS, ...known);
  assert(code === 0);
});
