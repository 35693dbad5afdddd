/**
 * A long run among troubles: the built-in exchange does everything that it can do wrong, in an order drawn from a
 * seed, the process is killed and stopped and started again, and in the end every decision has to be what a reckoning
 * over the market's trades makes of them. `deno task soak --for 1h [--seed N]`; the gate has two minutes.
 */
import { parseArgs } from "@std/cli/parse-args";
import { assert, assertEquals } from "@std/assert";
import { duration } from "../../src/domain/option_values.ts";
import type { FaultAction } from "../../src/feeds/exchange/faults.ts";
import type { BuiltInExchange } from "../../src/feeds/exchange/server.ts";
import {
  assertKept,
  assertReckons,
  reproducibleExchange,
  startRun,
  wholeEntries,
} from "../commands/reckoned_run.ts";
import { eventsOf, type Penstock, type Told } from "../support/penstock.ts";
import { SeededRandom } from "../support/random.ts";

/** What a soak found. */
export interface Soaked {
  readonly seed: number;
  /** How often each trouble came, by its name. */
  readonly troubles: Readonly<Record<string, number>>;
  readonly trades: number;
  readonly fills: number;
  /** Of the last process, which lives for the second half: at its beginning, at its end, and change a minute. */
  readonly memoryMb: Trend;
  readonly files: Trend;
}

/** How a measure went, each end as the middle of a third of the samples. */
export interface Trend {
  readonly first: number;
  readonly last: number;
  /** Least squares over all samples. */
  readonly slopePerMinute: number;
}

interface Sample {
  readonly minute: number;
  readonly memoryMb: number;
  readonly files: number;
}

/** Between two troubles, ms: the exchange's own budget for fetching what they cost is not to be used up. */
const LEAST_PAUSE_MS = 500;
const MOST_PAUSE_MS = 2_500;
const SAMPLE_MS = 1_000;

/** Every fault there is, with what it needs. */
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

