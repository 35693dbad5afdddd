/**
 * Runs a user's own strategy like a built-in one: its answers are checked, its state is kept as JSON, and it has
 * access to nothing else.
 */
import type { Bar } from "../../domain/market/bar.ts";
import type { Target, Values } from "../../domain/market/signal.ts";
import { doubleText, nearestDouble } from "../../domain/numbers/double.ts";
import { priceText } from "../../domain/numbers/price.ts";
import { isoTime } from "../../domain/numbers/time.ts";
import { type Closes, NO_CLOSES } from "../indicators/indicator.ts";
import type { Answer, StrategyBar, StrategyDefinition, StrategySetting } from "./define_strategy.ts";
import type { Strategy } from "./strategy.ts";

/** A definition with any options and any state. */
export type AnyDefinition = StrategyDefinition<Readonly<Record<string, StrategySetting>>, object>;

/** Whether a user's own strategy is running right now; the guard of clocks, random numbers and I/O reads this. */
export const STRATEGY_CALL = { isActive: false };

/** A user's own strategy failed, and the run ends. The message names the strategy, the bar and the value. */
export class StrategyFault extends Error {
  override readonly name = "StrategyFault";
  readonly exit = "failure";
}

/** What a checkpoint keeps of a strategy. */
type OwnMemory =
  | { readonly bars: number; readonly state: string }
  | { readonly bars: number; readonly fault: string };

/** The first bars of a run are computed twice, and later `TWICE` of every `EVERY`. */
const FIRST_TWICE = 1_024;
const TWICE = 64;
const EVERY = 4_096;

/** Names that signal events already have. */
const TAKEN: readonly string[] = ["type", "time", "symbol", "side", "price", "tradeId"];
const UNREADABLE = "an unreadable object";
const MOST_SHOWN = 80;
const MOST_THROWN = 300;
const VOLUME_PARTS = 1e8;

/** The bar that a strategy sees: one read-only object for all bars. */
class BarView implements StrategyBar {
  #bar: Bar;

  constructor(bar: Bar) {
    this.#bar = bar;
  }

  static show(view: BarView, bar: Bar): void {
    view.#bar = bar;
  }

  get openTime(): number {
    return this.#bar.openTime / 1000;
  }

  get closeTime(): number {
    return this.#bar.closeTime / 1000;
  }

