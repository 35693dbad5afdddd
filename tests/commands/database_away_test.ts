/** A run whose database is away for a while keeps what arrives, decides nothing, and continues or makes way. */
import { assert, assertEquals, assertGreater, assertMatch, assertRejects } from "@std/assert";
import { LiveRun } from "../../src/commands/run/live_run.ts";
import { configure } from "../../src/config/config.ts";
import { exchangeNamed } from "../../src/exchanges/known_exchanges.ts";
import { LiveFeed } from "../../src/feeds/live/live_feed.ts";
import { ReadAhead } from "../../src/feeds/live/read_ahead.ts";
import { JournalError } from "../../src/stores/journal/journal_error.ts";
import { CuttingProxy } from "../support/cutting_proxy.ts";
import { inProcess } from "../support/in_process.ts";
import { within } from "../support/penstock.ts";
import { noPostgres, PostgresServer } from "../support/postgres_server.ts";
import { given, type Options, WitnessView } from "./live_scene.ts";
import { assertRunMatchesReference, reproducibleExchange, wholeEntries } from "./reference_run.ts";
import { inRun, RunHere } from "./run_here.ts";

const server = noPostgres ? null! : await PostgresServer.start();

function test(name: string, use: (folder: string) => Promise<void>): void {
  Deno.test({ name, ignore: noPostgres, fn: inRun(use) });
}

/** Waits until `isSo`. */
async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const waiting = (async () => {
    while (!await isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
  })();
  await within(waiting, what);
}

/** Throws unless the run in a journal follows from its recording. */
async function assertVerifies(path: string, recording: string): Promise<void> {
  const { code, stdout, stderr } = await inProcess("verify", "--log-level=error", path, recording);
  assertEquals([code, stderr], [0, ""], stdout);
}

test("a run whose database stops keeps what arrives, decides nothing, and then decides as if it had not stopped", async (folder) => {
  const path = `${await server.database()}#stopped`;
  await using exchange = reproducibleExchange();
  const { endpoint, restEndpoint } = exchange;
  const options = { state: path, endpoint, restEndpoint, backfill: "on", maxHold: "1h" };
  using here = new RunHere({ ...options, record: `${folder}/0.txt` });
  const { view } = here;
  await here.shown("fill");
  await server.stop("fast");
  await until("the loss", () => view.logged(/has been unreachable since/).length > 0);
  const shown = view.events.length;
  const frames = () => Deno.statSync(`${folder}/0.txt`).size;
  const [line] = view.logged(/unreachable/);
  assertMatch(
    line!,
    /^the database of the journal has been unreachable since \d{4}-\d\d-\d\dT\S+Z \(127\.0\.0\.1:\d+: .+\): no decisions are made until it is back; up to 20,000 messages are kept meanwhile$/,
  );
  const recorded = frames();
  const sent = exchange.released;
  await until("a hundred more trades", () => exchange.released > sent + 100);
  for (let time = 0; time < 20; time++) for (const ms of [1_000, 5_000, 10_000]) here.intervals.pass(ms);
  assertEquals([view.events.length, frames()], [shown, recorded]);
  await server.resume();
  await until("the return", () => view.logged(/is back after/).length > 0);
  const [, kept] =
    /^the database of the journal is back after [\d.]+ s: ([\d,]+) messages kept meanwhile are processed now$/
      .exec(view.logged(/is back after/)[0]!)!;
  assertGreater(Number(kept!.replace(",", "")), 99);
  const fills = view.of("fill").length;
  await until("a fill", () => view.of("fill").length > fills);
  here.asked.abort();
  await here.end();
  assertEquals(view.logged(/the database of the journal/).length, 2);
  // What was due again and again meanwhile is done once.
  assertEquals(view.of("status").length, 1);
  const entries = await wholeEntries(path);
  assertEquals(entries.filter(({ type }) => type === "gap" || type === "disconnected"), []);
  await assertRunMatchesReference(path);
  await assertVerifies(path, `${folder}/0.txt`);
});

