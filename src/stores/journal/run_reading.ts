/** Reads a run back from its journal. */
import { strategyWords } from "../../stages/strategies/known_strategies.ts";
import { ConfigError } from "../../domain/process/config_error.ts";
import { marketIn, RECORDED_MARKET } from "../../exchanges/endpoints.ts";
import type { FillEvent, GapEvent, HaltEvent, PenstockEvent, RefusalEvent } from "../../domain/run/event.ts";
import { AWAITED, type InstrumentOrigin } from "../../domain/market/instrument.ts";
import { MAX_DECIMALS, priceText } from "../../domain/numbers/price.ts";
import type { KeptPulse, KeptRun } from "../../domain/run/run_status.ts";
import type { PipelineSnapshot } from "../../stages/pipeline_snapshot.ts";
import type { ChainPlace, FiledRequest, KeptHeartbeat } from "./entry_log.ts";
import { type Entry, readEntry } from "./journal_entry.ts";
import { damaged, refused } from "./journal_error.ts";
import type { JournalReader } from "./journal_reader.ts";
import { keptBars } from "./kept_bars.ts";
import type { ShownOptions } from "./run_journal.ts";
import {
  connectionOf,
  eventOf,
  lastAlive,
  lastOf,
  lastWritten,
  stoppedSince,
  type Written,
} from "./run_process.ts";

/** How many of the last fills, refusals and gaps are read. */
const FILLS = 10;
const OTHERS = 5;
/** How many of the last entries are checked in sequence; a health check has to be fast. */
const MOST_CHECKED = 10_000;
/** The longest amount; decimal arithmetic on longer ones takes too much time. */
const MOST_CHARACTERS = 100;
const DECIMAL = /^-?\d+(\.\d+)?$/;

/** The strategy in words; nothing if the run names none. */
function strategyIn(options: ShownOptions): { readonly strategy?: string } {
  const isKnown = options["strategy"] !== undefined || options["short"] !== undefined;
  return isKnown ? { strategy: strategyWords(options) } : {};
}

/**
 * The state of `run`, as of one moment, whatever is written meanwhile. The run must exist. Throws a JournalError if the
 * journal cannot be read, or if what is shown is not as Penstock left it: the entries from the last checkpoint to the
 * end of the run are checked one by one, the state against that checkpoint, and older entries against their neighbours.
 * The heartbeat is not an entry, so nothing proves that it is unchanged.
 */
export function readRun(reader: JournalReader, run: number): Promise<KeptRun> {
  return reader.atOnce(() => keptRun(reader, run));
}

/** The same within an `atOnce` of the caller, which reads more as of the same moment. */
export async function keptRun(reader: JournalReader, run: number): Promise<KeptRun> {
  return withHeartbeat(await keptEntries(reader, run), await reader.heartbeat(), await reader.requests());
}

/** What the entries of a run show, without the heartbeats and requests that are stored with them. */
export interface KeptEntries {
  readonly run: Omit<KeptRun, "lastAlive" | "pid" | "trades" | "throughput" | "last" | "requests">;
  /** The entry with which its current process started or resumed it. */
  readonly openingSeq: number;
  readonly written: Written;
  /** As of the last checkpoint. */
  readonly trades: number;
  readonly last: KeptRun["last"];
}

