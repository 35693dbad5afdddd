/** The lanes of a sweep in several threads. Blocks are copied once, into memory that all of them see. */
import type { Block } from "../../../domain/market/block.ts";
import type { Marked } from "../../../domain/performance/performance.ts";
import type { OnHalt } from "../../../domain/risk/halt.ts";
import type { TradingRules } from "../../../domain/risk/trading_parameters.ts";
import type { FoldResult, FoldUse } from "../../../stages/sweep/fold_result.ts";
import { LaneWork } from "../../../stages/sweep/lane_work.ts";
import { BatchMemory } from "./block_batch.ts";
import { type FromWorker, type LaneStep, ruleTexts, type ToWorker } from "./lane_message.ts";
import { type LaneRequest, strategyTextOf } from "./lane_request.ts";
import { LaneFailure, localTeam, type Team } from "./team.ts";
import type { Threads } from "./threads.ts";

/** The most batches that may be on their way: enough that no thread waits for the next one. */
const MOST_BATCHES = 5;
/** How often to check whether threads make progress, and how long a turn may take before its lane counts as stuck, ms. */
const CHECK_MS = 250;
const STUCK_MS = 1_000;

/** A batch that some threads have not finished. */
interface Sent {
  readonly memory: BatchMemory;
  /** How many threads have not finished it. */
  left: number;
}

/** A thread, and the places of its lanes among all lanes. */
interface Thread {
  readonly worker: Worker;
  readonly lanes: readonly number[];
  readonly work: LaneWork;
  /** How many messages it has not answered. */
  unanswered: number;
  /** The turns of its lanes at the last check, and when that number last changed. */
  turns: number;
  since: number;
}

/** The threads of a team, and the size of its sweep. */
export interface TeamOptions {
  /** How many configurations the whole sweep has. */
  readonly configurations: number;
  readonly workers: number;
  /** The pool that they are taken from, and returned to if all went well. */
  readonly threads: Threads;
  /** The heap of one thread, MB, by default nearly all that it can have; a thread that needs more fails. */
  readonly megabytes?: number;
}

/**
 * The threads for some lanes: only this one if no others can start, or if one is enough and the lanes can be trusted to
 * end.
 */
export async function teamOf(
  asked: readonly LaneRequest[],
  { areTrusted, onWarning, ...options }: TeamOptions & {
    /** Whether every lane is sure to end: nothing would interrupt this thread. */
    readonly areTrusted: boolean;
    readonly onWarning: (text: string) => void;
  },
): Promise<Team> {
  const workers = Math.min(options.workers, asked.length);
  if (workers === 1 && areTrusted) return await localTeam(asked, options.configurations);
  try {
    return await workerTeam(asked, { ...options, workers });
  } catch (error) {
    if (!(error instanceof LaneFailure)) throw error;
    onWarning(`no threads can be started, so this one computes everything: ${error.message}`);
    return await localTeam(asked, options.configurations);
  }
}

/** Starts as many threads as requested, each with its share of the lanes. Throws a LaneFailure if one cannot start. */
export async function workerTeam(requests: readonly LaneRequest[], options: TeamOptions): Promise<Team> {
  const team = new WorkerTeam(sharesOf(requests, options.workers), options.threads);
  try {
    await team.start(requests, options);
    return team;
  } catch (error) {
    team.dismiss();
    throw error;
  }
}

/**
 * The places of the lanes of each thread: lanes with the same strategy stay together, and threads get about the same
 * number.
 */
function sharesOf(requests: readonly LaneRequest[], workers: number): number[][] {
  const shares: number[][] = Array.from({ length: workers }, () => []);
  const same = Map.groupBy(requests.keys(), (lane) => strategyTextOf(requests[lane]!));
  for (const lanes of same.values()) {
    const least = shares.reduce((one, other) => other.length < one.length ? other : one);
    least.push(...lanes);
  }
  return shares.filter((lanes) => lanes.length > 0);
}

