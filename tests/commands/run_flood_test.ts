/** A run against an exchange that sends as fast as it can: the reader slows the sender, memory stays bounded. */
import { assert, assertEquals } from "@std/assert";
import { BuiltInExchange } from "../../src/simulator/server.ts";
import { eventsOf, FLAGS, Penstock, V8_FLAGS } from "../support/penstock.ts";
import { assertRun } from "./event_contract.ts";

/** Half of it is Deno itself. Without back pressure it would be a gigabyte. */
const LIMIT_MB = 150;
const SAMPLE_MS = 500;

/** Resident memory of a process, MB. Deno itself may not read below /proc unless it may do everything. */
function residentMb(pid: number): number {
  const { stdout } = new Deno.Command("cat", { args: [`/proc/${pid}/status`] }).outputSync();
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(new TextDecoder().decode(stdout))![1]) / 1024;
}

Deno.test({
  name: "penstock run keeps its memory bounded in a flood of ten seconds, and emits its status",
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
        "--for=10500ms",
      ],
      [...FLAGS, V8_FLAGS],
    );
    await program.event("connected");
    const startedAt = performance.now();
    const samples: { readonly second: number; readonly megabytes: number }[] = [];
    const sampling = setInterval(() => {
      const megabytes = residentMb(program.pid);
      samples.push({ second: (performance.now() - startedAt) / 1000, megabytes });
    }, SAMPLE_MS);
    await program.event("status").finally(() => clearInterval(sampling));
    const { code, stdout } = await program.finished();
    assertEquals(code, 0);
    const events = eventsOf(stdout);
    assertRun(events);
    assert(Number(events.at(-1)!.trades) > 100_000, `${events.at(-1)!.trades} trades`);
    assert(Number(events.find(({ type }) => type === "status")!.tradesPerSecond) > 10_000);
    const shown = samples.map(({ second, megabytes }) => `${second.toFixed(1)} s: ${megabytes.toFixed()} MB`)
      .join(", ");
    assert(samples.length > 5 && samples.every(({ megabytes }) => megabytes < LIMIT_MB), shown);
  },
});
