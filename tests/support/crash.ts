/** A crash made from recorded trades: their prices are scaled down further and further, over 2,000 trades. */
import { Exact } from "./exact.ts";
import { gzipLines } from "./recorded_data.ts";
import type { PlainTrade } from "./reference.ts";

const STARTS = 3_000;
const LASTS = 2_000;
const GOES_ON = 8_000;
/**
 * What a price gains with each trade before the crash, and loses with each trade in it, in
 * hundred-thousandths.
 */
const GAINS = 3n;
const LOSES = 40n;

/** The recordings of frames that it is made from. */
export const CRASH_RECORDINGS = ["binance_spot_btcusdt_20240808.gz", "binance_spot_btcusdt_20240809.gz"];

/**
 * The trades up to some minutes after the crash. With `climbs` prices rise first, so that what was bought
 * gains.
 */
export async function crashed({ climbs = false } = {}): Promise<PlainTrade[]> {
  const lines = (await Promise.all(CRASH_RECORDINGS.map(gzipLines))).flat();
  const frames = lines.filter((line) => line.includes(`"btcusdt@trade"`)).slice(0, STARTS + LASTS + GOES_ON);
  return frames.map((line, at): PlainTrade => {
    const { t, T, p, q } = JSON.parse(line.slice(line.indexOf(" ") + 1)).data;
    const before = climbs ? BigInt(Math.min(STARTS, at)) : 0n;
    const into = BigInt(Math.min(LASTS, Math.max(0, at - STARTS)));
    const scaled = Exact.of(p).times(new Exact(100_000n + GAINS * before - LOSES * into, 5));
    // A price has eight decimals at most.
    const price = `${new Exact(scaled.wholeTimes(new Exact(1n, 8)), 8)}`;
    return { firstId: t, lastId: t, time: T * 1000, price, quantity: q };
  });
}
