/** The lanes of a sweep in several threads. Blocks are copied once, into memory that all of them see. */
import type { Block } from "../../../domain/market/block.ts";
import type { Marked } from "../../../domain/performance/performance.ts";
import type { OnHalt } from "../../../domain/risk/halt.ts";
import type { TradingRules } from "../../../domain/risk/trading_parameters.ts";
import type { FoldResult, FoldUse } from "../../../stages/sweep/fold_result.ts";
import { BatchMemory } from "./block_batch.ts";
import { type FromWorker, type LaneStep, ruleTexts, type ToWorker } from "./lane_message.ts";
import { type LaneRequest, strategyTextOf } from "./lane_request.ts";
import { LaneFailure, localTeam, type Team } from "./team.ts";

/** Batches that may be on their way: enough for no thread to wait for the next one. */
const MOST_BATCHES = 4;

/** A batch that some threads have not finished. */
interface Sent {
  readonly memory: BatchMemory;
  /** How many threads are at it. */
  left: number;
}

/** A thread, and the places of its lanes among all. */
interface Thread {
  readonly worker: Worker;
  readonly lanes: readonly number[];
}

/** The threads for some lanes: only this one if no others can start. */
export async function teamOf(
  asked: readonly LaneRequest[],
  { configurations, workers, onWarning }: {
    readonly configurations: number;
    readonly workers: number;
    readonly onWarning: (text: string) => void;
  },
): Promise<Team> {
  const most = Math.min(workers, asked.length);
  if (most === 1) return await localTeam(asked, configurations);
  try {
    return await workerTeam(asked, configurations, most);
  } catch (error) {
    if (!(error instanceof LaneFailure)) throw error;
    onWarning(`no threads can be started, so this one computes everything: ${error.message}`);
    return await localTeam(asked, configurations);
  }
}

/** Starts as many threads as asked for, each with its part of the lanes. Throws a LaneFailure if one cannot start. */
export async function workerTeam(
  requests: readonly LaneRequest[],
  configurations: number,
  workers: number,
): Promise<Team> {
  const team = new WorkerTeam(sharesOf(requests, workers));
  try {
    await team.start(requests, configurations);
    return team;
  } catch (error) {
    team.dismiss();
    throw error;
  }
}

/** The places of lanes for each thread: those with one strategy stay together, and all threads get about as many. */
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
  readonly #threads: readonly Thread[];
  readonly #sent = new Map<number, Sent>();
  readonly #free: BatchMemory[] = [];
  #memory = new BatchMemory();
  #steps: LaneStep[] = [];
  #batches = 0;
  #lost: "disconnected" | "stale" | null = null;
  /** The folds that were closed and whose results are still to come, in their order for each thread. */
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

  constructor(shares: readonly (readonly number[])[]) {
    const url = new URL("./sweep_worker.ts", import.meta.url);
    this.#threads = shares.map((lanes) => ({ worker: new Worker(url, { type: "module" }), lanes }));
    this.#closing = shares.map(() => []);
  }

  async start(requests: readonly LaneRequest[], configurations: number): Promise<void> {
    this.#starting = this.#threads.length;
    for (const [at, { worker, lanes }] of this.#threads.entries()) {
      worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#take(at, data);
      worker.onerror = (event) => {
        event.preventDefault();
        this.#fail(lanes[0]!, event.message);
      };
      this.#post(worker, { lanes: lanes.map((lane) => requests[lane]!), configurations });
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

  dismiss(): void {
    for (const { worker } of this.#threads) worker.terminate();
  }

  async #room(): Promise<void> {
    while (this.#sent.size >= MOST_BATCHES) await this.#woken();
  }

  /** Resolves when a thread has answered. Throws what has failed. */
  async #woken(): Promise<void> {
    if (this.#failure === null) await new Promise<void>((resolve) => this.#wake = resolve);
    if (this.#failure !== null) throw this.#failure;
  }

  #send(): void {
    const batch = this.#batches++;
    const memory = this.#memory;
    this.#sent.set(batch, { memory, left: this.#threads.length });
    for (const { worker } of this.#threads) {
      this.#post(worker, { batch, memory: memory.buffer, steps: this.#steps });
    }
    this.#steps = [];
    this.#memory = this.#free.pop() ?? new BatchMemory();
  }

  #post(worker: Worker, message: ToWorker): void {
    worker.postMessage(message);
  }

  #take(thread: number, message: FromWorker): void {
    const { lanes } = this.#threads[thread]!;
    if (message.is === "failed") return this.#fail(lanes[message.lane] ?? lanes[0]!, message.message);
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

  #fail(lane: number, message: string): void {
    this.#failure ??= new LaneFailure(lane, message);
    for (const reject of this.#rejections) reject(this.#failure);
    this.#wake?.();
  }
}
