/**
 * Many demo runs in one process, each as the command makes it, with its own exchange and its own connection to the
 * database; only their views are left out. For `fleet_cost.ts`: a machine that is too small for hundreds of processes.
 */
import { demo } from "../../src/commands/demo.ts";
import { run } from "../../src/commands/run.ts";
import { configure } from "../../src/config/config.ts";
import { WitnessView } from "../commands/live_scene.ts";

const [database = "", first = "0", count = "1"] = Deno.args;

/** How many runs start at a time. */
const TOGETHER = 5;
const starting: Promise<void>[] = [];

/** Shows nothing, but says when its run has started. */
class Starting extends WitnessView {
  readonly started = Promise.withResolvers<void>();

  override event(event: Parameters<WitnessView["event"]>[0]): void {
    if (event.type === "started") this.started.resolve();
  }

  override log(): void {}

  override glance(): void {}
}

const dropPermissions = () => Promise.resolve({ level: "info", text: "none is dropped" } as const);
for (let number = Number(first); number < Number(first) + Number(count); number++) {
  const options = {
    ...{ state: `${database}#run-${number}`, rate: "20", short: "10", long: "30", seed: String(number) },
  };
  const given = Object.entries(options).map(([name, text]) => [name, { text, source: "bench" }]);
  const view = new Starting();
  const parts = {
    run: (started: Parameters<typeof run>[0]) => run(started, { views: [() => view], dropPermissions }),
    startPage: () => Promise.reject(new Error("no page was asked for")),
  };
  const { signal } = new AbortController();
  const blocking = <T>(work: () => T) => work();
  const running = demo(
    {
      ...configure(Object.fromEntries(given), [], "demo"),
      command: "demo",
      version: "1",
      files: [],
      signal,
      blocking,
    },
    parts,
  );
  running.catch((error) => {
    console.error(error);
    Deno.exit(1);
  });
  starting.push(view.started.promise);
  if (starting.length % TOGETHER === 0) await Promise.all(starting);
}
await Promise.all(starting);
console.log(JSON.stringify({ type: "started" }));
