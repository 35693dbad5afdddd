/** Whatever the exchange does: SIGINT and SIGTERM end a run within two seconds, with a summary and exit code 0. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { parseFaults } from "../../src/simulator/faults.ts";
import { BuiltInExchange, type ExchangeEvent, type ExchangeOptions } from "../../src/simulator/server.ts";
import { ExchangeProcess } from "../support/exchange_process.ts";
import { DEAD_ENDPOINT, eventsOf, Penstock } from "../support/penstock.ts";
import { assertRun } from "./event_contract.ts";
import { soonMs } from "../support/soon.ts";

const STOP_WITHIN_MS = 2_000;
const ignore = Deno.build.os === "windows";

const RUN = ["run", "--state=none", "--json", "--log-level=error", "--endpoint"];

/** Starts a run against an exchange with these options, and ends both after `use` returns. */
async function withRun(
  options: ExchangeOptions,
  use: (program: Penstock) => Promise<void>,
): Promise<void> {
  await using exchange = BuiltInExchange.listen(options);
  await using program = Penstock.start([...RUN, exchange.endpoint]);
  await use(program);
}

/** The same against one that sends as fast as the run reads, which gets these options. */
async function withFlood(
  options: readonly string[],
  use: (program: Penstock, exchange: ExchangeProcess) => Promise<void>,
): Promise<void> {
  await using exchange = await ExchangeProcess.start("--speed=max", ...options);
  await using program = Penstock.start([...RUN, exchange.endpoint]);
  await use(program, exchange);
}

/** Sends `signal`, and checks that the run ends soon, cleanly and with 0. */
async function assertStops(program: Penstock, signal: Deno.Signal): Promise<void> {
  const sent = performance.now();
  program.signal(signal);
  const { code, stdout, stderr } = await program.finished();
  const elapsed = performance.now() - sent;
  assertEquals([code, stderr], [0, ""]);
  assertLess(elapsed, await soonMs(STOP_WITHIN_MS));
  assertRun(eventsOf(stdout));
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  const test = (state: string, fn: () => Promise<void>) =>
    Deno.test({ name: `penstock run ends on ${signal} ${state}`, ignore, fn });

  test("while trades flow", () =>
    withRun({ rate: 1_000 }, async (program) => {
      await program.event("signal");
      await assertStops(program, signal);
    }));

  test("in a flood", () =>
    withFlood([], async (program) => {
      for (let fill = 0; fill < 20; fill++) await program.event("fill");
      await assertStops(program, signal);
    }));

  for (const fault of ["stall", "half-open", "no-close"]) {
    test(`after a ${fault}`, () =>
      withFlood([`--faults=${fault}@200`], async (program, exchange) => {
        await program.event("signal");
        await exchange.event("fault");
        await assertStops(program, signal);
      }));
  }

  test("before anything has arrived", () =>
    withRun({ trades: [] }, async (program) => {
      await program.event("connected");
      await assertStops(program, signal);
    }));

  test("while it waits to try again after 429 and Retry-After", () => {
    /** When attempts to connect were refused, ms since 1970. */
    const refusedAt: number[] = [];
    const onEvent = ({ type }: ExchangeEvent) => void (type === "refused" && refusedAt.push(Date.now()));
    return withRun({ faults: parseFaults("refuse=429:30:1000@0"), onEvent }, async (program) => {
      const { time, retryInMs } = await program.event(
        "disconnected",
        ({ reason }) => String(reason).includes("429"),
      );
      // The exchange counts its thirty seconds from its response, the run from the event.
      const again = Date.parse(String(time)) + Number(retryInMs);
      assert(again >= refusedAt[0]! + 30_000, `${again - refusedAt[0]!} ms after the refusal`);
      await assertStops(program, signal);
    });
  });

  test("while nothing listens", async () => {
    await using program = Penstock.start([...RUN, DEAD_ENDPOINT]);
    await program.event("disconnected", ({ retryInMs }) => Number(retryInMs) > 200);
    await assertStops(program, signal);
  });

  test("during a handshake that is never answered", async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    await using program = Penstock.start([...RUN, `ws://127.0.0.1:${listener.addr.port}`]);
    using conn = await listener.accept();
    await conn.read(new Uint8Array(1_024));
    await program.event("started");
    await assertStops(program, signal);
  });
}

Deno.test({
  name: "penstock run ends cleanly on two signals in a row",
  ignore,
  fn: () =>
    withFlood([], async (program) => {
      await program.event("fill");
      program.signal("SIGINT");
      await assertStops(program, "SIGTERM");
    }),
});
