/** The troubles of a simulated day's exchange, network, disk and clock. */
import type { FaultAction } from "../../src/simulator/faults.ts";
import type { Random } from "../../src/simulator/random.ts";
import type { DayPlan } from "./day_plan.ts";
import type { World } from "./simulated_process.ts";

export const MINUTE = 60_000;
export const DAY = 24 * 60 * MINUTE;
/** The time without troubles at the end, in which everything can recover. */
const WITHOUT_TROUBLES = 40 * MINUTE;

/** The machine's clock, which is wrong and is sometimes set. */
export class WrongClock {
  /** How far it is ahead, ms. */
  offset: number;
  /** The last time it was set, ms of virtual time. */
  steppedAt = 0;

  constructor(offset: number) {
    this.offset = offset;
  }
}

/** The troubles of one day. */
export class Troubles {
  /** How often each occurred, by its name. */
  readonly counts: Record<string, number> = {};
  readonly #world: World;
  readonly #plan: DayPlan;
  readonly #random: Random;
  readonly #clock: WrongClock;

  constructor(world: World, plan: DayPlan, random: Random, clock: WrongClock) {
    this.#world = world;
    this.#plan = plan;
    this.#random = random;
    this.#clock = clock;
  }

  /** Runs every kind of trouble; each promise rejects if its trouble fails. */
  start(): Promise<void>[] {
    const { every } = this.#plan;
    return [
      this.nowAndThen(every.fault, () => this.#fault()),
      this.nowAndThen(every.outage, () => this.#outage()),
      this.nowAndThen(every.weather, () => this.#changeWeather()),
      this.nowAndThen(every.diskTrouble, () => this.#troubleDisk()),
      this.nowAndThen(every.clockStep, () => this.#stepClock()),
      this.#endTroubles(),
      this.#restartIds(),
    ];
  }

  /** Repeats something at a mean interval in minutes until the time without troubles. */
  async nowAndThen(minutes: number, act: () => void | Promise<void>): Promise<void> {
    for (;;) {
      await this.#world.time.sleep(this.#random.exponential(minutes * MINUTE));
      if (this.leftMs <= 0) return;
      await act();
    }
  }

  /** The time until the troubles end, ms. */
  get leftMs(): number {
    return DAY - WITHOUT_TROUBLES - this.#world.time.now;
  }

  /** Counts a trouble. */
  count(trouble: string): void {
    const { time, trace } = this.#world;
    this.counts[trouble] = (this.counts[trouble] ?? 0) + 1;
    trace.add(time.now, trouble);
  }

  async #endTroubles(): Promise<void> {
    await this.#world.time.sleep(this.leftMs);
    this.#world.weather.restTrouble = 0;
    this.#world.trouble.failsIn = null;
  }

  async #restartIds(): Promise<void> {
    const { restartsIdsAt } = this.#plan;
    if (restartsIdsAt === null) return;
    await this.#world.time.sleep(restartsIdsAt);
    this.#world.exchange.restartIds();
    this.count("ids start over");
  }

  #fault(): void {
    const random = this.#random;
    const count = 1 + random.below(10);
    const fault: FaultAction[] = [
      { kind: "drop" },
      { kind: "close" },
      { kind: "stall" },
      { kind: "no-close" },
      { kind: "half-open" },
      { kind: "duplicate", count },
      { kind: "hole", count },
      { kind: "reorder" },
      { kind: "malformed" },
      { kind: "slow", delayMs: 100 + random.below(60_000) },
      {
        kind: "refuse",
        status: [429, 503, 403, 418, 451][random.below(5)]!,
        retryAfterSeconds: random.below(90),
        count: 1 + random.below(3),
      },
      { kind: "shutdown" },
    ];
    const chosen = fault[random.below(fault.length)]!;
    // Repeated old trades would not count towards the proof that ids started over.
    const sinceRestart = this.#world.time.now - (this.#plan.restartsIdsAt ?? Infinity);
    if (chosen.kind === "duplicate" && sinceRestart > 0 && sinceRestart < 60 * MINUTE) return;
    this.count(chosen.kind);
    this.#world.exchange.inject(chosen);
  }

  async #outage(): Promise<void> {
    const random = this.#random;
    const { weather } = this.#world;
    const kinds = ["refused", "silent", "no-name"] as const;
    weather.outage = kinds[random.below(kinds.length)]!;
    this.count(`outage ${weather.outage}`);
    const meanMs = random.below(8) === 0 ? 40 * MINUTE : 2 * MINUTE;
    await this.#world.time.sleep(Math.min(random.exponential(meanMs), this.leftMs));
    weather.outage = null;
  }

  #changeWeather(): void {
    const { weather } = this.#world;
    const shares = [0, 0, 0.1, 0.3, 0.8, 1];
    weather.restTrouble = shares[this.#random.below(shares.length)]!;
    weather.stutters = weather.restTrouble === 0 && this.#random.below(2) === 0;
  }

  async #troubleDisk(): Promise<void> {
    const random = this.#random;
    const { trouble } = this.#world;
    if (random.below(2) === 0) {
      this.count("failing write");
      trouble.failsIn = 1 + random.below(10);
      return;
    }
    this.count("full disk");
    trouble.isFull = true;
    await this.#world.time.sleep(Math.min(random.exponential(4 * MINUTE), this.leftMs));
    trouble.isFull = false;
  }

  #stepClock(): void {
    const random = this.#random;
    this.count("clock step");
    this.#clock.offset += (random.below(2) === 0 ? -1 : 1) *
      random.exponential(random.below(3) === 0 ? MINUTE : 500);
    this.#clock.steppedAt = this.#world.time.now;
  }
}