/** Reads the entries of `run`, like `keptRun`. */
export async function keptEntries(reader: JournalReader, run: number): Promise<KeptEntries> {
  const started = await lastOf(reader, run, "started");
  if (started === null) throw damaged(reader.path, `run ${run} has no first entry`);
  const end = await reader.inspectEnd(run, MOST_CHECKED);
  const options = (started.content["options"] ?? {}) as ShownOptions;
  const { state, price } = await checkpointOf(reader, run);
  const bars = keptBars(options["bars"], state, reader.path);
  const resumed = await lastOf(reader, run, "resumed");
  const stopped = await lastOf(reader, run, "stopped");
  const opening = resumed ?? started;
  const instrument = await instrumentOf(reader, run, opening);
  const startCash = options["cash"];
  const account = await reader.account(run) ?? { cash: startCash, fees: "0", realized: "0" };
  const { quantity, cost } = (await reader.positions(run))[0] ?? { quantity: "0", cost: "0" };
  const amounts = [startCash, account.cash, account.fees, account.realized, quantity, cost];
  if (!amounts.every(isAmount)) throw damaged(reader.path, `the account of run ${run} cannot be read`);
  return {
    openingSeq: opening.seq,
    written: await lastWritten(reader, run),
    trades: state?.trades ?? 0,
    last: price,
    run: {
      journal: reader.path,
      run,
      symbol: String(options["symbol"]),
      ...strategyIn(options),
      ...assetsOf(instrument),
      awaitsRules: awaitsRules(instrument),
      started: started.time,
      resumed: resumed?.time ?? null,
      stopped: stoppedSince(opening, stopped),
      connection: await connectionOf(reader, run, opening.seq),
      ...(bars === null ? {} : { bars }),
      // Their types have just been checked.
      startCash: startCash as string,
      account: account as KeptRun["account"],
      position: { quantity, cost },
      halt: (await haltIn(reader, run, state))?.event ?? null,
      counts: await countsOf(reader, run, state),
      lastFills: (await reader.latest("fill", FILLS, run)).map((entry) => fillOf(entry, reader.path)),
      lastRefusals: await latest<RefusalEvent>(reader, run, "refusal", OTHERS),
      lastGaps: await latest<GapEvent>(reader, run, "gap", OTHERS),
      checked: { from: end.from, to: end.to.seq, isCut: end.isCut },
    },
  };
}

/** A run with the last heartbeat of its journal, null for none, and the requests that wait there. */
export function withHeartbeat(
  { run, openingSeq, written, trades, last }: KeptEntries,
  found: KeptHeartbeat | null,
  filed: readonly FiledRequest[],
): KeptRun {
  const heartbeat = found?.run === run.run ? found : null;
  // The effect of trades since the last checkpoint is unknown, but they led to no decision: each decision has a
  // checkpoint.
  const isNewer = heartbeat !== null && heartbeat.trades > trades;
  return {
    ...run,
    lastAlive: lastAlive(written, heartbeat),
    pid: heartbeat !== null && heartbeat.seq >= openingSeq ? heartbeat.pid : null,
    trades: isNewer ? heartbeat.trades : trades,
    throughput: heartbeat,
    last: isNewer ? heartbeat.last : last,
    requests: filed.flatMap(({ run: to, request, time }) =>
      to === run.run && request !== null ? [{ ...request, time }] : []
    ),
  };
}

/** The data for a health check, checked in the same way. The run must exist. Throws a JournalError like `readRun`. */
export function readPulse(reader: JournalReader, run: number): Promise<KeptPulse> {
  return reader.atOnce(async () => {
    const start = await lastOf(reader, run, "resumed") ?? await lastOf(reader, run, "started");
    if (start === null) throw damaged(reader.path, `run ${run} has no first entry`);
    await reader.inspectEnd(run, MOST_CHECKED);
    const stopped = await lastOf(reader, run, "stopped");
    const found = await reader.heartbeat();
    return {
      journal: reader.path,
      run,
      stopped: stoppedSince(start, stopped),
      lastAlive: lastAlive(await lastWritten(reader, run), found?.run === run ? found : null),
      halt: (await haltOf(reader, run))?.event ?? null,
    };
  });
}

/** A halt in force, and its entry. */
export interface HaltInForce {
  readonly seq: number;
  readonly event: HaltEvent;
}

/** The halt of `run` in force; null without one. Call it within `atOnce`. */
export async function haltOf(reader: JournalReader, run: number): Promise<HaltInForce | null> {
  const { state } = await checkpointOf(reader, run);
  return await haltIn(reader, run, state);
}

/**
 * The symbol and the market of `run`, from its last start; null if an older journal lacks them. `now` is the market to
 * compare with.
 */
export async function marketOfRun(
  reader: JournalReader,
  run: number,
  now: string,
): Promise<{ readonly symbol: string; readonly market: string | null }> {
  const opening = await lastOf(reader, run, "resumed") ?? await lastOf(reader, run, "started");
  if (opening === null) throw damaged(reader.path, `run ${run} has no first entry`);
  const { market, options = {} } = opening.content;
  const shown = options as ShownOptions;
  return {
    symbol: String(shown["symbol"]),
    market: typeof market === "string" ? market : marketIn(shown, now),
  };
}

