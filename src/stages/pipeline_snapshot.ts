/** The state of a run between two trades, in plain values: what a journal keeps and a resumed run restores. */
import type { AccountSnapshot, HoldingSnapshot } from "../domain/account/account.ts";
import type { DrawdownSnapshot } from "../domain/performance/drawdown.ts";
import type { MarkedBooks } from "../domain/performance/drawdown_periods.ts";
import { Money, ZERO } from "../domain/numbers/money.ts";
import { priceAsMoney } from "../domain/numbers/price.ts";
import type { BarsSnapshot } from "./bars.ts";
import type { Closes } from "./indicators/indicator.ts";
import type { OrderChange } from "./order_changes.ts";
import type { ParseSnapshot } from "./parse_snapshot.ts";
import { releasedExits, releasedGate, type RiskSnapshot, type SymbolRiskSnapshot } from "./risk_snapshot.ts";
import type { SignalSnapshot } from "./signal.ts";
import type { WaitingSnapshot } from "./waiting_orders.ts";

/** What a store keeps of a symbol in addition to the snapshot, in the form that `restore` takes. */
export interface KeptSymbol {
  readonly closes: Closes;
  readonly changes: readonly OrderChange[];
}

/** The last trade, as far as it still matters. */
export interface LastTrade {
  readonly id: number;
  /** µs since 1970. */
  readonly time: number;
  /** Integer count of 10^-decimals quote currency. */
  readonly price: number;
  readonly decimals: number;
}

/** The state of one symbol of several. */
export interface SymbolSnapshot {
  readonly gaps: number;
  readonly refusals: number;
  /** The last trade; null before the first. */
  readonly last: LastTrade | null;
  readonly parse: ParseSnapshot;
  readonly bars?: BarsSnapshot;
  readonly crossover: SignalSnapshot;
  readonly strategy?: object;
  readonly gate: SymbolRiskSnapshot;
  readonly fills: number;
  readonly account: HoldingSnapshot;
}

/**
 * Everything in a run but the closes that its strategies remember, as plain values: a round trip through JSON changes
 * nothing. State of a single symbol is that of the run's first one; `others` has the other symbols by name, so that a
 * run in one symbol has the state that it always had.
 */
export interface PipelineSnapshot {
  readonly trades: number;
  readonly gaps: number;
  readonly refusals: number;
  readonly firstTime: number;
  /** The last trade; null before the first. */
  readonly last: LastTrade | null;
  /** The digest of all trades so far, as TradeDigest makes it. */
  readonly digest: string;
  readonly parse: ParseSnapshot;
  /** The bars so far; absent if every trade is a bar. */
  readonly bars?: BarsSnapshot;
  /** The stance; named after the first strategy. */
  readonly crossover: SignalSnapshot;
  /** What the strategy remembers besides closes; absent for nothing. */
  readonly strategy?: object;
  readonly gate: RiskSnapshot;
  readonly fills: number;
  readonly account: AccountSnapshot;
  readonly drawdown: DrawdownSnapshot;
  /** The symbols after the first; absent for none. */
  readonly others?: Readonly<Record<string, SymbolSnapshot>>;
  /** The symbol of the run's last trade; absent for the first one. */
  readonly moving?: string;
}

/** Whether a snapshot has the shape that `restore` takes: not one from before the gate had all its limits. */
export function isCurrent({ gate }: PipelineSnapshot): boolean {
  return "losses" in gate;
}

/**
 * The snapshot with the fields that `kept` has, which an older version may have made: it did not keep which ids were
 * seen.
 */
export function inFormOf(
  kept: Partial<PipelineSnapshot> | undefined,
  snapshot: PipelineSnapshot,
): PipelineSnapshot {
  if (kept?.parse === undefined || kept.parse.seen !== undefined) return snapshot;
  const { lastId, decimals, counts: { duplicates, rejected, passedOver, outOfOrder = 0 } } = snapshot.parse;
  const counts = { duplicates: duplicates + outOfOrder, rejected, passedOver };
  return { ...snapshot, parse: { lastId, decimals, counts } };
}

