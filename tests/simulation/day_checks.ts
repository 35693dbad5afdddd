/** The checks at the end of a simulated day. */
import { assert } from "@std/assert";
import { keptEngine } from "../../src/commands/verify/kept_engine.ts";
import { recordedChunks } from "../../src/feeds/files/recorded_files.ts";
import type { ExchangeTrade } from "../../src/simulator/trade.ts";
import { Journal } from "../../src/stores/journal/journal.ts";
import { constants, gunzipSync } from "node:zlib";
import type { Entry } from "../../src/stores/journal/journal_entry.ts";
import { JournalReader } from "../../src/stores/journal/journal_reader.ts";
import { Verification } from "../../src/stores/verification/verification.ts";
import { wholeEntries } from "../commands/reference_run.ts";
import {
  type Choices,
  computeReference,
  type PlainHalt,
  type PlainLoss,
  type PlainStop,
  type PlainTrade,
} from "../support/reference.ts";
import { missedIn, processedTrades, RisingIds } from "./processed_trades.ts";
import type { Requests } from "./requests.ts";
import type { SimulatedProcess } from "./simulated_process.ts";
import { assertEquals } from "../support/equals.ts";

/** One process of the day. */
export interface Boot {
  readonly process: SimulatedProcess;
  /** The last trade in the journal at its start, -1 for none, and the number of trades. */
  readonly from: number;
  readonly trades: number;
  /** Whether a power cut took a part of its recording. */
  hasLostRecording: boolean;
}

/** A day that is over. */
export interface DayOver {
  /** The journal. */
  readonly path: string;
  readonly choices: Choices;
  /** All trades of the exchange, oldest first. */
  readonly trades: readonly ExchangeTrade[];
  readonly boots: readonly Boot[];
  readonly requests: Requests;
  /** Whether recordings lack something that the journal has. */
  readonly isUnproven: boolean;
}

/** The figures of a day. */
export interface DayFound {
  readonly trades: number;
  readonly fills: number;
  readonly backfilled: number;
  /** Trades that could not be fetched. */
  readonly missed: number;
  readonly processes: number;
}

/** The figures about trades in a checkpoint. */
interface RunState {
  readonly trades: number;
  readonly firstTime: number;
  readonly last: { readonly id: number } | null;
}

/** Trades older than this at the end of the day must have been processed, ms. */
const TAIL_MS = 10 * 60_000;
/** The longest time after network trouble in which a gap may stay unfilled; a fetch takes no longer. */
const FETCH_MS = 75_000;
const DECIDED = ["signal", "refusal", "fill"];

/** Makes all checks. Throws an AssertionError for the first that fails. */
export async function checkDay(day: DayOver): Promise<DayFound> {
  const { path, boots, requests, trades } = day;
  const entries = await wholeEntries(path);
  requests.assertDone(entries, await waitingIn(path));
  await assertVerified(day);
  const { firstTime, trades: count, last } = (await stateIn(path))!;
  const ids = new RisingIds(trades);
  const lastId = ids.rising(last!.id);
  assertEndsLate(trades, ids, lastId);
  assertFilled(boots);
  const missed = missedIn(entries, ids);
  const writers = boots.map(({ from, trades, process: { backfilled } }) => ({ from, trades, backfilled }));
  const processed = processedTrades({ trades, ids, missed, writers, firstTime, lastId, count });
  assertCounts([...boots, { from: last!.id, trades: count }], ids, processed);
  const { fills, bars } = await assertReference(day, { ids, processed }, entries);
  const resets = entries.filter(({ type }) => type === "reset").length;
  const isReset = ids.haveRestarted && processed[0]!.firstId < ids.rising(0);
  assertEquals(resets, isReset ? 1 : 0, "how often the ids started over");
  const { printed } = boots.at(-1)!.process;
  const summary = printed.at(-1)!;
  assertEquals([summary.type, summary["trades"], summary["bars"], summary["fills"]], [
    ...["summary", count, bars],
    fills,
  ]);
  return {
    trades: count,
    fills,
    backfilled: processed.filter(({ late }) => late).length,
    missed:
      trades.filter(({ id }) => missed.some(({ from, to }) => from <= ids.rising(id) && ids.rising(id) <= to))
        .length,
    processes: boots.length,
  };
}

/** The last trade in a journal, -1 for none, and the number of trades. */
export async function progressIn(path: string): Promise<Pick<Boot, "from" | "trades">> {
  const state = await stateIn(path);
  return { from: state?.last?.id ?? -1, trades: state?.trades ?? 0 };
}

async function stateIn(path: string): Promise<RunState | null> {
  try {
    if (Deno.statSync(path).size === 0) return null;
  } catch {
    return null;
  }
  await using reader = await JournalReader.open(path);
  if (await reader.lastRun() === 0) return null;
  return (await reader.checkpoint())?.state as unknown as RunState ?? null;
}

async function waitingIn(path: string): Promise<number> {
  await using reader = await JournalReader.open(path);
  return (await reader.requests()).length;
}

/** Checks that the run ends with a trade of its last minutes. */
function assertEndsLate(trades: readonly ExchangeTrade[], ids: RisingIds, lastId: number): void {
  const newest = trades.at(-1)!;
  const due = trades.findLast(({ time }) => time <= newest.time - TAIL_MS)!;
  assert(lastId >= ids.rising(due.id), `the run ends at trade ${lastId}, and ${due.id} came long before`);
}

