/** A run against an exchange that sends as fast as it can: the reader slows the sender, memory stays bounded. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { ExchangeProcess } from "../support/exchange_process.ts";
import { AS_BUILT, eventsOf, FLAGS, Penstock, QUICKLY } from "../support/penstock.ts";
import { assertRun } from "./event_contract.ts";

/** Deno itself takes half of this. Without back pressure it would be a gigabyte. */
const LIMIT_MB = 150;
const TRADES = 6_000_000;

/** The peak resident memory of a process, MB. Deno reads below /proc only with every permission. */
function peakMb(pid: number): number {
  const { stdout } = new Deno.Command("cat", { args: [`/proc/${pid}/status`] }).outputSync();
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(new TextDecoder().decode(stdout))![1]) / 1024;
}

Deno.test({
  name: "penstock run keeps its memory bounded in a flood of six million trades, and emits its status",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using exchange = await ExchangeProcess.start("--speed=max");
    await using program = Penstock.start(
      ["run", "--state=none", "--json", "--log-level=error", "--endpoint", exchange.endpoint],
      [...FLAGS, QUICKLY, ...AS_BUILT],
    );
    // Only the status contains the number of trades.
    await program.until((events) => Number(events.at(-1)?.trades) >= TRADES);
    assertLess(peakMb(program.pid), LIMIT_MB);
    program.signal("SIGINT");
    const { code, stdout, stderr } = await program.finished();
    assertEquals([code, stderr], [0, ""]);
    const events = eventsOf(stdout);
    assertRun(events);
    const { trades, elapsedMs } = events.at(-1)!;
    const average = Number(trades) / Number(elapsedMs) * 1000;
    const statuses = events.filter(({ type }) => type === "status").map((status) =>
      Number(status.tradesPerSecond)
    );
    const fastest = Math.max(...statuses);
    assert(fastest > average / 2, `${fastest} trades a second at most, ${average} on average`);
  },
});
