/** Keeps a run in its journal: its decisions, before anyone sees them, and its state, so that it can be resumed. */
import { BooksError } from "../../domain/account/account.ts";
import { BUILT_IN_MARKET, marketIn } from "../../exchanges/endpoints.ts";
import type { ConnectedEvent, DisconnectedEvent, PipelineEvent } from "../../domain/run/event.ts";
import { type Rule, RULES } from "../../domain/market/instrument_rules.ts";
import { type InstrumentOrigin, isKept } from "../../domain/market/instrument.ts";
import { EACH_TRADE } from "../../domain/market/bar_size.ts";
import { plain } from "../../domain/numbers/money.ts";
import type { JournalPlace } from "../../domain/recording/recording_note.ts";
import type { Engine, EngineState } from "../../stages/engine.ts";
import { defaultOf, STRATEGY_OPTION_NAMES, strategyWords } from "../../stages/strategies/known_strategies.ts";
import { changesTaken } from "../../stages/waiting_orders.ts";
import { isCurrent, type PipelineSnapshot, underLimitsOf } from "../../stages/pipeline_snapshot.ts";
import { rulesOf } from "./instrument_memory.ts";
import { divergence, isTree, within } from "../verification/agreement.ts";
import type { Journal, Spent } from "./journal.ts";
import type { Checkpoint, CheckpointDraft } from "./journal_checkpoint.ts";
import type { Entry } from "./journal_entry.ts";
import { damaged, JournalError } from "./journal_error.ts";
import type { FiledRequest, Heartbeat } from "./entry_log.ts";

/** The configuration by option name, as the `started` event shows it. */
export type ShownOptions = Readonly<Record<string, string | number | boolean | null>>;

/** The journal holds a run that was started with other options; the message names them and says what to do. */
export class OtherRun extends Error {
  override readonly name = "OtherRun";
  readonly exit = "usage";
}

/** The data of a run's start. Times in µs since 1970. */
export interface RunStart {
  readonly time: number;
  readonly version: string;
  readonly options: ShownOptions;
  /** The source of its trades, as `marketOf` returns it. */
  readonly market: string;
  /** The sources of the rules among the options. */
  readonly instrument: InstrumentOrigin;
  /** Whether to close the run that the journal holds and start another. */
  readonly isNew: boolean;
}

/** A request, and why it is dropped; null if it will be handled. */
export type ReceivedRequest = FiledRequest & { readonly why: string | null };

const SHOWN_CHARACTERS = 60;

/**
 * The options that stay the same for a whole run. A run cannot be resumed if one of them differs: its strategy, its
 * account or its fills would mean something else.
 */
export const PERMANENT_OPTIONS = [
  ...["exchange", "symbol", "bars", "strategy", ...STRATEGY_OPTION_NAMES, "set", "strategySha256"],
  ...["cash", "stake", "fee"],
  ...["slippage", "latency", "lot", "tick", "minQuantity", "maxQuantity", "minNotional", "maxNotional"],
  ...["participation", "orderTtl", "fill"],
] as const;

/** The values that were in effect before an option existed. */
export const EARLIER_VALUES: Partial<Record<string, string>> = { bars: EACH_TRADE, fill: "signal" };

/** One run's journal. */
export class RunJournal implements AsyncDisposable {
  readonly #journal: Journal;
  readonly #engine: Engine;
  readonly #symbol: string;
  readonly #path: string;
  /** Trades at the last checkpoint, and at the last heartbeat. */
  #kept = -1;
  #shown = -1;
  /** Whether purchases had missed their time at the last checkpoint. */
  #wereCut = false;

  /**
   * Keeps the run of `engine`, which trades `symbol`, in `journal`, and closes the journal in the end. Throws a
   * TypeError for an engine with more than one symbol: a journal keeps the prices and the orders of one.
   */
  constructor(journal: Journal, engine: Engine, symbol: string) {
    const { symbols } = engine.state;
    if (symbols.length > 1) {
      throw new TypeError(`A journal keeps a run in one symbol: this one trades ${symbols.join(", ")}`);
    }
    this.#journal = journal;
    this.#path = journal.path;
    this.#engine = engine;
    this.#symbol = symbol;
  }

