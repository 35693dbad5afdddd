/** The instrument of a run: which host it queries, which rules apply, and what it logs about them. */
import { assertEquals, assertGreater, assertMatch, assertStringIncludes } from "@std/assert";
import { isoTime } from "../../src/domain/numbers/time.ts";
import { formatResponse } from "../../src/simulator/http_request.ts";
import { RawServer, type Visit } from "../feeds/raw_server.ts";
import { inFolder } from "../stores/sample_journal.ts";
import {
  DEAD_ENDPOINT,
  eventsOf,
  type Finished,
  FLAGS,
  PATIENTLY,
  Penstock,
  type PrintedEvent,
  within,
} from "../support/penstock.ts";
import { startHere } from "../support/program_here.ts";
import { ChangingExchange } from "./changing_exchange.ts";
import { assertRun } from "./event_contract.ts";
import { wholeEntries } from "./reference_run.ts";

const RULES = ["lot", "tick", "minQuantity", "maxQuantity", "minNotional", "maxNotional"] as const;

/** Runs `penstock run` to its end, in `folder` if given; returns its output. */
async function run(args: readonly string[], folder?: string): Promise<Finished> {
  await using program = start(args, folder);
  return await program.finished();
}

/** The same in its own process, with its own permissions and configuration file. */
async function runApart(args: readonly string[]): Promise<Finished> {
  const line = ["run", "--json", "--stop-after=400", "--state=none", ...args];
  await using program = Penstock.start(line, [...FLAGS, PATIENTLY]);
  return await program.finished();
}

function start(args: readonly string[], folder?: string): Penstock {
  const state = folder === undefined ? "none" : `${folder}/run.db`;
  // A run asks for two seconds, in which a busy machine may not let this process answer.
  return startHere(["run", "--json", "--stop-after=400", "--state", state, ...args], { isPatient: true });
}

interface Good {
  readonly events: PrintedEvent[];
  readonly log: string;
}

/** Asserts that a run ended successfully; returns its events and log. */
async function goodRun(args: readonly string[], folder?: string): Promise<Good> {
  return assertGood(await run(args, folder));
}

function assertGood({ code, stdout, stderr }: Finished): Good {
  assertEquals(code, 0, stderr);
  const events = eventsOf(stdout);
  // The summary of a resumed run includes what came before.
  if (!stderr.includes(" resumes after ")) assertRun(events);
  return { events, log: stderr };
}

/** The rules in a `started` event, each as its value and source. */
function rulesIn(events: readonly PrintedEvent[]): Record<string, string> {
  const config = events[0]!.config as Record<string, string | null> & {
    readonly instrument: { readonly sources: Record<string, string> };
  };
  return Object.fromEntries(
    RULES.map((rule) => [rule, `${config[rule]} ${config.instrument.sources[rule]}`]),
  );
}

/** The lines of a log without their times, after the one that lists the remaining permissions. */
function lines(log: string): string[] {
  return log.split("\n").slice(1).map((line) => line.replace(/^[\d:.]+ /, ""));
}

function warnings(log: string): string[] {
  return lines(log).filter((line) => line.startsWith("WARN"));
}