/**
 * The snapshot as older versions made it, which remembered no first id of a gap that was being filled; null if that
 * is the same.
 */
function withoutGapStart(snapshot: PipelineSnapshot): PipelineSnapshot | null {
  const { gap, ...parse } = snapshot.parse;
  if (gap === undefined || gap.skipped > 0) return null;
  return { ...snapshot, parse: gap.absent === 0 ? parse : { ...parse, gap: { ...gap, fromId: -1 } } };
}

/** The snapshot as older versions made it, which counted ids of unusable messages as seen; null if that is the same. */
function withoutUnusable(snapshot: PipelineSnapshot): PipelineSnapshot | null {
  const { seen, ...parse } = snapshot.parse;
  if (seen?.unusable === undefined) return null;
  const { unusable: _, ...others } = seen;
  return { ...snapshot, parse: { ...parse, seen: others } };
}

/**
 * The snapshot in the forms of older versions, the latest first, and whether the changes of waiting orders were kept
 * separately. Before that, the snapshot held all orders, which are `whole`.
 */
export function* olderForms(
  snapshot: PipelineSnapshot,
  whole: readonly WaitingSnapshot[],
): Generator<{ readonly state: PipelineSnapshot; readonly hasChanges: boolean }> {
  const forms = [snapshot];
  for (const olderForm of [withoutUnusable, withoutGapStart]) {
    const form = olderForm(forms.at(-1)!);
    if (form !== null) forms.push(form);
  }
  for (const state of forms.slice(1)) yield { state, hasChanges: true };
  for (const state of forms) {
    yield { state: { ...state, gate: { ...state.gate, waiting: whole } }, hasChanges: false };
  }
}

/**
 * The snapshot `kept` in the form of `made`, which the same run makes under limits that may differ: without the limit
 * on a day's loss no day is kept, what a position cost is known from its account where no exit needed it before, the
 * highest price is kept only for a trailing stop, and only the checks that are on remember anything.
 */
export function underLimitsOf(made: PipelineSnapshot, kept: PipelineSnapshot): PipelineSnapshot {
  const { losses, exits, pace } = kept.gate;
  const day = made.gate.losses.day === null ? null : losses.day;
  const paid = exits.paid === "0" ? made.gate.exits.paid : exits.paid;
  const { highest = made.gate.exits.highest, ...otherExits } = exits;
  const trail = made.gate.exits.highest === undefined ? {} : { highest: highest! };
  const remembered = Object.entries(made.gate.pace)
    .map(([name, value]) => [name, Object.hasOwn(pace, name) ? pace[name] : value]);
  return {
    ...kept,
    gate: {
      ...kept.gate,
      losses: { ...losses, day },
      exits: { ...otherExits, paid, ...trail },
      pace: Object.fromEntries(remembered),
    },
  };
}

/** A run after a manual release of its halt. */
export function released(snapshot: PipelineSnapshot): PipelineSnapshot {
  const { gate, others } = snapshot;
  const freed = { ...snapshot, gate: releasedGate(gate, booksIn(snapshot)) };
  if (others === undefined) return freed;
  const each = Object.entries(others).map(([symbol, other]) =>
    [symbol, { ...other, gate: { ...other.gate, exits: releasedExits(other.gate.exits) } }] as const
  );
  return { ...freed, others: Object.fromEntries(each) };
}

/** The books in a snapshot, at the run's last trade: positions in other symbols count as cash at their last prices. */
export function booksIn(snapshot: PipelineSnapshot): MarkedBooks {
  const { others = {}, moving } = snapshot;
  const at = moving === undefined ? snapshot : others[moving]!;
  const held = [snapshot, ...Object.values(others)].filter((one) => one !== at);
  return {
    cash: held.reduce((cash, one) => cash.plus(valueIn(one)), new Money(snapshot.account.cash)),
    position: new Money(at.account.position),
    price: at.last?.price ?? 0,
    decimals: at.last?.decimals ?? 0,
  };
}

function valueIn(
  { account, last }: { readonly account: { readonly position: string }; readonly last: LastTrade | null },
): Money {
  return last === null ? ZERO : new Money(account.position).times(priceAsMoney(last.price, last.decimals));
}