  /** The journal's last entry. */
  get place(): JournalPlace {
    const { run, head: { seq, hash } } = this.#journal;
    return { run, entry: seq, hash: hash.toHex() };
  }

  /** The time that the journal has used so far. */
  get spent(): Spent {
    return this.#journal.spent;
  }

  /**
   * Starts a run, or resumes the journal's last one. Returns whether it resumed: the engine then continues at the last
   * checkpoint. Throws OtherRun if that run was started with options that cannot change, and a JournalError or a
   * BooksError if it cannot be resumed.
   */
  async start({ time, version, options, market, instrument, isNew }: RunStart): Promise<boolean> {
    const last = await this.#journal.last();
    const { remembers } = this.#engine.state.memory;
    const content = { version, options, market, instrument, remembers };
    if (last === null || isNew) {
      if (last !== null) {
        await this.#journal.commit({ entries: [{ type: "stopped", time, content: { reason: "new run" } }] });
      }
      await this.#journal.startRun({ time, content });
      return false;
    }
    const kept = (await rulesOf(this.#journal))!;
    const then = kept.options as ShownOptions;
    const marketThen = keptMarket(await this.#journal.openingOf(last.run) ?? last.started, market);
    if (marketThen !== null && marketThen !== market) throw this.#otherMarket(marketThen, market);
    const areFiles = "strategySha256" in then && "strategySha256" in options;
    const changed = PERMANENT_OPTIONS.filter((name) =>
      // The same strategy file may have another name now.
      !(name === "strategy" && areFiles) &&
      (then[name] ?? EARLIER_VALUES[name] ?? null) !== (options[name] ?? EARLIER_VALUES[name] ?? null) &&
      !(isRule(name) && !isKept(kept, name))
    );
    if (changed.length > 0) throw this.#otherRun(changed, then, options);
    if (last.checkpoint !== null) await this.#restore(last.checkpoint);
    const { fault } = this.#engine.state.memory;
    if (fault !== null) throw fault;
    await this.#journal.commit({ entries: [{ type: "resumed", time, content }] });
    return true;
  }

  /**
   * Keeps events and the run's state after them, and removes the requests that were `handled`. All of this is on disk
   * when this returns.
   */
  async keep(
    events: readonly (PipelineEvent | ConnectedEvent | DisconnectedEvent)[],
    handled: readonly number[] = [],
  ): Promise<void> {
    if (events.length === 0) {
      if (handled.length > 0) await this.#journal.commit({ handled });
      return;
    }
    const entries = events.map(({ type, time, ...content }) => ({
      type,
      time: microsecondsOf(time),
      content,
    }));
    const { time } = entries.at(-1)!;
    // Events of the connection do not change the run's state, apart from the purchases that they cut.
    const isDecided = events.some(({ type }) => type !== "connected" && type !== "disconnected");
    await this.#journal.commit({
      entries,
      ...(isDecided || this.#isMoved ? { checkpoint: this.#draft(time) } : {}),
      handled,
    });
  }

  /**
   * The requests of other processes, oldest first. Each is checked when it is taken, and waits until a `keep` marks it
   * as handled. A request that no longer makes sense is removed when its turn comes.
   */
  async *requests(): AsyncGenerator<ReceivedRequest> {
    for (const filed of await this.#journal.requests()) {
      const why = await this.#whyDropped(filed);
      if (why !== null) await this.#journal.commit({ handled: [filed.id] });
      yield { ...filed, why };
    }
  }

  /** Records that the run was stopped at `time` (µs since 1970), and its state: both or neither. */
  async stop(time: number, reason: string): Promise<void> {
    await this.#journal.commit({
      entries: [{ type: "stopped", time, content: { reason } }],
      ...(this.#isMoved ? { checkpoint: this.#draft(time) } : {}),
    });
    await this.#journal.mustBeInPlace();
  }

  /** Keeps the run's state, if it has changed since it was last kept. */
  async checkpoint(time: number): Promise<void> {
    if (!this.#isMoved) return;
    await this.#journal.commit({ checkpoint: this.#draft(time) });
  }

  /**
   * Writes a heartbeat at `time` (µs since 1970, by the wall clock), whether trades arrive or not. It shows the run's
   * progress between checkpoints.
   */
  async heartbeat(time: number, throughput: Pick<Heartbeat, "tradesPerSecond" | "lagMs">): Promise<void> {
    const { trades, price, lastTime } = this.#engine.state.current;
    const last = price === null || lastTime === null ? null : { price: plain(price), time: lastTime };
    const { tradesPerSecond, lagMs } = throughput;
    await this.#journal.heartbeat({ time, pid: Deno.pid, trades, tradesPerSecond, lagMs, last });
    this.#shown = trades;
  }

  /** Whether trades have arrived that no heartbeat has shown yet. */
  get isAhead(): boolean {
    return this.#engine.state.trades !== this.#shown;
  }

  async close(): Promise<void> {
    await this.#journal.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * Makes the engine continue at `checkpoint`. Anyone who can compute the hashes of a chain can put any state into it,
   * so a state is accepted only if a snapshot after restoring it gives the same state.
   */
  async #restore(checkpoint: Checkpoint): Promise<void> {
    const state = checkpoint.state as unknown as PipelineSnapshot;
    let why: string;
    try {
      if (!isCurrent(state)) throw this.#olderRun();
      const odd = oddValue(checkpoint.state, { ...this.#engine.state.snapshot() });
      if (odd !== null) throw new TypeError(`${odd} has a value that no run can have`);
      const changes = await this.#journal.lastOrderChanges(changesTaken(state.gate.waiting));
      this.#engine.restore(state, await this.#journal.lastCloses(), changes);
      const made = JSON.parse(JSON.stringify(this.#engine.state.snapshot()));
      const expected = underLimitsOf(made, state);
      const difference = divergence(expected, within(expected, made));
      if (difference === null) return;
      const { path, journal, derived } = difference;
      why = `${path} is ${shown(journal)}, but should be ${shown(derived)}`;
    } catch (error) {
      if (error instanceof OtherRun || error instanceof BooksError) throw error;
      // The content is not at fault: the database is unreachable, or another process took over.
      if (error instanceof JournalError && error.damage === null) throw error;
      why = error instanceof Error ? error.message : String(error);
    }
    const { seq } = checkpoint;
    throw damaged(
      this.#path,
      `the state at entry ${seq} (checkpoint) is not one that a run can have (${why})`,
    );
  }

  /**
   * Whether the state differs from the last checkpoint: trades have arrived, or a lost connection has cut purchases,
   * which the next process must not fill either.
   */
  get #isMoved(): boolean {
    const { trades, orders } = this.#engine.state;
    return trades !== this.#kept || orders.areCut !== this.#wereCut;
  }

  #draft(time: number): CheckpointDraft {
    const { state } = this.#engine;
    const draft = checkpointOf(state, this.#symbol, time);
    this.#kept = state.trades;
    this.#wereCut = state.orders.areCut;
    return draft;
  }

  /** Why a request is dropped, as a clause; null if it will be handled. */
  async #whyDropped({ run, request }: FiledRequest): Promise<string | null> {
    if (request === null) return "this Penstock does not know this kind of request";
    if (run !== this.#journal.run) return `it was for run ${run}, but this is run ${this.#journal.run}`;
    if (request.kind === "halt") return null;
    const isInForce = this.#engine.state.current.halt !== null &&
      await this.#journal.lastOf("halt") === request.halt;
    return isInForce ? null : `the halt of entry ${request.halt} has already ended`;
  }

  #olderRun(): OtherRun {
    return new OtherRun(
      `the run in ${this.#path} was written by an older Penstock, which knew fewer limits, and cannot be resumed. ` +
        "Give another --state, or --new-run to close that run and start another",
    );
  }

  #otherMarket(then: string, now: string): OtherRun {
    return new OtherRun(
      `the run in ${this.#path} trades on ${marketText(then)} and cannot resume with ${marketText(now)}: ` +
        "its position was bought at other prices. Continue where it was, give another --state, or --new-run to close " +
        "that run and start another",
    );
  }

  #otherRun(changed: readonly string[], then: ShownOptions, now: ShownOptions): OtherRun {
    // A different strategy naturally has different options.
    const isOther = changed.includes("strategy");
    const names = isOther ? changed.filter((name) => !isOfStrategy(name)) : changed;
    const list = names.map((name) => `${name} was ${textOf(name, then)} and is ${textOf(name, now)}`).join(
      ", ",
    );
    return new OtherRun(
      `the run in ${this.#path} cannot resume with other options: ${list}. ` +
        "Give the same options, another --state, or --new-run to close that run and start another",
    );
  }
}

function isOfStrategy(name: string): boolean {
  return name === "set" || name === "strategySha256" ||
    STRATEGY_OPTION_NAMES.some((option) => option === name);
}

/** The value of an option as a message shows it; of a strategy, with its options. */
function textOf(name: string, options: ShownOptions): string {
  if (name === "strategy") {
    const hash = options["strategySha256"];
    return `${strategyWords(options)}${hash === undefined ? "" : ` (SHA-256 ${hash})`}`;
  }
  return String(options[name] ?? EARLIER_VALUES[name] ?? defaultOf(name, options) ?? "not set");
}

/** The market of a run, from its `started` or `resumed` entry; null if it is unknown. */
function keptMarket({ content }: Entry, now: string): string | null {
  const { market, options = {} } = content;
  return typeof market === "string" ? market : marketIn(options as ShownOptions, now);
}

function marketText(market: string): string {
  return market === BUILT_IN_MARKET ? "the built-in exchange (penstock demo)" : market;
}

/**
 * The path of a value whose type differs from that in a `fresh` state, or of an impossible number; null if there is
 * none. Values that a fresh run lacks, or that an older version did not keep, are not checked.
 */
function oddValue(kept: unknown, fresh: unknown, path = ""): string | null {
  if (typeof kept === "number" && Math.abs(kept) > Number.MAX_SAFE_INTEGER) return path;
  if (fresh !== null && kindOf(kept) !== kindOf(fresh) && (kept !== null || isTree(fresh))) return path;
  if (!isTree(kept)) return null;
  for (const [name, value] of Object.entries(kept)) {
    const known = isTree(fresh) && !Array.isArray(fresh) ? fresh[name] ?? null : null;
    const odd = oddValue(value, known, path === "" ? name : `${path}.${name}`);
    if (odd !== null) return odd;
  }
  return null;
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? "array" : value === null ? "null" : typeof value;
}

/** Shortens a value that may come from outside, for a message. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "missing";
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}

function isRule(name: string): name is Rule {
  return RULES.some((rule) => rule === name);
}

/**
 * The state of a run, as a checkpoint keeps it, with the closes that its strategy remembers and the changes of waiting
 * orders since the last one.
 */
export function checkpointOf(
  run: EngineState,
  symbol: string,
  time: number,
): CheckpointDraft & { readonly state: PipelineSnapshot } {
  const orders = run.orders.takeChanges();
  const state = run.snapshot();
  const { values, decimals, isFresh } = run.memory.takeCloses();
  const { cash, fees, realized, position, cost } = state.account;
  return {
    time,
    state,
    account: { cash, fees, realized },
    positions: position === "0" ? [] : [{ symbol, quantity: position, cost }],
    closes: { decimals, fresh: isFresh, values },
    orders,
  };
}

/** µs since 1970 of an event's time, exactly. */
function microsecondsOf(time: string): number {
  const [seconds = "", micros = ""] = time.split(".");
  return Date.parse(`${seconds}Z`) * 1000 + Number(micros.slice(0, 6));
}