test("a run places no orders at trades that waited for its database longer than --max-hold", async (folder) => {
  await using proxy = CuttingProxy.to(server.port);
  const path = `${await server.database()}#held`;
  const through = path.replace(`:${server.port}/`, `:${proxy.port}/`);
  await using exchange = reproducibleExchange();
  const { endpoint, restEndpoint } = exchange;
  const options = { state: through, endpoint, restEndpoint, backfill: "on", lease: "1s", maxHold: "500ms" };
  using here = new RunHere({ ...options, record: `${folder}/0.txt` });
  const { view } = here;
  await here.shown("fill");
  proxy.hold();
  await until("the loss", () => view.logged(/unreachable/).length > 0);
  const [seen, from] = [view.events.length, exchange.released];
  await until("a hundred more trades", () => exchange.released > from + 100);
  const to = exchange.released;
  // These wait longer than they may.
  await new Promise((resolve) => setTimeout(resolve, 600));
  proxy.release();
  await until("the return", () => view.logged(/waited longer than 0\.5 s place no orders$/).length > 0);
  const after = () => view.events.slice(seen).filter((event) => event.type === "fill");
  await until("a fill after that", () => after().some(({ tradeId }) => tradeId > to));
  here.asked.abort();
  await here.end();
  assertEquals(after().filter(({ tradeId }) => tradeId > from && tradeId <= to), []);
  assert(Deno.readTextFileSync(`${folder}/0.txt`).includes('"event":"waited"'));
  await assertVerifies(path, `${folder}/0.txt`);
});

test("a run whose database comes back after another process took over its journal ends, and names that process", async (folder) => {
  await using proxy = CuttingProxy.to(server.port);
  const path = `${await server.database()}#taken`;
  const through = path.replace(`:${server.port}/`, `:${proxy.port}/`);
  await using exchange = reproducibleExchange();
  const { endpoint, restEndpoint } = exchange;
  const options = { endpoint, restEndpoint, backfill: "on", maxHold: "1h", lease: "1s" };
  using old = new RunHere({ ...options, state: through, record: `${folder}/0.txt` });
  await old.shown("fill");
  proxy.hold();
  await until("the loss", () => old.view.logged(/unreachable/).length > 0);
  using next = new RunHere({ ...options, state: path, standby: "on", record: `${folder}/1.txt` });
  await next.shown("fill");
  proxy.release();
  await assertRejects(
    () => old.end(),
    JournalError,
    `process ${Deno.pid} on 127.0.0.1 has taken it over, because this process had not reached`,
  );
  next.asked.abort();
  await next.end();
  const { code, stdout } = await inProcess(
    "verify",
    "--log-level=error",
    path,
    `${folder}/0.txt`,
    `${folder}/1.txt`,
  );
  assertEquals(code, 0, stdout);
  await assertRunMatchesReference(path);
});

test("a run that can keep no more while its database is away drops the rest, and fetches it afterwards", async (folder) => {
  await using proxy = CuttingProxy.to(server.port);
  const path = `${await server.database()}#full`;
  await using exchange = reproducibleExchange();
  const { endpoint, restEndpoint } = exchange;
  const options: Options = {
    ...{ state: path.replace(`:${server.port}/`, `:${proxy.port}/`), endpoint, restEndpoint },
    ...{ backfill: "on", maxHold: "100ms", lease: "1s", record: `${folder}/0.txt` },
  };
  const configuration = configure(given({ ...options, lot: "0.00001", tick: "0.01" }), [], "run");
  const ending = new AbortController();
  const stream = new LiveFeed({
    ...{ exchange: exchangeNamed("binance"), endpoint, symbol: "BTCUSDT", staleMs: 15_000 },
    ...{ retryMaxMs: 1_000, attempts: null, renewAfterMs: 3_600_000, signal: ending.signal },
  });
  const feed = new ReadAhead(stream, { frames: 50, characters: Infinity, disconnections: Infinity });
  const view = new WitnessView();
  const live = new LiveRun(configuration, view, feed, ending.signal);
  await live.open({ command: "run", version: "1" });
  await live.start();
  const running = (async () => {
    for await (const batch of feed) await live.take(batch);
    await live.stop();
  })();
  await until("a fill", () => view.of("fill").length > 0);
  proxy.hold();
  void live.handleRequests();
  await until("the loss", () => view.logged(/unreachable/).length > 0);
  const from = exchange.released;
  await until("many more trades", () => exchange.released > from + 200);
  proxy.release();
  await until("a gap", () => view.of("gap").length > 0);
  const fills = view.of("fill").length;
  await until("a fill", () => view.of("fill").length > fills);
  ending.abort();
  await running;
  await live.close(1);
  const [gap] = view.of("gap");
  assertGreater(gap!.missing, 50);
  assertEquals(gap!.filled, gap!.missing);
  assertMatch(view.of("disconnected")[0]!.reason, /^more than \d+ messages waited for the journal/);
  await assertVerifies(path, `${folder}/0.txt`);
});
