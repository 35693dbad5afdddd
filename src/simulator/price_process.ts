import { Random } from "./random.ts";
import type { ExchangeTrade } from "./trade.ts";

/** What decides a price process; the same values always give the same trades, byte for byte. */
export interface PriceProcessOptions {
  readonly seed: number;
  /** Mean trades per second of market time. */
  readonly rate: number;
  /** The id of the first trade; the others follow without a hole. */
  readonly firstId: number;
  /** Milliseconds since 1970 from which the trades' times count. */
  readonly startTime: number;
}

const START_PRICE = 60_000;
/** Chance that an order takes one more resting order: the share of trades that share their predecessor's time. */
const SWEEP = 0.6;
const ORDER_SIZE = 1 / (1 - SWEEP);
/**
 * Standard deviation of what an order adds to the move in a quiet market, as a fraction of the price. With the
 * figures below, moves over 20 to 1,000 trades are those of BTCUSDT on a recorded evening (0.7 to 9 basis points).
 */
const MOVE = 7.5e-6;
/** Chance that the quote moves before an order; otherwise trades bounce between the same bid and ask. */
const QUOTE_MOVES = 0.4;
/** How many orders a trend lasts on average, and its largest strength in units of `MOVE`. */
const TREND_LENGTH = 200;
const TREND_STRENGTH = 0.35;
/** Pull towards the start price per order, so that days of market time stay in a plausible range. */
const PULL = 4e-6;
/** How much of an order's move carries over to the next: buyers follow buyers. */
const MOMENTUM = 0.88;
const SHOCK = 0.06;
const PERSISTENCE = 0.92;
/** Ticks (0.01) below which the bid never falls, and the largest move of one order. */
const LOWEST_BID = 100;
const LARGEST_MOVE = 0.01;
/** Mean distance, in ticks, from one resting order to the next that a sweep takes. */
const SWEEP_STEP = 40;
const ROUND_LOTS = [100, 100, 200, 500, 500, 1_000, 1_000, 2_000, 5_000, 10_000, 50_000, 100_000];
const LARGEST_QUANTITY = 10_000_000;

/**
 * An endless market, order by order. The quote follows a random walk with trends that switch (so that moving
 * averages cross, and are sometimes right) and with volatility that clusters (GARCH(1,1), and busy spells in
 * which orders also come faster). An order trades at the ask or the bid, one tick apart, against one or more
 * resting orders in the same millisecond. Quantities are log-normal, some of them round lots.
 *
 * @throws {RangeError} when the rate is not above 0, or the seed or the first id is not an integer
 */
export function* priceProcess(options: PriceProcessOptions): Generator<ExchangeTrade, never> {
  const { seed, rate, startTime } = options;
  if (!(rate > 0 && rate < Infinity)) throw new RangeError(`The rate must be above 0: got ${rate}`);
  if (!Number.isSafeInteger(options.firstId)) {
    throw new RangeError(`The first trade id must be an integer: got ${options.firstId}`);
  }
  const random = new Random(seed);
  const meanGap = 1000 * ORDER_SIZE / rate;
  let id = options.firstId;
  let elapsed = 0;
  let mid = START_PRICE;
  let variance = 1;
  let wake = 0;
  let trend = (2 * random.uniform() - 1) * TREND_STRENGTH;
  let busy = false;
  let buyerIsMaker = false;

  while (true) {
    busy = busy ? random.uniform() >= 0.006 : random.uniform() < 0.004;
    // 60 % of orders follow after 1.4 times the mean gap and 40 % after 0.4 times, which keeps the rate.
    elapsed += random.exponential(meanGap * (busy ? 0.4 : 1.4));
    if (random.uniform() < 1 / TREND_LENGTH) trend = (2 * random.uniform() - 1) * TREND_STRENGTH;

    const shock = random.normal();
    let move = 0;
    if (random.uniform() < QUOTE_MOVES) {
      const scale = MOVE * (busy ? 1.6 : 1);
      wake = MOMENTUM * wake + Math.sqrt(variance) * shock;
      move = scale * (trend + wake) - PULL * (mid / START_PRICE - 1);
      mid *= 1 + Math.max(-LARGEST_MOVE, Math.min(LARGEST_MOVE, move));
      variance = 1 - SHOCK - PERSISTENCE + variance * (SHOCK * shock * shock + PERSISTENCE);
    }
    const bid = Math.max(LOWEST_BID, Math.floor(mid * 100));
    if (random.uniform() >= 0.35) buyerIsMaker = random.uniform() < 0.5 - 0.25 * Math.sign(move);

    const time = startTime + Math.floor(elapsed);
    let ticks = buyerIsMaker ? bid : bid + 1;
    do {
      yield { id, price: priceText(ticks), quantity: quantityText(drawQuantity(random)), time, buyerIsMaker };
      id++;
      if (random.uniform() < 0.25) {
        const step = 1 + Math.floor(random.exponential(SWEEP_STEP));
        ticks = buyerIsMaker ? Math.max(LOWEST_BID, ticks - step) : ticks + step;
      }
    } while (random.uniform() < SWEEP);
  }
}

/** A quantity in units of 0.00001. */
function drawQuantity(random: Random): number {
  if (random.uniform() < 0.2) return ROUND_LOTS[random.below(ROUND_LOTS.length)] ?? 100;
  const drawn = Math.round(200 * Math.exp(1.7 * random.normal()));
  return Math.max(1, Math.min(LARGEST_QUANTITY, drawn));
}

function priceText(ticks: number): string {
  const rest = ticks % 100;
  return `${(ticks - rest) / 100}.${rest < 10 ? "0" : ""}${rest}000000`;
}

function quantityText(units: number): string {
  const rest = units % 100_000;
  return `${(units - rest) / 100_000}.${String(rest).padStart(5, "0")}000`;
}
