/**
 * A long run with faults: the built-in exchange injects every fault it has, in an order drawn from a seed. The process
 * is killed, stopped and started again. In the end every decision must match a reference computed from the market's
 * trades. `deno task soak --for 1h [--seed N]`; the gate runs it for two minutes.
 */
import { parseArgs } from "@std/cli/parse-args";
import { assert, assertEquals } from "@std/assert";
import { duration } from "../../src/config/option_values.ts";
import type { FaultAction } from "../../src/simulator/faults.ts";
import {
  assertKept,
  assertRunMatchesReference,
  startRunUnder,
  wholeEntries,
} from "../commands/reference_run.ts";
import { COLLECTING, eventsOf, type Penstock, type PrintedEvent } from "../support/penstock.ts";
import { DEFAULTS } from "../support/pipeline_input.ts";
import { SeededRandom } from "../support/random.ts";
import type { Choices } from "../support/reference.ts";
import { SoakExchange } from "./exchange.ts";
import { growths, measure, type Sample, type Trends, trendsOf, trendsText } from "./trend.ts";

/** The result of a soak. */
export interface Soaked {
  readonly seed: number;
  /** How often each trouble occurred, by its name. */
  readonly troubles: Readonly<Record<string, number>>;
  readonly trades: number;
  readonly fills: number;
  /** Of the last process, which lives through the second half, and of the exchange during that time. */
  readonly program: Trends;
  readonly exchange: Trends;
}

/** With the usual fee a run would lose a fifth of its cash within minutes and be halted from then on. */
const OPTIONS: Choices = { ...DEFAULTS, fee: "0.00001" };
/**
 * The time between two troubles, ms: long enough that backfilling after them stays within the exchange's rate limit.
 */
const LEAST_PAUSE_MS = 500;
const MOST_PAUSE_MS = 2_500;
const SAMPLE_MS = 1_000;
/** The smallest part of a soak in which memory and open files are measured. */
const WATCHED = 1 / 3;
/** A process that grows by less than this in a round of all troubles has all the memory it needs. */
const SETTLED_MB = 1;
const MOST_ROUNDS = 5;

/** Every fault, with its parameters. */
function faults(random: SeededRandom): FaultAction[] {
  const count = random.whole(1, 10);
  return [
    { kind: "drop" },
    { kind: "close" },
    { kind: "stall" },
    { kind: "no-close" },
    { kind: "half-open" },
    { kind: "duplicate", count },
    { kind: "hole", count },
    { kind: "reorder" },
    { kind: "malformed" },
    { kind: "slow", delayMs: random.whole(100, 900) },
    { kind: "refuse", status: random.pick([429, 503]), retryAfterSeconds: 1, count: 1 },
    { kind: "shutdown" },
  ];
}

/**
 * Runs for `ms` with troubles drawn from `seed`. Throws an AssertionError if anything is lost, doubled or different.
 */