/** How a run was started. */
export interface Opening {
  readonly version: string;
  readonly options: ShownOptions;
  /** The source of its trades; null if an older journal does not say. */
  readonly market: string | null;
}

/** The start of `run`. Throws a JournalError if it cannot be read. */
export async function openingOf(reader: JournalReader, run: number): Promise<Opening> {
  const started = await lastOf(reader, run, "started");
  if (started === null) throw damaged(reader.path, `run ${run} has no first entry`);
  const { version, options = {}, market } = started.content;
  return {
    version: String(version),
    options: options as ShownOptions,
    market: typeof market === "string" ? market : null,
  };
}

/** The journal is that of a backtest, which no process continues, so no request would be handled. */
export class RunFinished extends Error {
  override readonly name = "RunFinished";
  readonly exit = "usage";
}

/** Throws RunFinished if `run` is a backtest. */
export async function mustNotBeBacktest(reader: JournalReader, run: number): Promise<void> {
  if ((await marketOfRun(reader, run, RECORDED_MARKET)).market !== RECORDED_MARKET) return;
  throw new RunFinished(
    `${reader.path} is the journal of a backtest, which is finished: no process would see your request. ` +
      "Name the journal of a run",
  );
}

/** The last run. Throws a JournalError if there is none yet. */
export function lastRunIn(reader: JournalReader): Promise<number> {
  return chosenRun(reader, null);
}

/** The run that the user chose; by default the last. Throws a ConfigError if the journal does not hold it. */
export async function chosenRun(reader: JournalReader, run: number | "all" | null): Promise<number> {
  return (await chosenRuns(reader, run)).at(-1)!;
}

/** The runs that the user chose, oldest first; by default the last. Throws a ConfigError like `chosenRun`. */
export async function chosenRuns(reader: JournalReader, run: number | "all" | null): Promise<number[]> {
  const last = await reader.lastRun();
  if (last === 0) throw refused(reader.path, "it holds no run yet. Start a run with it, then try again.");
  if (run === "all") return Array.from({ length: last }, (_, at) => at + 1);
  if (run !== null && run > last) {
    const held = last === 1 ? "1, the only run" : `one of the runs 1 to ${last}`;
    throw new ConfigError([`--run is "${run}": expected ${held} in ${reader.path}`]);
  }
  return [run ?? last];
}

/** The part of a run that the journal holds now. */
export interface Extent {
  readonly run: number;
  /** Its first entry. */
  readonly first: number;
  /** The journal's last entry, or the one with which the next run starts. */
  readonly until: ChainPlace;
  /** What the account had realized then, quote currency. */
  readonly realized: string;
}

/**
 * The part of `run` that exists now. Later entries are left out when it is read. Throws a JournalError like `readRun`.
 */
export function extentOf(reader: JournalReader, run: number): Promise<Extent> {
  return reader.atOnce(async () => {
    const started = await lastOf(reader, run, "started");
    if (started === null) throw damaged(reader.path, `run ${run} has no first entry`);
    const { to } = await reader.inspectEnd(run, MOST_CHECKED);
    const realized = (await reader.account(run))?.realized ?? "0";
    if (!isAmount(realized)) throw damaged(reader.path, `the account of run ${run} cannot be read`);
    return { run, first: started.seq, until: to, realized };
  });
}

/** A fill as it was emitted, and its time (µs since 1970). */
export interface KeptFill {
  readonly time: number;
  readonly event: FillEvent;
}

/**
 * The fills of a run up to the end that `extentOf` found, in order. Memory does not grow with the journal. All of the
 * run's entries are checked on the way, so that none was changed, removed, added or moved. Throws a JournalError at the
 * first flaw, which may show only an entry or two after the changed one, or at an entry that is not a valid fill.
 */
export async function* fillsOf(
  reader: JournalReader,
  { run, first, until }: Extent,
): AsyncGenerator<KeptFill> {
  for await (const page of reader.chainedPart(first, until)) {
    for (const raw of page) {
      if (raw.type !== "fill" || raw.run !== run) continue;
      const entry = readEntry(raw, reader.path);
      yield { time: entry.time, event: fillOf(entry, reader.path) };
    }
  }
}