class WorkerTeam implements Team {
  readonly #pool: Threads;
  readonly #threads: readonly Thread[];
  readonly #sent = new Map<number, Sent>();
  readonly #free: BatchMemory[] = [];
  #memory = new BatchMemory();
  #steps: LaneStep[] = [];
  #batches = 0;
  #lost: "disconnected" | "stale" | null = null;
  /** For each thread, the closed folds whose results have not arrived yet, in order. */
  readonly #closing: {
    readonly found: FoldResult[];
    left: number;
    readonly resolve: (found: FoldResult[]) => void;
  }[][];
  #failure: LaneFailure | null = null;
  /** Called once there is room for another batch, or something has failed. */
  #wake: (() => void) | null = null;
  readonly #rejections: ((failure: LaneFailure) => void)[] = [];
  #starting = 0;
  readonly #watch: ReturnType<typeof setInterval>;

  constructor(shares: readonly (readonly number[])[], threads: Threads) {
    this.#pool = threads;
    const taken = shares.map(() => threads.take());
    this.#threads = shares.map((lanes, at): Thread => ({
      worker: taken[at]!.worker,
      lanes,
      work: new LaneWork(),
      ...{ unanswered: 0, turns: 0, since: performance.now() },
    }));
    this.#closing = shares.map(() => []);
    for (const [at, thread] of this.#threads.entries()) {
      const { worker } = thread;
      worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#take(at, data);
      worker.onerror = (event) => {
        event.preventDefault();
        this.#fail(at, event.message);
      };
      const { failure } = taken[at]!;
      if (failure !== null) this.#fail(at, failure);
    }
    this.#watch = setInterval(() => this.#check(), CHECK_MS);
  }

  async start(requests: readonly LaneRequest[], { configurations, megabytes }: TeamOptions): Promise<void> {
    this.#starting = this.#threads.length;
    for (const thread of this.#threads) {
      const lanes = thread.lanes.map((lane) => requests[lane]!);
      this.#post(thread, { lanes, configurations, work: thread.work.buffer, megabytes: megabytes ?? null });
    }
    while (this.#starting > 0) await this.#woken();
  }

  trade(symbol: string, rules: Partial<TradingRules>): void {
    this.#steps.push({ do: "trade", symbol, rules: ruleTexts(rules) });
  }

  take(block: Block, before: Marked | null): void {
    if (!this.#memory.hasRoom) this.#send();
    const marked = before === null
      ? null
      : { time: before.time, price: before.price, decimals: before.decimals };
    this.#steps.push({ do: "block", block: this.#memory.add(block), before: marked });
  }

  get lost(): "disconnected" | "stale" | null {
    return this.#lost;
  }

  set lost(lost: "disconnected" | "stale" | null) {
    this.#lost = lost;
    this.#steps.push({ do: "lost", lost });
  }

  halt(action: OnHalt, tradeId: number): void {
    this.#steps.push({ do: "halt", action, tradeId });
  }

  release(tradeId: number): void {
    this.#steps.push({ do: "release", tradeId });
  }

  awaitRules(symbol: string, awaitsRules: boolean): void {
    this.#steps.push({ do: "await-rules", symbol, awaitsRules });
  }

  takeRules(symbol: string, rules: Partial<TradingRules>): void {
    this.#steps.push({ do: "rules", symbol, rules: ruleTexts(rules) });
  }

  open(fold: number): void {
    this.#steps.push({ do: "open", fold });
  }

  close(fold: number, use: FoldUse, trades: number): Promise<FoldResult[]> {
    this.#steps.push({ do: "close", fold, use, trades });
    const { promise, resolve, reject } = Promise.withResolvers<FoldResult[]>();
    const closing = { found: [], left: this.#threads.length, resolve };
    for (const queue of this.#closing) queue.push(closing);
    this.#rejections.push(reject);
    this.#send();
    return promise;
  }

  ready(): Promise<void> | null {
    if (this.#failure !== null) throw this.#failure;
    return this.#sent.size < MOST_BATCHES ? null : this.#room();
  }

  get behind(): number {
    let rows = this.#memory.rows;
    for (const { memory } of this.#sent.values()) rows += memory.rows;
    return rows;
  }

  stuck(): { readonly lane: number; readonly ms: number } | null {
    this.#check();
    const [longest] = this.#threads.toSorted((one, other) => one.since - other.since);
    const ms = performance.now() - longest!.since;
    return ms < STUCK_MS ? null : { lane: longest!.lanes[longest!.work.lane]!, ms };
  }

  dismiss(): void {
    clearInterval(this.#watch);
    for (const { worker, unanswered } of this.#threads) {
      if (this.#failure === null && unanswered === 0) this.#pool.giveBack(worker);
      else worker.terminate();
    }
  }

  /** Records which threads make progress; one without work counts as making progress. */
  #check(): void {
    for (const thread of this.#threads) {
      const { turns } = thread.work;
      if (thread.unanswered > 0 && turns === thread.turns) continue;
      thread.turns = turns;
      thread.since = performance.now();
    }
  }

  async #room(): Promise<void> {
    while (this.#sent.size >= MOST_BATCHES) await this.#woken();
  }

  /** Resolves when a thread has answered. Throws the failure of a lane or a thread. */
  async #woken(): Promise<void> {
    if (this.#failure === null) await new Promise<void>((resolve) => this.#wake = resolve);
    if (this.#failure !== null) throw this.#failure;
  }

  #send(): void {
    const batch = this.#batches++;
    const memory = this.#memory;
    this.#sent.set(batch, { memory, left: this.#threads.length });
    for (const thread of this.#threads) {
      this.#post(thread, { batch, memory: memory.buffer, steps: this.#steps });
    }
    this.#steps = [];
    this.#memory = this.#free.pop() ?? new BatchMemory();
  }

  #post(thread: Thread, message: ToWorker): void {
    thread.unanswered++;
    thread.worker.postMessage(message);
  }

  #take(thread: number, message: FromWorker): void {
    const { lanes } = this.#threads[thread]!;
    this.#threads[thread]!.unanswered--;
    if (message.is === "failed") return this.#fail(thread, message.message);
    if (message.is === "ready") this.#starting--;
    else {
      for (const results of message.closed) {
        const closing = this.#closing[thread]!.shift()!;
        for (const [at, result] of results.entries()) closing.found[lanes[at]!] = result;
        if (--closing.left === 0) closing.resolve(closing.found);
      }
      const sent = this.#sent.get(message.batch)!;
      if (--sent.left === 0) {
        this.#sent.delete(message.batch);
        sent.memory.clear();
        this.#free.push(sent.memory);
      }
    }
    this.#wake?.();
  }

  /** Fails the team with the lane at work in a thread: the lane has failed, or the thread has. */
  #fail(thread: number, message: string): void {
    const { lanes, work } = this.#threads[thread]!;
    this.#failure ??= new LaneFailure(lanes[work.lane]!, message);
    for (const reject of this.#rejections) reject(this.#failure);
    this.#wake?.();
  }
}
