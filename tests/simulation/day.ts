/**
 * A day of a live run in virtual time, drawn from a seed: the exchange, the network, the disk, the clock and the
 * process itself fail in every way they can, around the real feed, engine and stores.
 */
import { assert, assertRejects } from "@std/assert";
import { assertKept, wholeEntries } from "../commands/reference_run.ts";
import { Journal } from "../../src/stores/journal/journal.ts";
import { JournalHeld } from "../../src/stores/journal/journal_error.ts";
import { JournalReader } from "../../src/stores/journal/journal_reader.ts";
import { Random } from "../../src/simulator/random.ts";
import { exitOf } from "../../src/domain/process/exit.ts";
import { type Boot, checkDay, type DayFound, progressIn } from "./day_checks.ts";
import { type DayPlan, planOf } from "./day_plan.ts";
import { Requests } from "./requests.ts";
import type { KeptHeartbeat } from "../../src/stores/journal/entry_log.ts";
import { Weather } from "./simulated_network.ts";
import { SimulatedExchange } from "./simulated_exchange.ts";
import { SimulatedProcess, type World } from "./simulated_process.ts";
import { Trace } from "./trace.ts";
import { DAY, MINUTE, Troubles, WrongClock } from "./troubles.ts";
import { VirtualTime } from "./virtual_time.ts";

/** The outcome of a day. */
export interface Day extends DayFound {
  readonly seed: number;
  /** A digest, equal whenever the same program simulates the same seed. */
  readonly digest: string;
  /** How often each trouble occurred, by its name. */
  readonly troubles: Readonly<Record<string, number>>;
}

/** A day after which something was lost, doubled or otherwise wrong. */
export class BadDay extends Error {
  override readonly name = "BadDay";
  readonly seed: number;
  readonly digest: string;

  constructor(seed: number, digest: string, cause: unknown, last: readonly string[]) {
    const why = cause instanceof Error ? cause.stack ?? cause.message : String(cause);
    super(`the day of seed ${seed}: ${why}\nlast events:\n${last.join("\n")}`, { cause });
    this.seed = seed;
    this.digest = digest;
  }
}

/** The longest time for a process to stop. */
const PATIENCE = 5 * MINUTE;
const SHOWN = 40;
const PULSE_MINUTES = 30;
/** The greatest age of a heartbeat; here a run writes one every two minutes. */
const HEARTBEAT_MS = 2.2 * MINUTE;
/** The longest time for several stale streams in a row, with the time to connect again. */
const LAG_MS = 60 * MINUTE;
const ENDS = [
  "kill",
  "kill in a write",
  "kill in a write",
  "kill in a commit",
  "kill in a commit",
  "stop",
] as const;
/** The stream of random numbers of the first process. */
const FIRST_PROCESS = 100;

/**
 * Simulates the day of `seed` in a temporary folder. Throws BadDay, with the last `shown` lines of the trace, if a
 * check fails.
 */
