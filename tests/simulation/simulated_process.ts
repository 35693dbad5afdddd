/** `penstock run` as a process in virtual time: it can be stopped, or killed without closing anything. */
import { readArguments } from "../../src/config/arguments.ts";
import { configure } from "../../src/config/config.ts";
import { run } from "../../src/commands/run.ts";
import type { Surroundings } from "../../src/commands/run/surroundings.ts";
import type { Blocking } from "../../src/domain/process/exit.ts";
import type { PenstockEvent } from "../../src/domain/run/event.ts";
import type { View } from "../../src/views/view.ts";
import type { Random } from "../../src/simulator/random.ts";
import { Recording } from "../../src/stores/recording/recording.ts";
import { openToAppend } from "../../src/stores/recording/recording_file.ts";
import type { DayFiles } from "../../src/stores/recording/recording_folder.ts";
import { readBackfilledText } from "../../src/domain/market/backfilled_trades.ts";
import { RunJournal } from "../../src/stores/journal/run_journal.ts";
import type { PrintedEvent } from "../support/penstock.ts";
import { type DiskTrouble, ProcessGone, SimulatedDisk } from "./simulated_disk.ts";
import type { SimulatedExchange } from "./simulated_exchange.ts";
import { SimulatedNetwork, type Weather } from "./simulated_network.ts";
import { SimulatedRuntime } from "./simulated_runtime.ts";
import type { Trace } from "./trace.ts";
import type { VirtualTime } from "./virtual_time.ts";

/** The world in which processes run. */
export interface World {
  readonly time: VirtualTime;
  readonly exchange: SimulatedExchange;
  readonly weather: Weather;
  readonly trouble: DiskTrouble;
  readonly trace: Trace;
  /** ms since 1970 by the machine's own clock. */
  readonly wallClock: () => number;
}

/** How a process ended. */
export type Ending =
  | { readonly how: "stopped" }
  | { readonly how: "killed" }
  | { readonly how: "failed"; readonly error: unknown };

/** The addresses mean nothing in the simulation, but a configuration has to have some. */
const ADDRESSES = ["--endpoint", "ws://127.0.0.1:9", "--rest-endpoint", "http://127.0.0.1:9"];
/** The types of events that report more than the current state. */
const TELLING: readonly PenstockEvent["type"][] = [
  ...["started", "connected", "disconnected", "gap", "signal", "refusal", "fill", "expired"] as const,
  ...["halt", "released", "reset", "summary"] as const,
];

/** One process from its start to its end. */
export class SimulatedProcess {
  /** The events it emitted, except for its status. */
  readonly printed: PrintedEvent[] = [];
  /** Its last log line. */
  readonly log: string[] = [];
  readonly disk: SimulatedDisk;
  readonly startedAt: number;
  /** When it emitted that its run had started, ms; null before. */
  openSince: number | null = null;
  readonly #world: World;
  readonly #runtime: SimulatedRuntime;
  readonly #network: SimulatedNetwork;
  readonly #asked = new AbortController();
  readonly #ended = Promise.withResolvers<Ending>();
  #isAlive = true;
  /** The troubles that the disk caused. */
  readonly troubles: string[] = [];
  /** The ids of trades that it fetched. */
  readonly backfilled = new Set<number>();
  /** Gaps that it could not fill, and how long the network had worked by then, ms. */
  readonly unfilled: { readonly fromId: number; readonly at: number; readonly fairMs: number }[] = [];
  /** When it found that the exchange's ids had started over, ms; null if it did not. */
  resetAt: number | null = null;
  /** Its recording's files, in order. */
  readonly recordings: string[] = [];

