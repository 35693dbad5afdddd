/** A run that was made up, as `penstock watch` sends it: a market with a wave in it, and most of what can happen. */
import type { LiveEntry, LivePoint, LiveRun } from "../../src/views/page/live_message.ts";
import type { FillEvent } from "../../src/domain/run/event.ts";
import type { JournalEvent } from "../../src/domain/run/followed_moment.ts";
import type { RunStatus } from "../../src/domain/run/run_status.ts";

/** Between two points, ms. */
const STEP_MS = 5_000;
const ENDPOINT = "wss://stream.example:9443/ws";

/** The run at one moment, and the entries of its journal so far. */
export interface MadeUpRun {
  readonly run: LiveRun;
  readonly entries: readonly LiveEntry[];
}

/** What is different about a run. */
export interface Different extends Partial<Omit<LiveRun, "status">> {
  readonly symbol?: string;
  readonly seed?: number;
  readonly status?: Partial<RunStatus>;
}

/** A run of `count` points, the last one now (ms since 1970). It is long from where the short average is above. */
export function madeUpRun(
  count: number,
  now: number,
  { symbol = "BTCUSDT", journal = "data/run.db", seed = 1, status = {}, ...others }: Different = {},
): MadeUpRun {
  const random = randomFrom(seed * 7919);
  const start = now - (count - 1) * STEP_MS;
  const entries: LiveEntry[] = [];
  const add = (event: JournalEvent): void => void entries.push({ seq: entries.length * 2 + 1, ...event });
  const points: LivePoint[] = [];
  const account = {
    cash: 10_000,
    quantity: 0,
    cost: 0,
    fees: 0,
    realized: 0,
    peak: 10_000,
    fills: 0,
    drawdown: 0,
  };
  let [price, short, long] = [60_000, 60_000, 60_000];
  const options = {
    symbol,
    strategy: "crossover",
    short: 20,
    long: 50,
    cash: "10000",
    stake: "4000",
    fee: "0.001",
  };
  add({ type: "started", time: iso(start - 4_000), version: "0.1.0", options });
  add({ type: "connected", time: iso(start - 3_000), endpoint: ENDPOINT, attempt: 1 });
  for (let i = 0; i < count; i++) {
    const at = start + i * STEP_MS;
    const tradeId = 1_000_000 + i * 40;
    price = Number((price + 40 * Math.sin(i / 40) + 60 * (random() - 0.5)).toFixed(2));
    short += (price - short) / 10;
    long += (price - long) / 30;
    if (i > 50 && (short > long) !== (account.quantity > 0)) {
      const side = account.quantity > 0 ? "sell" : "buy";
      const values = { shortAverage: short.toFixed(4), longAverage: long.toFixed(4) };
      add({ type: "signal", time: iso(at), symbol, side, price: String(price), tradeId, ...values });
      add(filled(account, { side, price, tradeId, symbol, time: iso(at) }));
    }
    if (i === Math.floor(count / 3)) interrupted(add, symbol, at, tradeId);
    if (i === Math.floor(count / 2)) {
      const why = { reason: "cooldown", limit: "30000", value: "5012" } as const;
      add({ type: "refusal", time: iso(at), symbol, side: "buy", ...why, tradeId });
    }
    const equity = account.cash + account.quantity * price;
    account.peak = Math.max(account.peak, equity);
    account.drawdown = 1 - equity / account.peak;
    points.push([at, price, equity, account.drawdown, i < 20 ? null : short, i < 50 ? null : long]);
  }
  const { cash, quantity, cost, fees, realized, fills, drawdown } = account;
  const run: LiveRun = {
    journal,
    name: journal,
    problem: null,
    averages: { shortAverage: short.toFixed(4), longAverage: long.toFixed(4) },
    drawdown: drawdown.toFixed(8),
    drawdownLimit: "0.05",
    points,
    ...others,
    status: {
      ...{
        type: "status",
        time: iso(now),
        journal,
        run: 1,
        symbol,
        strategy: "averages of 20 and 50 trades",
      },
      assets: { base: symbol.slice(0, -4), quote: symbol.slice(-4) },
      ...{ state: "running", started: iso(start - 4_000), resumed: null, stopped: null, stopReason: null },
      ...{ lastHeartbeat: iso(now - 1_200), ageMs: 1_200, pid: 4_711, connected: true },
      ...{ connectionSince: iso(start - 3_000), endpoint: ENDPOINT, reason: null, halted: false, halt: null },
      ...{ requests: [], awaitsRules: false, trades: count * 40, tradesPerSecond: 8, lagMs: 74 },
      ...{
        price: String(price),
        priceTime: iso(now),
        startCash: "10000",
        cash: text(cash),
        fees: text(fees),
      },
      ...{
        position: text(quantity),
        cost: text(cost),
        averageCost: quantity === 0 ? null : text(cost / quantity),
      },
      ...{
        equity: text(cash + quantity * price),
        realized: text(realized),
        unrealized: text(quantity * price - cost),
      },
      ...{ signals: fills, fills, refusals: 1, gaps: 1, lastRefusals: [], lastGaps: [] },
      lastFills: entries.flatMap(({ seq: _, ...event }) => event.type === "fill" ? [event] : []).slice(-10),
      checked: { from: 1, to: entries.at(-1)!.seq, isCut: false },
      ...status,
    } as RunStatus,
  };
  return { run, entries };
}

/** Trades all cash of the stake, or the whole position. */
function filled(
  account: { cash: number; quantity: number; cost: number; fees: number; realized: number; fills: number },
  { side, price, tradeId, symbol, time }: {
    readonly side: "buy" | "sell";
    readonly price: number;
    readonly tradeId: number;
    readonly symbol: string;
    readonly time: string;
  },
): FillEvent {
  const quantity = side === "buy" ? Number((4_000 / price).toFixed(5)) : account.quantity;
  const fee = quantity * price * 0.001;
  const gain = side === "sell" ? quantity * price - fee - account.cost : null;
  account.cash += (side === "buy" ? -1 : 1) * quantity * price - fee;
  account.cost = side === "buy" ? quantity * price + fee : 0;
  account.quantity = side === "buy" ? quantity : 0;
  account.fees += fee;
  account.realized += gain ?? 0;
  account.fills++;
  return {
    ...{ type: "fill", time, symbol, side, price: String(price), quantity: text(quantity), fee: text(fee) },
    ...{ cash: text(account.cash), position: text(account.quantity), tradeId, signalTradeId: tradeId },
    ...(gain === null ? {} : { realized: text(gain) }),
  };
}

/** The connection is lost for a moment, and twelve trades with it. */
function interrupted(add: (event: JournalEvent) => void, symbol: string, at: number, tradeId: number): void {
  add({ type: "disconnected", time: iso(at), reason: "the exchange closed the connection", retryInMs: 500 });
  add({ type: "connected", time: iso(at + 700), endpoint: ENDPOINT, attempt: 2 });
  const ids = { fromId: tradeId, toId: tradeId + 11, missing: 12, filled: 12 };
  add({ type: "gap", time: iso(at + 800), symbol, ...ids });
}

/** Numbers from 0 to 1, the same for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

function text(value: number): string {
  return String(Number(value.toFixed(8)));
}

function iso(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "000Z");
}
