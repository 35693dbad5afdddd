/** A run against an exchange that sends as fast as it can: the reader slows the sender, memory stays bounded. */
import { assert, assertEquals } from "@std/assert";
import { BuiltInExchange } from "../../src/simulator/server.ts";
import { eventsOf, FLAGS, Penstock, QUICKLY, V8_FLAGS } from "../support/penstock.ts";
import { assertRun } from "./event_contract.ts";

/** Half of it is Deno itself. Without back pressure it would be a gigabyte. */
const LIMIT_MB = 150;
const TRADES = 2_000_000;

/** Resident memory of a process, MB. Deno itself may not read below /proc unless it may do everything. */
function residentMb(pid: number): number {
  const { stdout } = new Deno.Command("cat", { args: [`/proc/${pid}/status`] }).outputSync();
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(new TextDecoder().decode(stdout))![1]) / 1024;
}

Deno.test({
  name: "penstock run keeps its memory bounded in a flood of two million trades, and emits its status",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using exchange = BuiltInExchange.listen({ speed: Infinity });
    await using program = Penstock.start(
      [
        "run",
        "--state=none",
        "--json",
        "--log-level=error",
        "--endpoint",
        exchange.endpoint,
        `--stop-after=${TRADES}`,
      ],
      [...FLAGS, QUICKLY, V8_FLAGS],
    );
    const samples: { readonly trades: unknown; readonly megabytes: number }[] = [];
    await program.until((events) => {
      const last = events.at(-1);
      if (last?.type === "status") samples.push({ trades: last.trades, megabytes: residentMb(program.pid) });
      return last?.type === "summary";
    });
    const { code, stdout } = await program.finished();
    assertEquals(code, 0);
    const events = eventsOf(stdout);
    assertRun(events);
    const shown = samples.map(({ trades, megabytes }) => `${trades} trades: ${megabytes.toFixed()} MB`).join(
      ", ",
    );
    assert(samples.length > 5 && samples.every(({ megabytes }) => megabytes < LIMIT_MB), shown);
    const { trades, elapsedMs } = events.at(-1)!;
    assertEquals(trades, TRADES);
    const average = Number(trades) / Number(elapsedMs) * 1000;
    const fastest = Math.max(...events.map(({ tradesPerSecond }) => Number(tradesPerSecond ?? 0)));
    assert(fastest > average / 2, `${fastest} trades a second at most, ${average} on average`);
  },
});