  get open(): number {
    return nearestDouble(this.#bar.open, this.#bar.decimals);
  }

  get high(): number {
    return nearestDouble(this.#bar.high, this.#bar.decimals);
  }

  get low(): number {
    return nearestDouble(this.#bar.low, this.#bar.decimals);
  }

  get close(): number {
    return nearestDouble(this.#bar.close, this.#bar.decimals);
  }

  get volume(): number {
    return Number(this.#bar.volume) / VOLUME_PARTS;
  }

  get trades(): number {
    return this.#bar.trades;
  }
}

/**
 * A user's own strategy, for one symbol. It never throws: once its definition has failed, `fault` says how, and the
 * target stays unchanged.
 *
 * Its first bars, and then some of every few thousand, are computed twice, the second time from a copy of its state
 * that went through JSON. Both answers must agree. This finds a file that keeps something outside its state, or whose
 * answers vary.
 */
export class OwnStrategy implements Strategy {
  readonly label: string;
  readonly remembers = 0;
  readonly #name: string;
  readonly #definition: AnyDefinition;
  readonly #options: Readonly<Record<string, number>>;
  #state: object = {};
  #view: BarView | null = null;
  /** Bars so far, those before gaps included. */
  #bars = 0;
  #isReady = false;
  #fault: StrategyFault | null = null;
  /** The second copy of the state while bars are computed twice, and the bar up to which they are. */
  #second: object | null = null;
  #twiceUntil = FIRST_TWICE;
  /** The next bar from which bars are computed twice again. */
  #nextTwice = 1;

  /** `name` is the file's name, for messages. */
  constructor(name: string, definition: AnyDefinition, options: Readonly<Record<string, number>>) {
    this.#name = name;
    this.label = name.replace(/^.*[\\/]/, "").replace(/\.\w+$/, "");
    this.#definition = definition;
    this.#options = Object.freeze({ ...options });
    this.#start();
  }

  /** How the definition failed; null if it has not. */
  get fault(): StrategyFault | null {
    return this.#fault;
  }

  add(bar: Bar): Target {
    if (this.#fault !== null) return 0;
    if (++this.#bars === this.#nextTwice) this.#copy(bar);
    if (this.#view === null) this.#view = new BarView(bar);
    else BarView.show(this.#view, bar);
    const answer = this.#ask(this.#state, bar);
    this.#isReady = true;
    if (this.#second !== null) {
      this.#askAgain(answer, bar);
      if (this.#fault !== null) return 0;
    }
    return answer === "long" ? 1 : answer === null ? 0 : -1;
  }

  /** The definition's answer. If it is not a valid one, notes a fault and returns null. */
  #ask(state: object, bar: Bar): Answer {
    let answer: unknown;
    STRATEGY_CALL.isActive = true;
    try {
      answer = this.#definition.onBar(this.#view!, state, this.#options);
    } catch (error) {
      STRATEGY_CALL.isActive = false;
      this.#fail(bar, `it threw ${thrownText(error)}`);
      return null;
    }
    STRATEGY_CALL.isActive = false;
    if (answer === null || answer === "long" || answer === "flat") return answer;
    this.#fail(bar, `it answered ${shown(answer)}: expected "long", "flat" or null`);
    return null;
  }

  #askAgain(answer: Answer, bar: Bar): void {
    const second = this.#ask(this.#second!, bar);
    if (this.#fault !== null) return;
    if (second !== answer) {
      return this.#fail(
        bar,
        `it answered ${shown(answer)}, and ${shown(second)} the second time from the same state and bar: ` +
          "an answer may depend on nothing else",
      );
    }
    const isLast = this.#bars >= this.#twiceUntil;
    // After 1, 2, 4, … bars: a state that JSON cannot keep ends the run now, not at a checkpoint hours later.
    if (isLast || (this.#bars & (this.#bars - 1)) === 0) {
      const jsonFault = jsonFaultIn(this.#state);
      if (jsonFault !== null) return this.#fail(bar, jsonFault);
    }
    if (!isLast) return;
    const [one, other] = [JSON.stringify(this.#state), JSON.stringify(this.#second)];
    if (one !== other) this.#fail(bar, "its state differs the second time, from the same state and bars");
    this.#second = null;
    // A large state is copied less often, so that the average cost of a bar stays the same.
    this.#nextTwice = this.#bars + Math.max(EVERY - TWICE, one.length);
  }

  /** Copies the state, through JSON, before bars are computed twice. */
  #copy(bar: Bar): void {
    this.#twiceUntil = Math.max(this.#bars === 1 ? FIRST_TWICE : 0, this.#bars + TWICE - 1);
    const jsonFault = jsonFaultIn(this.#state);
    if (jsonFault === null) this.#second = JSON.parse(JSON.stringify(this.#state)) as object;
    else this.#fail(bar, jsonFault);
  }

  reset(): void {
    if (this.#fault === null) this.#start();
  }

  #start(): void {
    this.#isReady = false;
    this.#second = null;
    this.#nextTwice = this.#bars + 1;
    STRATEGY_CALL.isActive = true;
    try {
      const state: unknown = this.#definition.start(this.#options);
      if (typeof state === "object" && state !== null) this.#state = state;
      else this.#fail(null, `start() returned ${shown(state)}: expected an object or an array`);
    } catch (error) {
      this.#fail(null, `start() threw ${thrownText(error)}`);
    } finally {
      STRATEGY_CALL.isActive = false;
    }
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  values(): Values | null {
    if (!this.#isReady) return null;
    const { values } = this.#definition;
    if (values === undefined || this.#fault !== null) return {};
    STRATEGY_CALL.isActive = true;
    try {
      const found: unknown = this.#definition.values!(this.#state, this.#options);
      const entries = Object.entries(found as Record<string, unknown>);
      const odd = entries.find(([name, value]) => TAKEN.includes(name) || !Number.isFinite(value));
      if (odd === undefined) {
        return Object.fromEntries(entries.map(([name, value]) => [name, doubleText(value as number)]));
      }
      this.#fail(
        null,
        `values() returned ${odd[0]} as ${shown(odd[1])}: expected a number, and none of ${TAKEN.join(", ")}`,
      );
    } catch (error) {
      this.#fail(null, `values() threw ${thrownText(error)}`);
    } finally {
      STRATEGY_CALL.isActive = false;
    }
    return {};
  }

  #fail(bar: Bar | null, what: string): void {
    const where = bar === null
      ? `after bar ${this.#bars}`
      : `bar ${this.#bars}, closed ${isoTime(bar.closeTime)} at ${priceText(bar.close, bar.decimals)}`;
    this.#fault ??= new StrategyFault(`the strategy ${this.#name} failed (${where}): ${what}`);
    this.#second = null;
  }

  closes(): Closes {
    return NO_CLOSES;
  }

  /** The state as JSON text; or how the strategy failed, for instance because its state is not JSON. */
  snapshot(): OwnMemory {
    const jsonFault = this.#fault === null ? jsonFaultIn(this.#state) : null;
    if (jsonFault !== null) this.#fail(null, jsonFault);
    const bars = this.#bars;
    return this.#fault === null
      ? { bars, state: JSON.stringify([this.#isReady, this.#state]) }
      : { bars, fault: this.#fault.message };
  }

  restore(snapshot: object | null): void {
    const { bars, state, fault } = (snapshot ?? {}) as { readonly [name: string]: unknown };
    if (!Number.isSafeInteger(bars)) throw new TypeError("the strategy has no count of bars");
    this.#bars = bars as number;
    this.#second = null;
    this.#nextTwice = this.#bars + 1;
    if (typeof fault === "string") {
      this.#fault = new StrategyFault(fault);
      return;
    }
    const [isReady, kept] = JSON.parse(String(state)) as [unknown, unknown];
    if (typeof isReady !== "boolean" || typeof kept !== "object" || kept === null) {
      throw new TypeError("the strategy's state is not an object");
    }
    this.#fault = null;
    this.#isReady = isReady;
    this.#state = kept;
  }
}

/** Why a state would not survive a round trip through JSON; null if it would. */
function jsonFaultIn(state: object): string | null {
  try {
    return jsonFaultAt(state, "its state");
  } catch (error) {
    if (error instanceof RangeError) return "its state is nested without end: JSON cannot keep it";
    return `its state cannot be read: ${thrownText(error)}`;
  }
}

function jsonFaultAt(value: unknown, path: string): string | null {
  if (value === null || typeof value === "boolean" || typeof value === "string") return null;
  if (typeof value === "number" && Number.isFinite(value)) return null;
  const prototype = typeof value === "object" ? Object.getPrototypeOf(value) : undefined;
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) {
      const item: unknown = value[at];
      if (typeof item === "number" && Number.isFinite(item)) continue;
      const odd = jsonFaultAt(item, `${path}[${at}]`);
      if (odd !== null) return odd;
    }
    return null;
  }
  if (prototype !== Object.prototype && prototype !== null) {
    return `${path} is ${
      shown(value)
    }: expected what JSON keeps (numbers, texts, true, false, null, objects, arrays)`;
  }
  for (const [name, item] of Object.entries(value as object)) {
    const odd = jsonFaultAt(item, `${path}.${name}`);
    if (odd !== null) return odd;
  }
  return null;
}

function thrownText(error: unknown): string {
  try {
    return error instanceof Error ? cut(`${error.name}: ${error.message}`, MOST_THROWN) : shown(error);
  } catch {
    return UNREADABLE;
  }
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/** A value in a few characters, even one that throws when it is read. */
function shown(value: unknown): string {
  try {
    return shortText(value);
  } catch {
    return UNREADABLE;
  }
}

function shortText(value: unknown): string {
  if (value instanceof Promise) return "a promise";
  if (typeof value === "function") return "a function";
  if (typeof value === "bigint") return `${value}n`;
  const isPlain = typeof value === "object" && value !== null &&
    Object.getPrototypeOf(value) !== Object.prototype &&
    !Array.isArray(value);
  const text = isPlain
    ? value.constructor?.name ? `a ${value.constructor.name}` : UNREADABLE
    : typeof value === "string"
    ? JSON.stringify(value)
    : typeof value === "object"
    ? jsonOf(value)
    : String(value);
  return cut(text, MOST_SHOWN);
}

function jsonOf(value: object | null): string {
  try {
    return JSON.stringify(value);
  } catch {
    return "an object";
  }
}
