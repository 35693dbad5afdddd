/** Sweeps in the process of their test, over trades of a random walk. */
import { assertEquals } from "@std/assert";
import { sweep } from "../../src/commands/backtest/sweep.ts";
import { readArguments } from "../../src/config/arguments.ts";
import { configureSweep } from "../../src/config/grid.ts";
import type { PenstockEvent } from "../../src/domain/run/event.ts";
import type { ConfigurationEvent, SweepEvent } from "../../src/domain/run/sweep_result.ts";
import type { OpenView } from "../../src/views/known_views.ts";
import type { View } from "../../src/views/view.ts";
import { SeededRandom } from "./random.ts";

/** What a sweep emitted. */
export interface Swept {
  readonly rows: readonly ConfigurationEvent[];
  readonly last: SweepEvent;
  /** What it logged. */
  readonly logged: readonly string[];
}

/** Calls with a new folder that has a file of trades of a random walk. */
export async function inFolder(
  run: (file: (name: string) => string) => Promise<void>,
  trades = 3_000,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "penstock_sweep_" });
  try {
    const random = new SeededRandom(11);
    let [text, price, time] = ["", 600_000, 1_735_689_600_000];
    for (let id = 1; id <= trades; id++) {
      price += random.whole(-300, 300);
      time += random.whole(0, 40_000);
      text += `${id},${(price / 100).toFixed(2)},0.5,${price / 200},${time},True,True\n`;
    }
    await Deno.writeTextFile(`${folder}/trades.csv`, text);
    await run((name) => `${folder}/${name}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A view that shows nothing, and calls `event` with every event and `log` with every line of the log. */
export function silent(event: (event: PenstockEvent) => void, log: (text: string) => void = () => {}): View {
  return {
    showsAll: true,
    broken: null,
    event,
    log: ({ text }) => log(text),
    settle() {},
    ready: () => null,
    close: () => Promise.resolve(),
  };
}

/** What a sweep shows. */
export interface ShownSweep {
  readonly events: readonly PenstockEvent[];
  /** What is on the terminal at the end; empty if nothing is. */
  readonly table: string;
  readonly logged: readonly string[];
}

/** How a sweep runs in this process. */
export interface SweepSetting {
  readonly version?: string;
  /** How many configurations go through the trades together. */
  readonly lanes?: number;
  /** One task of a queue in so many is computed twice. */
  readonly oneCheckedIn?: number;
  /** Called with every event, and with every line of the log. */
  readonly seen?: (event: PenstockEvent) => void;
  readonly heard?: (text: string) => void;
  readonly signal?: AbortSignal;
}

/** Runs the command line `penstock sweep ...words` in this process, with the tries in its own file. */
export async function sweepHere(
  words: readonly string[],
  tries: string,
  {
    version = "0",
    seen = () => {},
    heard = () => {},
    signal = new AbortController().signal,
    ...parts
  }: SweepSetting = {},
): Promise<ShownSweep> {
  const events: PenstockEvent[] = [];
  const logged: string[] = [];
  const { given, mistakes, files } = readArguments(["sweep", ...words]);
  let table = () => "";
  const view: OpenView = (_choices, { words }) => {
    table = () => words?.table ?? "";
    return silent((event) => {
      events.push(event);
      seen(event);
    }, (text) => {
      logged.push(text);
      heard(text);
    });
  };
  await sweep({
    ...configureSweep(given, mistakes),
    ...{ command: "sweep", version, files, signal, blocking: (work) => work() },
  }, { views: [view], tries, ...parts });
  return { events, table: table(), logged };
}

/** Runs a sweep of the folder's trades in this process. */
export async function sweptIn(
  file: (name: string) => string,
  args: readonly string[],
  { lanes = 100, ...setting }: SweepSetting = {},
): Promise<Swept> {
  const words = [file("trades.csv"), ...args];
  const { events, logged } = await sweepHere(words, file("tries.json"), { lanes, ...setting });
  const last = events.at(-1) as SweepEvent;
  assertEquals([events[0]!.type, last.type], ["started", "sweep"]);
  return { rows: events.slice(1, -1) as ConfigurationEvent[], last, logged };
}
