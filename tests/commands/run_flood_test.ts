/** A run against an exchange that sends as fast as it can: the reader slows the sender, memory stays bounded. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { ExchangeProcess } from "../support/exchange_process.ts";
import { AS_BUILT, eventsOf, FLAGS, Penstock, QUICKLY } from "../support/penstock.ts";
import { assertRun } from "./event_contract.ts";

/**
 * The peak without the read buffer, MB; Deno itself takes most of it. Without back pressure a million trades would take
 * half a gigabyte.
 */
const LIMIT_MB = 115;
const TRADES = 1_500_000;

/** A file below /proc, which Deno itself reads only with every permission. */
function kernelFile(name: string): string {
  return new TextDecoder().decode(new Deno.Command("cat", { args: [`/proc/${name}`] }).outputSync().stdout);
}

/** The peak resident memory of a process, MB. */
function peakMb(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(kernelFile(`${pid}/status`))![1]) / 1024;
}

/** The most that Deno's read buffer grows to, MB: twice the largest receive window of this machine's kernel. */
function bufferMb(): number {
  return 2 * Number(/(\d+)\s*$/.exec(kernelFile("sys/net/ipv4/tcp_rmem"))![1]) / 2 ** 20;
}

Deno.test({
  name: "penstock run keeps its memory bounded in a flood of 1.5 million trades, and emits its status",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using exchange = await ExchangeProcess.start("--speed=max");
    await using program = Penstock.start(
      ["run", "--state=none", "--json", "--log-level=error", "--endpoint", exchange.endpoint],
      [...FLAGS, QUICKLY, ...AS_BUILT],
    );
    // Only the status contains the number of trades.
    await program.until((events) => Number(events.at(-1)?.trades) >= TRADES);
    assertLess(peakMb(program.pid), LIMIT_MB + bufferMb());
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
