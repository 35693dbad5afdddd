/** What has to be true of a simulated day when it is over. */
import { assert, assertEquals } from "@std/assert";
import { keptEngine } from "../../src/commands/verify/kept_engine.ts";
import { recordedChunks } from "../../src/feeds/files/recorded_files.ts";
import type { ExchangeTrade } from "../../src/simulator/trade.ts";
import { Journal } from "../../src/stores/journal/journal.ts";
import type { Entry } from "../../src/stores/journal/journal_entry.ts";
import { JournalReader } from "../../src/stores/journal/journal_reader.ts";
import { Verification } from "../../src/stores/verification/verification.ts";
import { wholeEntries } from "../commands/reference_run.ts";
import { type Choices, computeReference, type PlainHalt, type PlainTrade } from "../support/reference.ts";
import type { Requests } from "./requests.ts";
import type { SimulatedProcess } from "./simulated_process.ts";

/** One process of the day. */
export interface Boot {
  readonly process: SimulatedProcess;
  /** The last trade that the journal held as it started, -1 for none, and how many. */
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
  /** All trades that there were, oldest first. */
  readonly trades: readonly ExchangeTrade[];
  readonly boots: readonly Boot[];
  readonly requests: Requests;
  /** Whether recordings lack what the journal has. */
  readonly isUnproven: boolean;
}

/** What a day was like. */
export interface DayFound {
  readonly trades: number;
  readonly fills: number;
  readonly backfilled: number;
  /** Trades that could not be fetched. */
  readonly missed: number;
  readonly processes: number;
}

/** What a checkpoint says of a run's trades. */
interface RunState {
  readonly trades: number;
  readonly firstTime: number;
  readonly last: { readonly id: number } | null;
}

/** Trades that the exchange had made by then are processed before the day ends, ms. */
const TAIL_MS = 10 * 60_000;
/** How long trouble with the network may have been over as a gap is left unfilled: a fetch takes no longer. */
const FETCH_MS = 75_000;
const DECIDED = ["signal", "refusal", "fill"];

/** Checks all that has to be true. Throws an AssertionError that says what is not. */
export async function checkDay(day: DayOver): Promise<DayFound> {
  const { path, boots, requests } = day;
  const entries = wholeEntries(path);
  requests.assertDone(entries, waitingIn(path));
  await assertVerified(day);
  const state = stateIn(path)!;
  assertEndsLate(day, state);
  const missed = missedIn(entries);
  for (const { fromId, calmMs } of boots.flatMap(({ process }) => process.unfilled)) {
    assert(calmMs < FETCH_MS, `the gap from ${fromId} on was not filled, and nothing was in the way`);
  }
  const sequence = sequenceOf(day, beginningOf(day, state, missed), state.last!.id, missed);
  assertCounts([...boots, { from: state.last!.id, trades: state.trades }], sequence);
  const fills = assertReference(day, sequence, entries);
  const { printed } = boots.at(-1)!.process;
  const summary = printed.at(-1)!;
  assertEquals([summary.type, summary["trades"], summary["fills"]], ["summary", state.trades, fills]);
  return {
    trades: state.trades,
    fills,
    backfilled: sequence.filter(({ late }) => late).length,
    missed: missed.reduce((sum, { from, to }) => sum + to - from + 1, 0),
    processes: boots.length,
  };
}

/** The last trade in a journal, -1 where there is none, and how many there are. */
export function progressIn(path: string): Pick<Boot, "from" | "trades"> {
  const state = stateIn(path);
  return { from: state?.last?.id ?? -1, trades: state?.trades ?? 0 };
}

function stateIn(path: string): RunState | null {
  try {
    if (Deno.statSync(path).size === 0) return null;
  } catch {
    return null;
  }
  using reader = JournalReader.open(path);
  if (reader.lastRun === 0) return null;
  return reader.checkpoint()?.state as unknown as RunState ?? null;
}

function waitingIn(path: string): number {
  using reader = JournalReader.open(path);
  return reader.requests().length;
}

/**
 * Where the run begins. Of a sweep, whose trades have one time, the first to come need not be the first: then the count
 * up to the first process that took over decides.
 */
function beginningOf({ trades, boots }: DayOver, state: RunState, missed: readonly Missed[]): number {
  const { from, trades: kept } = boots.find(({ from }) => from >= 0) ??
    { from: state.last!.id, trades: state.trades };
  const isFirst = ({ time }: ExchangeTrade) => Math.round(time * 1_000) === state.firstTime;
  const at = trades.findIndex(isFirst);
  assert(at >= 0, `no trade has the time of the first one, ${state.firstTime}`);
  const lost = missed.reduce((sum, gap) => gap.to <= from ? sum + gap.to - gap.from + 1 : sum, 0);
  const counted = at + (from - kept - lost + 1 - trades[at]!.id);
  const other = trades[counted];
  return other !== undefined && isFirst(other) ? counted : at;
}