Deno.test("penstock run trades by the exchange's rules, and names them in event, log and journal", () =>
  inFolder(async (folder) => {
    await using exchange = new ChangingExchange();
    exchange.filters = {
      LOT_SIZE: { stepSize: "0.00300000", minQty: "0.00600000" },
      PRICE_FILTER: { tickSize: "0.50000000" },
      NOTIONAL: { minNotional: "0.00000000" },
    };
    const { events, log } = await goodRun(exchange.args, folder);
    const rules = {
      lot: "0.003 exchange",
      tick: "0.5 exchange",
      minQuantity: "0.006 exchange",
      maxQuantity: "100 exchange",
      minNotional: "0 exchange",
      maxNotional: "null exchange",
    };
    assertEquals(rulesIn(events), rules);
    assertEquals(exchange.asked.filter((path) => path.startsWith("exchangeInfo")), [
      "exchangeInfo?symbol=BTCUSDT",
    ]);
    assertEquals(
      lines(log)[1],
      "INFO  instrument BTCUSDT: lot 0.003, tick 0.5, min-quantity 0.006, max-quantity 100, min-notional 0, " +
        "max-notional none (exchange)",
    );
    const fills = events.filter(({ type }) => type === "fill");
    assertGreater(fills.length, 2);
    // 1000 at about 60000 is 0.0166…: five lots of 0.003.
    assertEquals(new Set(fills.map(({ quantity }) => quantity)), new Set(["0.015"]));

    const { instrument, ...options } = events[0]!.config as Record<string, unknown>;
    const [started] = await wholeEntries(`${folder}/run.db`);
    assertEquals([started!.content["options"], started!.content["instrument"]], [options, instrument]);
    const { host, status, rules: said } =
      (instrument as { exchangeInfo: Record<string, unknown> }).exchangeInfo;
    assertEquals([host, status], [exchange.exchange.restEndpoint.slice("http://".length), "TRADING"]);
    assertEquals((said as Record<string, string>)["maxNotional"], "0");
  }));

Deno.test("penstock run lets options and the configuration file override the exchange", () =>
  inFolder(async (folder) => {
    await using exchange = new ChangingExchange();
    await Deno.writeTextFile(`${folder}/my.json`, `{"lot": "0.01", "maxQuantity": 0}`);
    const { events } = assertGood(
      await runApart([
        ...exchange.args,
        ...["--config", `${folder}/my.json`, "--min-notional=2000", "--lot=0.02"],
      ]),
    );
    assertEquals(rulesIn(events), {
      lot: "0.02 command line",
      tick: "0.01 exchange",
      minQuantity: "0.00001 exchange",
      maxQuantity: "null file",
      minNotional: "2000 command line",
      maxNotional: "null exchange",
    });
    const reasons = events.filter(({ type }) => type === "refusal").map(({ reason }) => reason);
    assertEquals(new Set(reasons), new Set(["lot", "no-position"]));
  }));

Deno.test("penstock run refuses orders outside the exchange's limits", async () => {
  await using exchange = new ChangingExchange();
  const refusals = async () => {
    const { events } = await goodRun(exchange.args);
    return events.filter(({ type }) => type === "refusal").filter(({ reason }) => reason !== "no-position");
  };
  exchange.filters = { MARKET_LOT_SIZE: { maxQty: "0.01" } };
  const [large] = await refusals();
  assertEquals([large!.reason, large!.limit], ["max-quantity", "0.01"]);
  assertGreater(Number(large!.value), 0.01);
  exchange.filters = { NOTIONAL: { maxNotional: "900", applyMaxToMarket: true } };
  const [dear] = await refusals();
  assertEquals([dear!.reason, dear!.limit], ["max-notional", "900"]);
  exchange.filters = { LOT_SIZE: { minQty: "0.02" } };
  const [small] = await refusals();
  assertEquals([small!.reason, small!.value], ["lot", "1000"]);
});

Deno.test("penstock run, resumed, keeps the rules that it started with, and logs what the exchange has changed", () =>
  inFolder(async (folder) => {
    await using exchange = new ChangingExchange();
    await goodRun(exchange.args, folder);
    const same = await goodRun(exchange.args, folder);
    assertEquals(warnings(same.log), []);
    exchange.filters = { LOT_SIZE: { stepSize: "0.00100000" }, MARKET_LOT_SIZE: { maxQty: "0" } };
    const { events, log } = await goodRun(exchange.args, folder);
    const startedAt = (await wholeEntries(`${folder}/run.db`))[0]!.time;
    const { lot, maxQuantity } = rulesIn(events);
    assertEquals(lot, `0.00001 journal of ${isoTime(startedAt)}`);
    assertEquals(maxQuantity, `100 journal of ${isoTime(startedAt)}`);
    assertEquals(warnings(log), [
      "WARN  the exchange's rules for BTCUSDT have changed since this run started: lot was 0.00001 and is 0.001, " +
      "max-quantity was 100 and is 9000. The run keeps its own; --new-run starts another with today's",
    ]);
    const again = await goodRun([...exchange.args, "--new-run"], folder);
    assertEquals(rulesIn(again.events).lot, "0.001 exchange");
    // A rule that the user gives must stay the same for the whole run.
    const { code, stderr } = await run([...exchange.args, "--lot=0.1"], folder);
    assertEquals(code, 2);
    assertStringIncludes(stderr, "cannot resume with other options: lot was 0.001 and is 0.1. ");
  }));

