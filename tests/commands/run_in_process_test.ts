/** A live run in the test's process: what its timers do, and how it ends. */
import { assert, assertEquals, assertGreater, assertMatch, assertRejects } from "@std/assert";
import { ExchangeUnreachable } from "../../src/feeds/live/live_feed.ts";
import { parseFaults } from "../../src/simulator/faults.ts";
import { BuiltInExchange, type ExchangeOptions } from "../../src/simulator/server.ts";
import { connect } from "../../src/stores/journal/sqlite/journal_file.ts";
import { JournalReader } from "../../src/stores/journal/journal_reader.ts";
import { fileRequest } from "../../src/stores/journal/sqlite/journal_requests.ts";
import { within } from "../support/penstock.ts";
import type { Options, WitnessView } from "./live_scene.ts";
import { wholeEntries } from "./reference_run.ts";
import { inRun, RunHere } from "./run_here.ts";

/** Calls `use` with a run on its own exchange, in a folder that is removed afterwards. */
function withRun(
  exchange: ExchangeOptions,
  options: Options,
  use: (here: RunHere, journal: string, exchange: BuiltInExchange) => Promise<void>,
  view: Partial<WitnessView> = {},
): () => Promise<void> {
  return inRun(async (folder) => {
    await using server = BuiltInExchange.listen(exchange);
    const journal = `${folder}/run.db`;
    using here = new RunHere({ state: journal, endpoint: server.endpoint, ...options }, view);
    await use(here, journal, server);
    assertEquals([here.view.closed, here.intervals.count], [1, 0]);
  });
}

async function stopIn(journal: string): Promise<unknown> {
  return (await wholeEntries(journal)).findLast(({ type }) => type === "stopped")?.content["reason"];
}