/** The run ends with a trade of its last minutes. */
function assertEndsLate({ trades }: DayOver, { last }: RunState): void {
  const newest = trades.at(-1)!;
  const due = trades.findLast(({ time }) => time <= newest.time - TAIL_MS)!;
  const isLate = last !== null && last.id >= due.id;
  assert(isLate, `the run ends at trade ${last?.id}, and ${due.id} came long before`);
}

interface Missed {
  readonly from: number;
  /** Inclusive. */
  readonly to: number;
}

/** What could not be fetched: fetching goes from the oldest to the newest. */
function missedIn(entries: readonly Entry[]): Missed[] {
  return entries.filter(({ type }) => type === "gap").flatMap(({ content }) => {
    const { fromId, toId, missing, filled, absent } = content as Record<string, number>;
    assertEquals(absent, undefined, "the exchange has every trade");
    assertEquals(missing, toId! - fromId! + 1);
    return filled === missing ? [] : [{ from: fromId! + filled!, to: toId! }];
  });
}

/** Between any two processes none was lost, and none came twice. */
function assertCounts(
  places: readonly Pick<Boot, "from" | "trades">[],
  sequence: readonly PlainTrade[],
): void {
  let at = 0;
  let before = -1;
  for (const { from, trades } of places) {
    while (at < sequence.length && sequence[at]!.lastId <= from) at++;
    assertEquals(trades, at, `trades up to ${from}; they were all there up to ${before}`);
    before = from;
  }
}

/** The trades of the run, each as the process that kept it has processed it. */
function sequenceOf(
  { trades, boots }: DayOver,
  first: number,
  lastId: number,
  missed: readonly Missed[],
): PlainTrade[] {
  const sequence: PlainTrade[] = [];
  let boot = 0;
  let gap = 0;
  for (const { id, time, price, quantity } of trades.slice(first)) {
    if (id > lastId) break;
    while (boot + 1 < boots.length && boots[boot + 1]!.from < id) boot++;
    while (gap < missed.length && missed[gap]!.to < id) gap++;
    if (gap < missed.length && missed[gap]!.from <= id) continue;
    const late = boots[boot]!.process.backfilled.has(id);
    sequence.push({ firstId: id, lastId: id, time: time * 1_000, price, quantity, late });
  }
  return sequence;
}

/** Every decision is what the naive reference makes of the same trades, and so are the prices in the averages. */
function assertReference(
  { path, choices, requests }: DayOver,
  sequence: readonly PlainTrade[],
  entries: readonly Entry[],
): number {
  const before = (afterId: number) => {
    const at = sequence.findIndex(({ firstId }) => firstId > afterId);
    return at < 0 ? sequence.length : at;
  };
  const byHand = entries.flatMap(({ type, time, content }): PlainHalt[] => {
    if (content["requested"] === undefined) return [];
    const { tradeId, action } = content as { readonly tradeId: number; readonly action: PlainHalt["action"] };
    if (type === "halt") return [{ before: before(tradeId), action, time }];
    return type === "released" ? [{ before: before(tradeId), action: "release", time }] : [];
  });
  const here = requests.releases.map(({ afterId, time }): PlainHalt => ({
    before: before(afterId),
    action: "release",
    time,
  }));
  const halts = [...byHand, ...here].sort((one, other) => one.time - other.time);
  const expected = computeReference(sequence, choices, halts).events
    .filter(({ type }) => DECIDED.includes(type))
    .map(({ time: _time, ...event }) => event);
  const found = entries.filter(({ type }) => DECIDED.includes(type))
    .map(({ type, content }) => ({ type, ...content }));
  assertSame(found, expected);
  using journal = Journal.open(path, { now: () => 0, window: choices.long, verify: true });
  const { decimals, values } = journal.lastPrices();
  const lastMiss = missedIn(entries).at(-1)?.to ?? -1;
  const averaged = sequence.filter(({ firstId }) => firstId > lastMiss).slice(-choices.long);
  assertEquals(values.map((value) => value / 10 ** decimals), averaged.map(({ price }) => Number(price)));
  return found.filter(({ type }) => type === "fill").length;
}

/** As assertEquals, but a difference is shown alone: there are thousands of events. */
function assertSame(found: readonly unknown[], expected: readonly unknown[]): void {
  const length = Math.max(found.length, expected.length);
  for (let at = 0; at < length; at++) {
    if (JSON.stringify(found[at]) === JSON.stringify(expected[at])) continue;
    assertEquals(found[at], expected[at], `decision ${at + 1} of ${found.length} is not the reference's`);
  }
}

/** The journal follows from the recordings. */
async function assertVerified({ path, boots, isUnproven }: DayOver): Promise<void> {
  const recordings = boots.flatMap(({ process }) => process.recordings).filter((file) =>
    Deno.statSync(file).size > 0
  );
  using journal = JournalReader.open(path);
  const verification = new Verification(journal, null, {
    engineOf: keptEngine,
    lastSeqNow: () => journal.lastSeq,
  });
  const outcome = await verification.outcomeOf(recordedChunks(recordings, { onWarning: () => {} }));
  if (outcome.type === "verified") return;
  if (isUnproven && /nothing is proven/.test(outcome.what)) return;
  throw new Error(`the run does not verify: ${JSON.stringify(outcome)}`);
}