Deno.test("penstock run remembers the exchange's rules for when the exchange does not answer", () =>
  inFolder(async (folder) => {
    await using exchange = new ChangingExchange();
    exchange.filters = { LOT_SIZE: { stepSize: "0.00200000" } };
    const { events } = await goodRun(exchange.args, folder);
    const { instrument } = events[0]!.config as { instrument: { exchangeInfo: { time: string } } };
    exchange.answer = { status: 503, body: "{}", headers: {} };
    for (let run = 0; run < 2; run++) {
      const { events, log } = await goodRun([...exchange.args, "--new-run"], folder);
      assertEquals(rulesIn(events).lot, `0.002 journal of ${instrument.exchangeInfo.time}`);
      const { exchangeInfo } = (events[0]!.config as { instrument: typeof instrument }).instrument;
      assertEquals(exchangeInfo, instrument.exchangeInfo);
      const [warning, ...more] = warnings(log);
      assertEquals(more, []);
      assertStringIncludes(warning!, "could not be queried for the rules of BTCUSDT: 127.0.0.1:");
      assertStringIncludes(warning!, "failed: HTTP 503");
    }
  }));

Deno.test("penstock run uses the built-in rules if the exchange is out of reach and the journal has none", async () => {
  await using exchange = new ChangingExchange();
  const rest = DEAD_ENDPOINT.replace("ws:", "http:");
  const { events, log } = await goodRun(["--endpoint", exchange.exchange.endpoint, "--rest-endpoint", rest]);
  assertEquals(rulesIn(events).maxQuantity, "9000 built-in");
  const [warning, ...more] = warnings(log);
  assertStringIncludes(
    warning!,
    "(built-in); the exchange could not be queried: nothing answers at 127.0.0.1:",
  );
  assertEquals(more, []);
  assertEquals(log.includes("penstock demo"), false);
});

Deno.test("penstock run names the permission missing to request the rules, and continues", async () => {
  await using exchange = new ChangingExchange();
  const rest = exchange.exchange.restEndpoint.replace("127.0.0.1", "localhost");
  const { log } = assertGood(
    await runApart(["--endpoint", exchange.exchange.endpoint, "--rest-endpoint", rest]),
  );
  const host = rest.slice("http://".length);
  const [warning, ...more] = warnings(log);
  assertEquals(more, []);
  assertStringIncludes(warning!, `No permission to reach ${host}: allow it with --allow-net=${host}`);
});

Deno.test("penstock run names the part of an answer that it cannot use, and uses the rest", async () => {
  await using exchange = new ChangingExchange();
  exchange.filters = { LOT_SIZE: { stepSize: 0.5, maxQty: "7" } };
  const { events, log } = await goodRun(exchange.args);
  assertEquals([rulesIn(events).lot, rulesIn(events).maxQuantity], ["0.00001 built-in", "7 exchange"]);
  assertStringIncludes(warnings(log)[0]!, "stepSize of LOT_SIZE is 0.5, expected a decimal amount as text");
});

Deno.test("penstock run ends before it has started if the exchange has no such symbol", () =>
  inFolder(async (folder) => {
    await using exchange = new ChangingExchange();
    const { code, stdout, stderr } = await run([...exchange.args, "--symbol=nosuchusdt"], folder);
    assertEquals([code, stdout], [2, ""]);
    assertMatch(
      stderr,
      /^penstock: --symbol is "NOSUCHUSDT": expected a symbol that the exchange has \(127\.0\.0\.1:.*-1121: Invalid symbol\.\)$/,
    );
    assertEquals([...Deno.readDirSync(folder)], []);
  }));