/** The fill in an entry; throws a JournalError for any other entry. */
export function fillOf(entry: Entry, path: string): FillEvent {
  const { symbol, side, price, quantity, fee, realized, tradeId } = entry.content;
  const isFill = typeof symbol === "string" && (side === "buy" || side === "sell") &&
    [price, quantity, fee, realized ?? "0"].every(isAmount) && Number.isSafeInteger(tradeId);
  if (!isFill) throw damaged(path, `entry ${entry.seq} is not a fill`);
  return eventOf<FillEvent>(entry);
}

/** Whether a value is an amount as Penstock writes it. */
export function isAmount(value: unknown): value is string {
  return typeof value === "string" && value.length <= MOST_CHARACTERS && DECIMAL.test(value);
}

/**
 * The latest facts about the instrument in this run: from its `opening`, or from rules that arrived since.
 */
async function instrumentOf(
  reader: JournalReader,
  run: number,
  opening: Entry,
): Promise<Partial<InstrumentOrigin>> {
  const arrived = await lastOf(reader, run, "rules");
  const { content } = arrived !== null && arrived.seq > opening.seq ? arrived : opening;
  return (content["instrument"] ?? {}) as Partial<InstrumentOrigin>;
}

/** The assets as the exchange names them, if it does. */
function assetsOf({ exchangeInfo = null }: Partial<InstrumentOrigin>): Pick<KeptRun, "assets"> {
  const { base, quote } = exchangeInfo ?? {};
  return typeof base === "string" && typeof quote === "string" ? { assets: { base, quote } } : {};
}

/** Whether a rule that every order needs is still awaited. */
function awaitsRules({ sources }: Partial<InstrumentOrigin>): boolean {
  return sources?.lot === AWAITED || sources?.tick === AWAITED;
}

async function latest<E extends PenstockEvent>(
  reader: JournalReader,
  run: number,
  type: E["type"] & Entry["type"],
  count: number,
): Promise<E[]> {
  return (await reader.latest(type, count, run)).map((entry) => eventOf<E>(entry));
}

/** The state in the last checkpoint, and its last price; null before the first. */
async function checkpointOf(
  reader: JournalReader,
  run: number,
): Promise<{ readonly state: Partial<PipelineSnapshot> | null; readonly price: KeptRun["last"] }> {
  const checkpoint = await reader.checkpoint(run);
  if (checkpoint === null) return { state: null, price: null };
  const state: Partial<PipelineSnapshot> = checkpoint.state;
  const { last = null } = state;
  if (last === null) return { state, price: null };
  const { price, decimals, time } = last;
  if (![price, time].every(Number.isSafeInteger) || !isDecimals(decimals)) {
    throw damaged(reader.path, `the last trade of run ${run} cannot be read`);
  }
  return { state, price: { price: priceText(price, decimals), time } };
}

function isDecimals(decimals: unknown): boolean {
  return Number.isInteger(decimals) && decimals as number >= 0 && decimals as number <= MAX_DECIMALS;
}

async function haltIn(
  reader: JournalReader,
  run: number,
  state: Partial<PipelineSnapshot> | null,
): Promise<HaltInForce | null> {
  const halt = state?.gate?.halt ?? null;
  if (halt === null) return null;
  const entry = await lastOf(reader, run, "halt");
  // Removing its entry must not hide a halt.
  if (entry === null || entry.content["reason"] !== halt.reason) {
    throw damaged(reader.path, `run ${run} is halted (${halt.reason}), but no entry says so`);
  }
  return { seq: entry.seq, event: eventOf<HaltEvent>(entry) };
}

/** The totals of a run, from its last checkpoint: counting them would mean reading the whole journal. */
async function countsOf(
  reader: JournalReader,
  run: number,
  state: Partial<PipelineSnapshot> | null,
): Promise<KeptRun["counts"]> {
  const kept = {
    signals: state?.crossover?.signals,
    fills: state?.fills,
    refusals: state?.refusals,
    gaps: state?.gaps,
  };
  if (Object.values(kept).every(Number.isSafeInteger)) return kept as KeptRun["counts"];
  const { signal = 0, fill = 0, refusal = 0, gap = 0 } = await reader.counts(run);
  return { signals: signal, fills: fill, refusals: refusal, gaps: gap };
}