  constructor(world: World, random: Random, args: readonly string[], answersWithinMs: number) {
    const { time, exchange, weather, trouble, trace, wallClock } = world;
    this.#world = world;
    this.startedAt = time.now;
    const isAlive = () => this.#isAlive;
    this.#network = new SimulatedNetwork({ time, random, exchange, weather, trace, isAlive });
    this.#runtime = new SimulatedRuntime({
      ...{ time, random, wallClock, network: this.#network },
      enter: (action) => this.#enter(action),
    });
    this.disk = new SimulatedDisk({
      ...{ time, random, trouble, answersWithinMs },
      onKill: () => this.kill(),
      onTrouble: (what) => {
        this.troubles.push(what);
        trace.add(time.now, `disk ${what}`);
      },
    });
    const { given, mistakes } = readArguments(["run", "--json", ...ADDRESSES, ...args]);
    const configuration = configure(given, mistakes, "run");
    const { signal } = this.#asked;
    const started = { command: "run", version: "1", files: [], signal, blocking } as const;
    this.#enter(() => {
      run({ ...started, ...configuration }, this.#surroundings()).then(
        () => this.#end({ how: "stopped" }),
        (error) => this.#end({ how: "failed", error }),
      );
    });
  }

  /** Resolves once it has ended. */
  get ended(): Promise<Ending> {
    return this.#ended.promise;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Asks it to stop, as a signal does. */
  stop(): void {
    this.#enter(() => this.#asked.abort());
  }

  /** Kills it at once. */
  kill(): void {
    this.#end({ how: "killed" });
  }

  #end(ending: Ending): void {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    this.#runtime.end();
    this.#network.close();
    this.disk.end();
    this.#ended.resolve(ending);
  }

  /** Runs a callback of the process, unless it is gone. An uncaught error ends it. */
  #enter(action: () => void): void {
    if (!this.#isAlive) return;
    try {
      action();
    } catch (error) {
      if (!(error instanceof ProcessGone)) this.#end({ how: "failed", error });
    }
  }

  #surroundings(): Surroundings {
    const { disk } = this;
    return {
      runtime: this.#runtime,
      watchesMemory: false,
      views: [() => this.#view()],
      device: () => null,
      journals: () => Promise.resolve({ open: disk.openJournal, RunJournal }),
      startRecording: ({ path }, { symbol, exchange }, { journal, log, clock }) => {
        const onTrouble = (text: string) => log({ level: "warn", text });
        const files = disk.recordings(new NumberedFiles(path, this.recordings));
        const recording = Recording.createIn(files, { symbol, exchange, journal, onTrouble, clock });
        this.#watchBackfill(recording);
        return Promise.resolve(recording);
      },
      dropPermissions: () => Promise.resolve({ level: "info", text: "nothing to drop" }),
    };
  }

  /** Notes which trades are processed as backfilled ones. */
  #watchBackfill(recording: Recording): void {
    const note = recording.note.bind(recording);
    recording.note = (what, time) => {
      const read = what.event === "late" ? readBackfilledText(what.trades) : null;
      for (const { firstId, lastId } of read !== null && "rows" in read ? read.rows : []) {
        for (let id = firstId; id <= lastId; id++) this.backfilled.add(id);
      }
      note(what, time);
    };
  }

  #view(): View {
    const show = (event: PenstockEvent): void => {
      if (!this.#isAlive || !TELLING.includes(event.type)) return;
      const { time, trace, weather } = this.#world;
      const text = JSON.stringify(event);
      if (event.type === "started") this.openSince = time.now;
      // This machine's paths do not belong in the trace.
      else trace.add(time.now, text);
      if (event.type === "gap" && event.filled < event.missing) {
        this.unfilled.push({ fromId: event.fromId, at: time.now, fairMs: weather.fairMs });
      }
      if (event.type === "reset") this.resetAt = time.now;
      this.printed.push(JSON.parse(text));
    };
    return {
      showsAll: true,
      broken: null,
      event: show,
      log: ({ level, text }) => {
        if (this.#isAlive) this.log.push(`${level} ${text}`);
        if (this.log.length > 200) this.log.splice(0, 100);
      },
      settle: () => {},
      ready: () => null,
      close: () => Promise.resolve(),
    };
  }
}

/** In the simulation nothing else runs while a process works without a pause. */
const blocking: Blocking = (work) => work();

/** A file for every part of a recording, named by its number. */
class NumberedFiles implements DayFiles {
  readonly #prefix: string;
  readonly #paths: string[];

  /** Files start with `prefix`; their paths are added to `paths`. */
  constructor(prefix: string, paths: string[]) {
    this.#prefix = prefix;
    this.#paths = paths;
  }

  create(_symbol: string, time: number) {
    const path = this.#prefix.replace("#", String(this.#paths.length + 1));
    const file = openToAppend(path);
    this.#paths.push(path);
    return { path, file, startedAt: Math.floor(time) };
  }

  discard(path: string): void {
    Deno.removeSync(path);
    this.#paths.splice(this.#paths.indexOf(path), 1);
  }
}
