/** The plan of a simulated day, drawn from a seed: its market, its run's options, and how much goes wrong. */
import { Random } from "../../src/simulator/random.ts";
import type { Choices } from "../support/reference.ts";
import { DEFAULTS } from "../support/pipeline_input.ts";

/** The plan of a day. */
export interface DayPlan {
  /** ms since 1970 when it starts. */
  readonly epoch: number;
  /** Mean trades per second. */
  readonly rate: number;
  readonly firstId: number;
  readonly choices: Choices;
  /** Of the run, besides those of `choices`. */
  readonly options: readonly string[];
  /** How long a journal may take to confirm a write, ms. */
  readonly answersWithinMs: number;
  /** Whether recordings are compressed. */
  readonly isCompressed: boolean;
  /** Whether machines lose power, or only processes are killed. */
  readonly hasPowerCuts: boolean;
  /** When the exchange's ids start over, ms; null for never. */
  readonly restartsIdsAt: number | null;
  /**
   * How far the machine's clock is ahead as the day starts, ms. If it is more than an hour behind, limits use it
   * instead of the trades' times, which the reference does not know.
   */
  readonly clockOffset: number;
  /** The mean time between two troubles of each kind, minutes. */
  readonly every: {
    readonly fault: number;
    readonly outage: number;
    readonly weather: number;
    readonly end: number;
    readonly request: number;
    readonly diskTrouble: number;
    readonly clockStep: number;
  };
}

const MINUTE = 60_000;
const FIRST_DAY = Date.UTC(2024, 7, 8);
const STREAM = 1_000;
/** From its own stream, so that a day without bars is what it was before there were any. */
const BARS_STREAM = 1_001;
/** Ids too large to occur again after the ids start over. */
const LARGE_IDS = [3_716_592_901, 2 ** 40] as const;

/** The day of this seed. */
export function planOf(seed: number): DayPlan {
  const random = new Random(seed, STREAM);
  const pick = <T>(...choices: readonly T[]): T => choices[random.below(choices.length)]!;
  const short = 2 + random.below(10);
  const choices: Choices = {
    ...DEFAULTS,
    short,
    long: short + 1 + random.below(40),
    cash: pick("10000", "10000", "1000.123456789"),
    stake: pick("1000", "300.333", "33.3%", "100%"),
    fee: pick("0.00001", "0", "0.0001", "0.001"),
    slippage: pick("0", "0", "1.5"),
    fill: pick("signal", "signal", "next"),
    maxDrawdown: pick("0.2", "0.005", "0.02", "0.9"),
    maxDailyLoss: pick(null, "0.002", "0.01"),
    onHalt: pick("hold", "flatten"),
    maxPosition: pick(null, null, "700", "1500"),
    maxOrders: pick(null, null, { count: 2, within: 600_000 }),
    cooldown: pick(null, null, 120_000_000),
    stopLoss: pick(null, null, "0.001"),
    takeProfit: pick(null, null, "0.001"),
    trailingStop: pick(null, null, "0.0015"),
    ...barsOf(new Random(seed, BARS_STREAM)),
  };
  const stale = pick(45, 90, 240);
  const firstId = pick(1, ...LARGE_IDS);
  const restartsIds = firstId > 1 && random.below(3) === 0;
  return {
    // The day may start at any minute, so that midnight falls anywhere.
    epoch: FIRST_DAY + random.below(365 * 24 * 60) * MINUTE,
    rate: pick(0.03, 0.05, 0.08),
    firstId,
    restartsIdsAt: restartsIds ? (60 + random.below(20 * 60)) * MINUTE : null,
    choices,
    options: [
      ...optionsOf(choices),
      ...["--max-hold=1h", `--stale=${stale}s`, `--retry-max=${pick(1, 20, 60)}s`],
      `--renew-after=${pick("1h", "5h", "23h")}`,
    ],
    answersWithinMs: pick(0, 0, 40, 1_500),
    isCompressed: random.below(4) === 0,
    hasPowerCuts: random.below(3) === 0,
    clockOffset: pick(0, 0, -400, 2_500, 90_000, 3 * 60 * MINUTE),
    every: {
      fault: pick(12, 25),
      outage: pick(90, 240),
      weather: pick(60, 120),
      end: pick(60, 100, 200),
      request: pick(50, 100),
      diskTrouble: pick(400, 1_500),
      clockStep: pick(500, 5_000),
    },
  };
}

/**
 * The bars of a day, if it has any: few trades in each, and every now and then an interval without any. None are of
 * volume or value, because the exchange does not say how the quantity of a fetched aggregate is split.
 */
function barsOf(random: Random): Pick<Choices, "bars" | "fill"> {
  const sizes = [null, null, "20s", "20s", "1m", "3m", "3t", "8t"];
  const bars = sizes[random.below(sizes.length)]!;
  return bars === null ? {} : { bars };
}

/** The options of a run for these choices. */
function optionsOf(choices: Choices): string[] {
  const { maxOrders, cooldown, latency, onHalt, ...rest } = choices;
  const plain = {
    bars: rest.bars ?? "",
    short: rest.short,
    long: rest.long,
    cash: rest.cash,
    stake: rest.stake,
    fee: rest.fee,
    slippage: rest.slippage,
    fill: rest.fill!,
    latency: `${latency / 1_000}ms`,
    "max-drawdown": rest.maxDrawdown!,
    "max-daily-loss": rest.maxDailyLoss ?? "",
    "on-halt": onHalt ?? "",
    "max-position": rest.maxPosition ?? "",
    "max-orders": maxOrders == null ? "" : `${maxOrders.count}/${maxOrders.within}ms`,
    cooldown: cooldown == null ? "" : `${cooldown / 1_000}ms`,
    "stop-loss": rest.stopLoss ?? "",
    "take-profit": rest.takeProfit ?? "",
    "trailing-stop": rest.trailingStop ?? "",
  };
  return Object.entries(plain).flatMap(([name, value]) => value === "" ? [] : [`--${name}=${value}`]);
}