export async function simulateDay(seed: number, shown = SHOWN): Promise<Day> {
  const folder = Deno.makeTempDirSync({ prefix: "penstock-day-" });
  try {
    return await new DayRun(seed, folder, shown).run();
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

class DayRun {
  readonly #seed: number;
  readonly #folder: string;
  readonly #plan: DayPlan;
  readonly #random: Random;
  readonly #time = new VirtualTime();
  readonly #trace: Trace;
  readonly #world: World;
  readonly #requests: Requests;
  readonly #troubles: Troubles;
  readonly #clock: WrongClock;
  readonly #boots: Boot[] = [];
  #process: SimulatedProcess | null = null;
  /** The folder of the journal, a new one after every crash. */
  #disk = 0;

  constructor(seed: number, folder: string, shown: number) {
    this.#trace = new Trace(shown);
    this.#seed = seed;
    this.#folder = folder;
    const plan = this.#plan = planOf(seed);
    this.#random = new Random(seed, 1);
    const clock = this.#clock = new WrongClock(plan.clockOffset);
    const { rate, firstId, epoch, choices: { symbol } } = plan;
    const time = this.#time;
    const market = { symbol, seed, rate, firstId, epoch };
    this.#world = {
      time,
      exchange: new SimulatedExchange(time, new Random(seed, 2), market),
      weather: new Weather(time),
      trouble: { isFull: false, failsIn: null },
      trace: this.#trace,
      wallClock: () => epoch + time.now + clock.offset,
    };
    this.#troubles = new Troubles(this.#world, plan, this.#random, clock);
    this.#requests = new Requests(this.#world, new Random(seed, 3));
    Deno.mkdirSync(`${folder}/0`);
  }

  async run(): Promise<Day> {
    try {
      await this.#time.run(this.#live());
      const { choices } = this.#plan;
      const { trades } = this.#world.exchange;
      const found = await checkDay({
        path: this.#path,
        choices,
        trades,
        boots: this.#boots,
        requests: this.#requests,
        // A power cut loses what the system had not synced yet.
        isUnproven: this.#boots.some(({ hasLostRecording }) => hasLostRecording),
      });
      return { seed: this.#seed, digest: this.#trace.digest, troubles: this.#troubles.counts, ...found };
    } catch (error) {
      const log = this.#process?.log.slice(-10) ?? [];
      throw new BadDay(this.#seed, this.#trace.digest, error, [...this.#trace.last, ...log]);
    } finally {
      await this.#process?.disk.close();
    }
  }

  get #path(): string {
    return `${this.#folder}/${this.#disk}/run.db`;
  }

  async #live(): Promise<void> {
    const bad = Promise.withResolvers<never>();
    const loops = [
      ...this.#troubles.start(),
      this.#troubles.nowAndThen(this.#plan.every.request, () => this.#request()),
      this.#troubles.nowAndThen(PULSE_MINUTES, () => this.#checkPulse()),
    ];
    for (const loop of loops) loop.catch(bad.reject);
    await Promise.race([this.#processes(), bad.promise]);
  }

  /** Runs processes, one at a time. The last one is asked to stop as the day ends. */
  async #processes(): Promise<void> {
    const random = this.#random;
    while (!await this.#outcomeOf(await this.#boot())) {
      const meanMs = random.below(12) === 0 ? 90 * MINUTE : 20_000;
      // A supervisor waits a little before it starts a process again.
      const awayMs = Math.max(1_000, Math.min(random.exponential(meanMs), this.#troubles.leftMs));
      await this.#time.sleep(awayMs / 2);
      if (random.below(8) === 0) await this.#request();
      await this.#time.sleep(awayMs / 2);
    }
  }

  async #boot(): Promise<Boot> {
    const { options, isCompressed, answersWithinMs } = this.#plan;
    const number = this.#boots.length;
    const recording = `${this.#folder}/${number}-#.txt${isCompressed ? ".gz" : ""}`;
    const progress = await this.#time.real(progressIn(this.#path));
    const process = new SimulatedProcess(
      this.#world,
      new Random(this.#seed, FIRST_PROCESS + number),
      [...options, `--state=${this.#path}`, `--record=${recording}/`],
      answersWithinMs,
    );
    const boot: Boot = { process, ...progress, hasLostRecording: false };
    this.#process = process;
    this.#boots.push(boot);
    this.#trace.add(this.#time.now, `process ${number} resumes after ${progress.from}`);
    return boot;
  }

  /** Runs a process until it ends. Resolves to whether it lasted to the end of the day. */
  async #outcomeOf(boot: Boot): Promise<boolean> {
    const random = this.#random;
    const { process } = boot;
    const isShort = random.below(3) === 0;
    const lifeMs = random.exponential(isShort ? 4_000 : this.#plan.every.end * MINUTE);
    if (lifeMs >= this.#troubles.leftMs) {
      await this.#waitFor(process, DAY - this.#time.now);
      if (process.isAlive) {
        await this.#stop(process);
        await this.#afterwards(boot);
        return true;
      }
    } else {
      await this.#waitFor(process, lifeMs);
      if (process.isAlive) {
        const how = ENDS[random.below(ENDS.length)]!;
        this.#troubles.count(how);
        if (how === "stop") await this.#stop(process);
        else {
          if (how !== "kill") {
            process.disk.killAtWrite(
              1 + random.below(how === "kill in a commit" ? 2 : 12),
              how === "kill in a commit",
            );
            await this.#waitFor(process, random.exponential(2 * MINUTE));
          }
          process.kill();
        }
      }
    }
    await this.#afterwards(boot);
    return false;
  }

  /** Checks what an end leaves behind. */
  async #afterwards(boot: Boot): Promise<void> {
    const { process } = boot;
    const ending = await process.ended;
    this.#trace.add(this.#time.now, ending.how);
    if (ending.how === "killed") {
      const isPowerCut = this.#plan.hasPowerCuts && this.#random.below(2) === 0;
      if (isPowerCut) this.#troubles.count("power cut");
      const left = `${this.#folder}/${this.#disk}`;
      this.#disk++;
      const crash = process.disk.crash(left, `${this.#folder}/${this.#disk}`, isPowerCut);
      boot.hasLostRecording = await this.#time.real(crash);
      Deno.removeSync(left, { recursive: true });
    } else {
      if (ending.how === "failed") this.#mustHaveReason(process, ending.error);
      await this.#time.real(process.disk.close());
    }
    if (exists(this.#path)) {
      const entries = await this.#time.real(wholeEntries(this.#path));
      assertKept(entries, this.#boots.map(({ process: { printed } }) => printed));
    }
  }

  /** Checks that a run ends by itself only after its disk has failed. */
  #mustHaveReason(process: SimulatedProcess, error: unknown): void {
    this.#troubles.count("failure");
    if (process.troubles.length === 0 || exitOf(error) === null) throw error;
  }

  async #stop(process: SimulatedProcess): Promise<void> {
    process.stop();
    await this.#waitFor(process, PATIENCE);
    assert(!process.isAlive, `a process that was asked to stop still runs after ${PATIENCE} ms`);
  }

  async #waitFor(process: SimulatedProcess, ms: number): Promise<void> {
    await Promise.race([process.ended, this.#time.sleep(ms)]);
  }

  async #request(): Promise<void> {
    const process = this.#process?.isAlive === true ? this.#process : null;
    if (exists(this.#path)) {
      this.#troubles.count(await this.#time.real(this.#requests.file(this.#path, process)));
    }
  }

  /** Checks that other processes see that the run is alive, and that none can take its journal. */
  async #checkPulse(): Promise<void> {
    const process = this.#process;
    const { time, wallClock } = this.#world;
    const since = Math.max(process?.openSince ?? Infinity, this.#clock.steppedAt);
    if (process?.isAlive !== true || time.now - since < 2 * HEARTBEAT_MS) return;
    const heartbeat = await this.#time.real(heartbeatIn(this.#path));
    assert(heartbeat !== null, "a run has no heartbeat");
    this.#mustKeepUp(process, heartbeat);
    const ageMs = wallClock() - heartbeat.time / 1_000;
    assert(ageMs >= -1 && ageMs <= HEARTBEAT_MS, `the heartbeat of a run is ${ageMs} ms old`);
    const other = Journal.open(this.#path, { now: () => 0, remembers: 1 });
    await this.#time.real(assertRejects(() => other, JournalHeld));
  }

  /** Checks that a process with a network for long enough has all older trades. */
  #mustKeepUp(process: SimulatedProcess, { last }: KeptHeartbeat): void {
    const { time, weather, exchange } = this.#world;
    if (Math.min(time.now - process.openSince!, weather.openMs) < LAG_MS) return;
    const due = exchange.trades.findLast((trade) => trade.time <= exchange.now - LAG_MS);
    if (due === undefined || due.time < exchange.now - 2 * LAG_MS) return;
    const at = last === null ? -1 : last.time / 1_000;
    assert(
      due.time <= at,
      `a run has nothing newer than trade time ${at}, and trade ${due.id} is of ${due.time}`,
    );
  }
}

async function heartbeatIn(path: string): Promise<KeptHeartbeat | null> {
  await using reader = await JournalReader.open(path);
  return await reader.heartbeat();
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).size > 0;
  } catch {
    return false;
  }
}