Deno.test("penstock run warns about a symbol that is not traded, and continues", async () => {
  await using exchange = new ChangingExchange();
  exchange.status = "BREAK";
  const { events, log } = await goodRun(exchange.args);
  assertGreater(events.filter(({ type }) => type === "fill").length, 0);
  assertMatch(warnings(log)[0]!, /BTCUSDT is not traded now: 127\.0\.0\.1:\d+ reports BREAK\./);
});

Deno.test("penstock run --offline-instruments queries no host, and logs it", async () => {
  await using exchange = new ChangingExchange();
  const { events, log } = await goodRun([...exchange.args, "--offline-instruments", "--tick=0.1"]);
  assertEquals(exchange.asked.filter((path) => path.startsWith("exchangeInfo")), []);
  const { lot, tick, maxQuantity } = rulesIn(events);
  assertEquals([lot, tick, maxQuantity], ["0.00001 built-in", "0.1 command line", "9000 built-in"]);
  assertStringIncludes(lines(log)[1]!, "; Penstock does not query the exchange (--offline-instruments)");
  assertEquals(warnings(log), []);
});

Deno.test("penstock run queries no host for another stream, or with --backfill off", async () => {
  await using exchange = new ChangingExchange();
  const { endpoint } = exchange.exchange;
  for (
    const [args, why] of [
      [["--endpoint", endpoint], "--endpoint is another address and --rest-endpoint is not given"],
      [[...exchange.args, "--backfill=off"], "--backfill off makes no REST requests"],
    ] as const
  ) {
    const { events, log } = await goodRun(args);
    assertEquals(rulesIn(events).lot, "0.00001 built-in");
    assertStringIncludes(lines(log)[1]!, why);
  }
  assertEquals(exchange.asked, []);
});

/** A REST side that answers on demand, or never. */
function hesitating(): { server: RawServer; asked: Promise<Visit> } {
  const asked = Promise.withResolvers<Visit>();
  const server = RawServer.listen((visit) => {
    asked.resolve(visit);
    return Promise.resolve();
  });
  return { server, asked: asked.promise };
}

Deno.test("penstock run connects before the exchange answers, and starts with the rules in the answer", async () => {
  const connected = Promise.withResolvers<void>();
  await using exchange = new ChangingExchange({
    onEvent: ({ type }) => type === "connected" && connected.resolve(),
  });
  const { server, asked } = hesitating();
  await using _server = server;
  const { endpoint } = exchange.exchange;
  const rest = server.endpoint.replace("ws:", "http:");
  await using program = start(["--endpoint", endpoint, "--rest-endpoint", rest]);
  const visit = await within(asked, "the question");
  await within(connected.promise, "the connection to the stream");
  const filters = [{ filterType: "LOT_SIZE", stepSize: "0.5" }];
  const body = JSON.stringify({ symbols: [{ symbol: "BTCUSDT", status: "TRADING", filters }] });
  await visit.write(formatResponse(200, body));
  visit.end();
  const { code, stdout } = await program.finished();
  const events = eventsOf(stdout);
  assertEquals([code, events[0]!.type, events[1]!.type], [0, "started", "connected"]);
  assertEquals(rulesIn(events).lot, "0.5 exchange");
});

Deno.test({
  name: "penstock run that is stopped before the exchange has answered never starts",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using exchange = new ChangingExchange();
    const { server, asked } = hesitating();
    await using _server = server;
    const rest = server.endpoint.replace("ws:", "http:");
    await using program = start(["--endpoint", exchange.exchange.endpoint, "--rest-endpoint", rest]);
    await within(asked, "the question");
    program.signal("SIGINT");
    const { code, stdout, stderr } = await program.finished();
    assertEquals([code, stdout, warnings(stderr)], [0, "", []]);
  },
});