Deno.test(
  "penstock run checks for requests and shows its progress every second, and emits, keeps and logs every few seconds",
  withRun(
    { rate: 400, faults: parseFaults("malformed@20,malformed@40") },
    // The averages do not exist yet, so there is no decision that would be kept at once.
    { short: "400000", long: "500000" },
    async (here, journal) => {
      const { view, intervals } = here;
      await here.shown("rejected");
      assertEquals(view.events.slice(0, 2).map(({ type }) => type), ["started", "connected"]);
      await using reader = await JournalReader.open(journal);
      const kept = async () => (await reader.checkpoint())?.state["trades"];
      const trades = async () => (await reader.heartbeat())?.trades;
      const written = async () => (await reader.heartbeat())?.time;
      /** Fires intervals, then waits until `isSo`, because their work takes time. */
      const passing = async (ms: number, what: string, isSo: () => boolean | Promise<boolean>) => {
        intervals.pass(ms);
        const waiting = (async () => {
          while (!await isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
        })();
        await within(waiting, what);
      };
      assertEquals([await kept(), await trades(), view.glances], [0, 0, []]);
      await passing(250, "a line", () => view.glances.length === 1);
      await passing(1_000, "its progress", async () => await trades() !== 0);
      const before = await written();
      await passing(5_000, "a heartbeat", async () => await written() !== before);
      assertEquals([await kept(), view.of("status").length], [0, 0]);
      await passing(10_000, "a checkpoint", async () => await kept() !== 0);
      await passing(10_000, "a status", () => view.of("status").length > 0);
      const database = connect(journal, false);
      const request = { kind: "halt", action: "hold", text: null } as const;
      fileRequest(database, { run: 1, time: Date.now() * 1000, request });
      database.close();
      await passing(1_000, "the halt", () => view.of("halt").length === 1);
      const reporting = (async () => {
        while (view.of("rejected").length < 2) {
          intervals.pass(10_000);
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      })();
      await within(reporting, "another report");
      here.asked.abort();
      await here.end();
      assertEquals([view.events.at(-1)!.type, await stopIn(journal)], ["summary", "asked to"]);
    },
  ),
);

Deno.test(
  "penstock run shows its progress every second in a file, and in a database only with each heartbeat",
  inRun(async (folder) => {
    const lengths: number[][] = [];
    for (const state of [`${folder}/run.db`, "postgres://penstock@127.0.0.1:1/trading?sslmode=disable#btc"]) {
      using here = new RunHere({ state, endpoint: "ws://127.0.0.1:1" });
      lengths.push([1_000, 5_000].map((ms) => here.intervals.of(ms)));
      here.asked.abort();
      await here.end().catch(() => {});
    }
    // Each checks for requests every second, too.
    assertEquals(lengths, [[2, 1], [1, 1]]);
  }),
);

Deno.test(
  "penstock run --stop-after ends by itself after that many trades, and resumes after them when it starts again",
  inRun(async (folder) => {
    await using exchange = BuiltInExchange.listen({ rate: 1_000 });
    const options = { state: `${folder}/run.db`, endpoint: exchange.endpoint };
    for (const stopAfter of ["100", "150"]) {
      using here = new RunHere({ ...options, stopAfter });
      await here.end();
      const { view } = here;
      assertEquals(view.of("summary").map(({ trades }) => `${trades}`), [stopAfter]);
      assertEquals(view.logged(/resumes after 100 trades/).length, stopAfter === "100" ? 0 : 1);
      assertEquals(view.logged(/^instrument BTCUSDT/).length, 1);
    }
  }),
);

Deno.test(
  "penstock run --for ends cleanly by itself",
  withRun({ rate: 100 }, { for: "300ms" }, async (here, journal) => {
    await here.end();
    assertEquals(await stopIn(journal), "asked to");
  }),
);

Deno.test(
  "penstock run keeps the reason why it stopped trying, lets its orders expire and throws the error",
  withRun(
    { rate: 2_000, faults: parseFaults("drop@2000,refuse=503:0:1000@2000") },
    { attempts: "2", retryMax: "250ms", latency: "1h" },
    async (here, journal) => {
      const error = await assertRejects(() => here.end(), ExchangeUnreachable);
      const { view } = here;
      assertMatch(error.message, /^Gave up after 2 failed attempts in a row/);
      assertEquals(await stopIn(journal), error.message);
      assertGreater(view.of("expired").length, 0);
      assertEquals(view.events.at(-1)!.type, "summary");
    },
  ),
);

Deno.test(
  "penstock run --stale drops a connection that sends nothing for that long",
  withRun(
    { rate: 200, faults: parseFaults("stall@100") },
    { stale: "200ms", renewAfter: "1h" },
    async (here) => {
      await here.until(
        "a stale stream",
        () => here.view.of("disconnected").some(({ cause }) => cause === "stale"),
      );
      here.asked.abort();
      await here.end();
    },
  ),
);

Deno.test(
  "penstock run --renew-after replaces a connection of that age",
  withRun(
    { rate: 200 },
    { renewAfter: "100ms" },
    async (here) => {
      const isNoticed = () => here.view.logged(/replaced by a newer/).length > 0;
      const waiting = (async () => {
        while (!isNoticed()) await new Promise((resolve) => setTimeout(resolve, 5));
      })();
      await within(waiting, "the notice");
      here.asked.abort();
      await here.end();
    },
  ),
);

Deno.test(
  "penstock run ends with an error once its journal cannot be written",
  // The averages do not exist yet, so there is no decision to keep.
  withRun({ rate: 100 }, { short: "400000", long: "500000" }, async (here, journal) => {
    await here.shown("connected");
    Deno.removeSync(journal);
    here.intervals.pass(5_000);
    const error = await assertRejects(() => here.end());
    assert(error instanceof Error);
    assertMatch(error.message, /run\.db/);
  }),
);

Deno.test(
  "penstock run whose events cannot be written keeps the reason, and throws the error",
  withRun({ rate: 100 }, { stopAfter: "100" }, async (here, journal) => {
    await assertRejects(() => here.end(), Error, "the disk is full");
    assertEquals(await stopIn(journal), "the disk is full");
  }, { broken: new Error("the disk is full") as never }),
);

Deno.test(
  "penstock run that is asked to stop before its start keeps nothing, and logs it",
  inRun(async (folder) => {
    await using exchange = BuiltInExchange.listen({ rate: 100 });
    using here = new RunHere({ state: `${folder}/run.db`, endpoint: exchange.endpoint });
    here.asked.abort();
    await here.end();
    assertEquals(here.view.logged(/stopped before the run started/).length, 1);
    assertEquals([here.view.events, [...Deno.readDirSync(folder)]], [[], []]);
  }),
);

Deno.test(
  "penstock run --attempts ends for a symbol that sends nothing only if the exchange may not have it",
  inRun(async () => {
    await using exchange = BuiltInExchange.listen({ trades: [] });
    const { endpoint, restEndpoint } = exchange;
    const options = { state: "none", endpoint, attempts: "1", stale: "50ms" };
    {
      using here = new RunHere({ ...options, backfill: "on", restEndpoint });
      await here.until("two stale streams", () => here.view.of("disconnected").length > 1);
      here.asked.abort();
      await here.end();
    }
    using unknown = new RunHere(options);
    const { message } = await assertRejects(() => unknown.end(), ExchangeUnreachable);
    assertMatch(message, /Is BTCUSDT a symbol of this exchange\?/);
  }),
);