export async function soak(ms: number, seed: number): Promise<Soaked> {
  const folder = await Deno.makeTempDir({ prefix: "penstock-soak-" });
  try {
    await using exchange = await SoakExchange.start();
    return await new Soak(exchange, `${folder}/run.db`, seed).run(ms);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

class Soak {
  readonly #exchange: SoakExchange;
  readonly #path: string;
  readonly #seed: number;
  readonly #random: SeededRandom;
  readonly #troubles: Record<string, number> = {};
  readonly #printed: PrintedEvent[][] = [];
  /** Faults still to be injected before all are shuffled again. */
  #waiting: FaultAction[] = [];

  constructor(exchange: SoakExchange, path: string, seed: number) {
    this.#exchange = exchange;
    this.#path = path;
    this.#seed = seed;
    this.#random = new SeededRandom(seed);
  }

  async run(ms: number): Promise<Soaked> {
    const startedAt = performance.now();
    // In the first half processes come and go; in the second, one process keeps running.
    while (performance.now() - startedAt < ms / 2) {
      await using program = this.#start();
      for (let left = this.#random.whole(1, 6); left > 0; left--) await this.#trouble();
      const signal = this.#random.pick(["SIGKILL", "SIGTERM"] as const);
      this.#count(signal);
      await this.#end(program, signal);
    }
    await using program = this.#start();
    await program.event("fill");
    await this.#warmUp(program);
    const watchedFrom = performance.now();
    const programs: Sample[] = [];
    const exchanges: Sample[] = [];
    let isOver = false;
    const sampling = (async () => {
      for (; !isOver; await pause(SAMPLE_MS)) {
        const minute = (performance.now() - startedAt) / 60_000;
        programs.push(await measure(program.pid, minute));
        exchanges.push(await measure(this.#exchange.pid, minute));
      }
    })();
    const until = Math.max(startedAt + ms, watchedFrom + WATCHED * ms);
    while (performance.now() < until) await this.#trouble();
    // The run repairs the damage of the last trouble before the end; otherwise the next run would have to.
    await pause(MOST_PAUSE_MS);
    program.passOver();
    await program.event("fill");
    isOver = true;
    await sampling;
    await this.#end(program, "SIGTERM");
    assertKept(await wholeEntries(this.#path), this.#printed);
    const { fills, trades } = await assertRunMatchesReference(this.#path, OPTIONS);
    const summary = this.#printed.at(-1)!.at(-1)!;
    assertEquals([summary.type, summary.trades, summary.fills], ["summary", trades, fills]);
    return {
      seed: this.#seed,
      troubles: this.#troubles,
      trades,
      fills,
      program: trendsOf(programs),
      exchange: trendsOf(exchanges),
    };
  }

  /**
   * Goes through all troubles, again and again, until both processes have the memory that they need. A leak never stops
   * growing, so the measurement after the last round shows it.
   */
  async #warmUp(program: Penstock): Promise<void> {
    let before = [0, 0];
    for (let round = 0; round < MOST_ROUNDS; round++) {
      this.#waiting = [];
      do await this.#trouble(); while (this.#waiting.length > 0);
      const taken = await Promise.all([program.pid, this.#exchange.pid].map((pid) => measure(pid, 0)));
      const memory = taken.map(({ memoryMb }) => memoryMb);
      if (memory.every((megabytes, at) => megabytes < before[at]! + SETTLED_MB)) return;
      before = memory;
    }
  }

  #start(): Penstock {
    const args = ["--stale=1s", "--retry-max=250ms", `--fee=${OPTIONS.fee}`];
    return startRunUnder(COLLECTING, this.#exchange, this.#path, ...args);
  }

  async #trouble(): Promise<void> {
    await pause(this.#random.whole(LEAST_PAUSE_MS, MOST_PAUSE_MS));
    if (this.#waiting.length === 0) this.#waiting = shuffled(faults(this.#random), this.#random);
    const fault = this.#waiting.pop()!;
    this.#count(fault.kind);
    await this.#exchange.inject(fault);
  }

  async #end(program: Penstock, signal: Deno.Signal): Promise<void> {
    program.signal(signal);
    const { stdout } = await program.finished();
    // The last line of a killed process may be incomplete.
    const whole = stdout.endsWith("}") ? stdout : stdout.slice(0, stdout.lastIndexOf("\n") + 1);
    this.#printed.push(eventsOf(whole));
  }

  #count(trouble: string): void {
    this.#troubles[trouble] = (this.#troubles[trouble] ?? 0) + 1;
  }
}

function shuffled<T>(items: readonly T[], random: SeededRandom): T[] {
  const left = [...items];
  return Array.from({ length: left.length }, () => left.splice(random.whole(0, left.length - 1), 1)[0]!);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Throws an AssertionError when the memory or the open files of either process grow. */
export function assertFlat(found: Soaked): void {
  const { program, exchange } = found;
  const grown = [
    ...growths(program).map((growth) => `the program grows: ${growth}`),
    ...growths(exchange).map((growth) => `the exchange grows: ${growth}`),
  ];
  assert(grown.length === 0, `${grown.join("; ")}\n${soakText(found)}`);
}

/** The result, in a few lines. */
export function soakText({ seed, troubles, trades, fills, program, exchange }: Soaked): string {
  const list = Object.entries(troubles).map(([name, count]) => `${name} ${count}`).join(", ");
  return `soak with seed ${seed}: ${trades} trades, ${fills} fills, none lost, none doubled
troubles: ${list}
penstock: ${trendsText(program)}
exchange: ${trendsText(exchange)}`;
}

if (import.meta.main) {
  const given = parseArgs(Deno.args, { string: ["for", "seed"] });
  const ms = duration(60_000, 24 * 3_600_000)(given.for ?? "2m");
  const seed = Number(given.seed ?? Math.floor(Math.random() * 2 ** 32));
  assert(Number.isSafeInteger(seed) && seed >= 0, `--seed is "${given.seed}": expected a whole number`);
  console.log(`soak with seed ${seed} for ${ms / 1000} s`);
  const found = await soak(ms, seed);
  console.log(soakText(found));
  assertFlat(found);
}