/** Checks that gaps stay open only if something prevented a fetch. */
function assertFilled(boots: readonly Boot[]): void {
  const resets = boots.map(({ process }) => process.resetAt ?? -Infinity);
  for (const { fromId, at, fairMs } of boots.flatMap(({ process }) => process.unfilled)) {
    // Nothing is fetched for the trades that prove that ids started over.
    if (fairMs < FETCH_MS || resets.some((reset) => Math.abs(at - reset) < FETCH_MS)) continue;
    throw new Error(`the gap from ${fromId} on was not filled, and nothing prevented it`);
  }
}

/** Checks that no trade was lost or doubled between two processes. */
function assertCounts(
  places: readonly Pick<Boot, "from" | "trades">[],
  ids: RisingIds,
  processed: readonly PlainTrade[],
): void {
  let at = 0;
  let before = -1;
  for (const { from, trades } of places) {
    while (at < processed.length && processed[at]!.lastId <= ids.rising(from)) at++;
    assertEquals(trades, at, `trades up to ${from}; they were all there up to ${before}`);
    before = from;
  }
}

/** The input of the reference. */
interface Reviewed {
  readonly ids: RisingIds;
  readonly processed: readonly PlainTrade[];
}

/**
 * Checks that every decision, and the closes in the averages, match the naive reference on the same trades; returns
 * the number of fills, and of bars if the run trades on them.
 */
async function assertReference(
  { path, choices, requests }: DayOver,
  { ids, processed }: Reviewed,
  entries: readonly Entry[],
): Promise<{ readonly fills: number; readonly bars: number | undefined }> {
  const happened = entries.flatMap(
    ({ type, time, content }, place): (PlainHalt | PlainStop | PlainLoss)[] => {
      const isCheckpoint = ({ type }: Entry) => type === "checkpoint";
      if (type === "expired" && content["reason"] === undefined) {
        const { trades } = entries.slice(place).find(isCheckpoint)!.content;
        return [{ before: trades as number, action: "stop" }];
      }
      if (type === "disconnected") {
        const how = content["cause"] === "stale" ? "stale" : "disconnected";
        // A checkpoint follows at once, unless no trade has come since the last one.
        const checkpoint = entries.slice(0, place + 2).findLast(isCheckpoint);
        return [{ before: (checkpoint?.content["trades"] ?? 0) as number, action: "lose", how }];
      }
      if (type !== "halt" && type !== "released") return [];
      const { tradeId, action, requested, text } = content as Record<string, unknown>;
      const isHere = requested === undefined && text !== undefined;
      if (requested === undefined && !isHere) return [];
      const afterId = isHere
        ? requests.releases.find((released) => released.time === time)!.afterId
        : tradeId;
      const at = processed.findIndex(({ firstId }) => firstId > ids.rising(afterId as number));
      const before = at < 0 ? processed.length : at;
      return [{ before, action: type === "halt" ? action as "hold" | "flatten" : "release", time }];
    },
  );
  const { events, closes, totals: { bars } } = computeReference(processed, choices, happened);
  const expected = events.filter(({ type }) => DECIDED.includes(type))
    .map(({ time: _time, ...event }) => withPublished(event, ids));
  const found = entries.filter(({ type }) => DECIDED.includes(type))
    .map(({ type, content }) => ({ type, ...content }));
  assertSame(found, expected);
  await using journal = await Journal.open(path, { now: () => 0, remembers: choices.long, verify: true });
  const { decimals, values } = await journal.lastCloses();
  assertEquals(values.map((value) => BigInt(value) * 10n ** BigInt(8 - decimals)), closes);
  return { fills: found.filter(({ type }) => type === "fill").length, bars };
}

/** A decision with the published trade ids. */
function withPublished(event: Record<string, unknown>, ids: RisingIds): Record<string, unknown> {
  const changed = { ...event };
  for (const name of ["tradeId", "signalTradeId"]) {
    if (typeof changed[name] === "number") changed[name] = ids.published(changed[name]);
  }
  return changed;
}

/** Like assertEquals, but shows only the difference, because there are thousands of events. */
function assertSame(found: readonly unknown[], expected: readonly unknown[]): void {
  const length = Math.max(found.length, expected.length);
  for (let at = 0; at < length; at++) {
    if (JSON.stringify(found[at]) === JSON.stringify(expected[at])) continue;
    assertEquals(found[at], expected[at], `decision ${at + 1} of ${found.length} is not the reference's`);
  }
}

/** Whether a file has any text, plain or gzip: a power cut may leave less of a recording than that. */
function hasText(file: string): boolean {
  const bytes = Deno.readFileSync(file);
  if (bytes[0] !== 0x1f) return bytes.length > 0;
  return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).length > 0;
}

/** Checks that the journal follows from the recordings. */
async function assertVerified({ path, boots, isUnproven }: DayOver): Promise<void> {
  const recordings = boots.flatMap(({ process }) => process.recordings).filter(hasText);
  await using journal = await JournalReader.open(path);
  const verification = await Verification.of(journal, null, {
    engineOf: keptEngine,
    lastSeqNow: () => journal.lastSeq(),
  });
  const outcome = await verification.outcomeOf(recordedChunks(recordings, { onWarning: () => {} }));
  if (outcome.type === "verified") return;
  if (isUnproven && /nothing is proven/.test(outcome.what)) return;
  throw new Error(`the run does not verify: ${JSON.stringify(outcome)}`);
}