/** Runs for `ms` among troubles drawn from `seed`. Throws an AssertionError for anything lost, doubled or other. */
export async function soak(ms: number, seed: number): Promise<Soaked> {
  const folder = await Deno.makeTempDir({ prefix: "penstock-soak-" });
  try {
    await using exchange = reproducibleExchange({ shutdownNoticeMs: 200 });
    return await new Soak(exchange, `${folder}/run.db`, seed).run(ms);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

class Soak {
  readonly #exchange: BuiltInExchange;
  readonly #path: string;
  readonly #seed: number;
  readonly #random: SeededRandom;
  readonly #troubles: Record<string, number> = {};
  readonly #told: Told[][] = [];
  /** Faults still to come before all have been and are shuffled anew. */
  #waiting: FaultAction[] = [];

  constructor(exchange: BuiltInExchange, path: string, seed: number) {
    this.#exchange = exchange;
    this.#path = path;
    this.#seed = seed;
    this.#random = new SeededRandom(seed);
  }

  async run(ms: number): Promise<Soaked> {
    const begun = performance.now();
    // In the first half processes come and go, in the second one lives on.
    while (performance.now() - begun < ms / 2) {
      await using program = this.#start();
      for (let left = this.#random.whole(1, 6); left > 0; left--) await this.#trouble();
      const signal = this.#random.pick(["SIGKILL", "SIGTERM"] as const);
      this.#count(signal);
      await this.#end(program, signal);
    }
    await using program = this.#start();
    await program.event("fill");
    const samples: Sample[] = [];
    let isOver = false;
    const sampling = (async () => {
      while (!isOver) {
        samples.push(await measure(program.pid, (performance.now() - begun) / 60_000));
        await pause(SAMPLE_MS);
      }
    })();
    while (performance.now() - begun < ms) await this.#trouble();
    // What the last trouble broke is made good before the end, or it would be left for the next run.
    await program.event("fill");
    isOver = true;
    await sampling;
    await this.#end(program, "SIGTERM");
    assertKept(wholeEntries(this.#path), this.#told);
    const { fills, trades } = assertReckons(this.#path);
    const summary = this.#told.at(-1)!.at(-1)!;
    assertEquals([summary.type, summary.trades, summary.fills], ["summary", trades, fills]);
    return {
      seed: this.#seed,
      troubles: this.#troubles,
      trades,
      fills,
      memoryMb: trendOf(samples.map(({ minute, memoryMb }) => [minute, memoryMb])),
      files: trendOf(samples.map(({ minute, files }) => [minute, files])),
    };
  }

  #start(): Penstock {
    return startRun(this.#exchange, this.#path, "--stale=1s", "--retry-max=250ms");
  }

  async #trouble(): Promise<void> {
    await pause(this.#random.whole(LEAST_PAUSE_MS, MOST_PAUSE_MS));
    if (this.#waiting.length === 0) this.#waiting = shuffled(faults(this.#random), this.#random);
    const fault = this.#waiting.pop()!;
    this.#count(fault.kind);
    this.#exchange.inject(fault);
  }

  async #end(program: Penstock, signal: Deno.Signal): Promise<void> {
    program.signal(signal);
    const { stdout } = await program.finished();
    // The last line of a process that was killed may be torn.
    const whole = stdout.endsWith("}") ? stdout : stdout.slice(0, stdout.lastIndexOf("\n") + 1);
    this.#told.push(eventsOf(whole));
  }

  #count(trouble: string): void {
    this.#troubles[trouble] = (this.#troubles[trouble] ?? 0) + 1;
  }
}

function shuffled<T>(items: readonly T[], random: SeededRandom): T[] {
  const left = [...items];
  return Array.from({ length: left.length }, () => left.splice(random.whole(0, left.length - 1), 1)[0]!);
}

/** Memory and open files of a process. Deno itself may not read below /proc unless it may do everything. */
async function measure(pid: number, minute: number): Promise<Sample> {
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", `grep VmRSS /proc/${pid}/status; ls /proc/${pid}/fd | wc -l`],
  }).output();
  const [, kilobytes, files] = /(\d+) kB\s+(\d+)/.exec(new TextDecoder().decode(stdout)) ?? [];
  return { minute, memoryMb: Number(kilobytes) / 1024, files: Number(files) };
}

/** The trend of values by minute. */
function trendOf(points: readonly (readonly [minute: number, value: number])[]): Trend {
  const third = Math.ceil(points.length / 3);
  const middle = (some: typeof points) =>
    some.map(([, value]) => value).sort((a, b) => a - b)[some.length >> 1]!;
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const x = mean(points.map(([minute]) => minute));
  const y = mean(points.map(([, value]) => value));
  const spread = points.reduce((sum, [minute]) => sum + (minute - x) ** 2, 0);
  const slope = points.reduce((sum, [minute, value]) => sum + (minute - x) * (value - y), 0) / (spread || 1);
  return { first: middle(points.slice(0, third)), last: middle(points.slice(-third)), slopePerMinute: slope };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** What was found, in a few lines. */
export function soakText({ seed, troubles, trades, fills, memoryMb, files }: Soaked): string {
  const list = Object.entries(troubles).map(([name, count]) => `${name} ${count}`).join(", ");
  const trend = (name: string, { first, last, slopePerMinute }: Trend) =>
    `${name}: ${first.toFixed(1)} to ${last.toFixed(1)}, ${slopePerMinute.toFixed(2)} a minute`;
  return `soak with seed ${seed}: ${trades} trades, ${fills} fills, none lost, none doubled
troubles: ${list}
${trend("memory, MB", memoryMb)}; ${trend("open files", files)}`;
}

if (import.meta.main) {
  const given = parseArgs(Deno.args, { string: ["for", "seed"] });
  const ms = duration(10_000, 24 * 3_600_000)(given.for ?? "2m");
  const seed = Number(given.seed ?? Math.floor(Math.random() * 2 ** 32));
  assert(Number.isSafeInteger(seed) && seed >= 0, `--seed is "${given.seed}": expected a whole number`);
  console.log(`soak with seed ${seed} for ${ms / 1000} s`);
  console.log(soakText(await soak(ms, seed)));
}
