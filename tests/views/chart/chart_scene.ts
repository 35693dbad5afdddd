/** A made-up run for pictures of it: the same on every machine. */
import { Money, plain } from "../../../src/domain/numbers/money.ts";
import { isoTime } from "../../../src/domain/numbers/time.ts";
import type { FillEvent } from "../../../src/domain/run/event.ts";
import type { RunState } from "../../../src/stages/run_state.ts";
import { ChartPicture } from "../../../src/views/chart/chart_picture.ts";
import type { LogLine, Picture } from "../../../src/views/picture.ts";
import { rowText, type ScreenSize } from "../../../src/views/terminal/styled_rows.ts";
import type { StreamState } from "../../../src/views/view.ts";

const START = Date.UTC(2026, 10, 29, 13, 31, 14) * 1000;
/** Between two looks at a run, µs. */
const LOOK = 250_000;
const CASH = new Money("10000");
const QUANTITY = new Money("0.01666");

/** The stream of the made-up run. */
export const STREAM: StreamState = { symbol: "BTCUSDT", connected: true, tradesPerSecond: 17.6, lagMs: 12 };

/** The state of a run before its first trade, with these changes. */
export function stateOf(changes: Partial<RunState> = {}): RunState {
  return {
    trades: 0,
    lastTime: null,
    price: null,
    readings: { label: "sma", values: () => null },
    stance: "flat",
    cash: CASH,
    position: new Money("0"),
    equity: CASH,
    fall: { value: new Money("0"), limit: new Money("0.2") },
    halt: null,
    ...changes,
  };
}

/** A picture of a run that was looked at `looks` times: a wave of prices, a fill every ten seconds, and two incidents. */
export function pictureAfter(looks: number, stream: StreamState = STREAM): ChartPicture {
  const picture = new ChartPicture(CASH);
  const { symbol } = stream;
  let [cash, position, bought] = [CASH, new Money("0"), CASH];
  for (let look = 0; look < looks; look++) {
    const time = START + look * LOOK;
    const price = new Money(waveAt(look).toFixed(2));
    const base = { time: isoTime(time), symbol, tradeId: look } as const;
    if (look === 200) picture.event({ type: "disconnected", time: base.time, reason: "gone", retryInMs: 1 });
    if (look === 210) picture.event({ type: "gap", ...base, fromId: 1, toId: 2, missing: 2, filled: 2 });
    if (look > 0 && look % 40 === 0) {
      const side = position.isZero() ? "buy" : "sell";
      const paid = price.times(QUANTITY);
      const fee = new Money("1");
      cash = (side === "buy" ? cash.minus(paid) : cash.plus(paid)).minus(fee);
      position = side === "buy" ? QUANTITY : new Money("0");
      const realized = side === "buy" ? {} : { realized: plain(paid.minus(bought).minus(fee).minus(fee)) };
      bought = paid;
      const fill: FillEvent = {
        type: "fill",
        ...base,
        side,
        price: plain(price),
        quantity: plain(QUANTITY),
        fee: "1",
        cash: plain(cash),
        position: plain(position),
        signalTradeId: look,
        ...realized,
      };
      picture.event(fill);
    }
    const equity = cash.plus(position.times(price));
    const values = { shortAverage: waveAt(look - 8).toFixed(8), longAverage: waveAt(look - 20).toFixed(8) };
    const readings = { label: "sma", values: () => look < 20 ? null : values };
    const fall = { value: new Money("0.123"), limit: new Money("0.2") };
    const run = stateOf({ trades: look, lastTime: time, price, readings, cash, position, equity, fall });
    picture.glance({ of: "run", run, stream });
  }
  return picture;
}

/** Prices that rise and fall, from no function that rounds differently elsewhere. */
function waveAt(look: number): number {
  const saw = (length: number): number => Math.abs((look + length * 100) % length - length / 2) / length;
  return 60_000 + 80 * saw(160) + 25 * saw(37) + 6 * saw(7) + look / 20;
}

const LOG: readonly LogLine[] = Array.from({ length: 12 }, (_, at) => ({
  time: `13:31:${String(at + 14)}.000`,
  level: at === 7 ? "warn" : "info",
  text: at === 7 ? "not connected: gone; trying again in 1 s" : `line ${at} of the log`,
}));

/** What the picture shows on a screen of this size, line by line. */
export function screenOf(picture: Picture, size: ScreenSize, colours = false): string[] {
  const footer = [{ text: "q stop   h halt   f flatten   v log   + - time shown", style: "faint" }] as const;
  return picture.rows(size, { log: LOG, footer }).map((row) => rowText(row, colours));
}
