/** Queries the exchange over REST for its rules for orders in a symbol. */
import type { Exchange, ReadInfo } from "../../exchanges/exchange.ts";
import { hostOf } from "../../exchanges/hosts.ts";
import { type Rule } from "../../domain/market/instrument_rules.ts";
import { Backoff } from "../live/backoff.ts";
import type { Runtime } from "../live/runtime.ts";
import type { RestBudget } from "./rest_budget.ts";
import { clockOf, RestClient, type RestClock, RestFailure } from "./rest_client.ts";

/** The host to query, and the symbol. */
export interface InstrumentQuestion {
  /** Base address of the exchange's REST side; null: the exchange's own, one after the other. */
  readonly restEndpoint: string | null;
  readonly exchange: Exchange;
  /** In upper case as the exchange writes it. */
  readonly symbol: string;
  /** Shared by all that query the same exchange from this IP address. */
  readonly budget: RestBudget;
  /** Ends the query at once. */
  readonly signal: AbortSignal;
  /** The longest that one host may take, ms. Default 2 s. */
  readonly hostMs?: number;
  /** Default: the runtime's. */
  readonly clock?: RestClock;
  /** Default: this process's. */
  readonly runtime?: Runtime;
}

/** The answer. Hosts are host:port. */
export type InstrumentAnswer =
  | { readonly kind: "answered"; readonly info: ReadInfo; readonly host: string }
  /** The exchange has no such symbol, or one that is counted in contracts. */
  | { readonly kind: "unknown"; readonly reason: string; readonly isContract?: true }
  | {
    readonly kind: "unanswered";
    readonly reason: string;
    /** What the user can do, or null. */
    readonly hint: string | null;
    /** The signal was aborted. */
    readonly isStopped: boolean;
  };

/** A run waits for the answer before it starts. */
const HOST_MS = 2_000;
/** The shortest wait before the next query. */
const ASK_AGAIN_MIN_MS = 500;

/**
 * Queries the hosts in turn, each once, until one answers. Failures and an abort are returned, never thrown, within
 * `hostMs` per host.
 */
export async function askInstrument(question: InstrumentQuestion): Promise<InstrumentAnswer> {
  const { restEndpoint, exchange, symbol, budget, signal } = question;
  const { hostMs = HOST_MS, runtime = globalThis, clock = clockOf(runtime) } = question;
  // One try each: there is no wait between tries that would need jitter.
  const options = { exchange, budget, clock, signal, requestMs: hostMs, runtime };
  const client = new RestClient({ ...options, tries: 1, random: () => 0 });
  const refusals: RestFailure[] = [];
  for (const base of restEndpoint === null ? exchange.instrumentBases : [restEndpoint]) {
    try {
      const info = await client.get(exchange.instrumentQuestion(base, symbol), clock.now() + hostMs);
      if ("malformed" in info) {
        return { kind: "unknown", reason: `${hostOf(base)}: ${info.malformed}`, isContract: true };
      }
      return { kind: "answered", info, host: hostOf(base) };
    } catch (error) {
      if (!(error instanceof RestFailure)) throw error;
      if (error.isUnknownSymbol) return { kind: "unknown", reason: error.message };
      refusals.push(error);
      if (error.why === "stopped") break;
    }
  }
  return {
    kind: "unanswered",
    reason: refusals.map(({ message }) => message).join("; "),
    hint: refusals.find(({ hint }) => hint !== null)?.hint ?? null,
    isStopped: signal.aborted,
  };
}

/** The longest wait between two queries, ms. */
const ASK_AGAIN_MAX_MS = 60_000;

/**
 * Keeps querying, with growing waits of up to a minute and within the budget, until the exchange gives every
 * rule of `wanted`; null once the signal is aborted. `onTrouble` gets the reason of each failure, unless it
 * is the same as the one before.
 */
export async function awaitInstrument(
  question: InstrumentQuestion,
  wanted: readonly Rule[],
  onTrouble: (reason: string) => void,
  random: () => number = (question.runtime ?? globalThis).Math.random,
): Promise<InstrumentAnswer & { readonly kind: "answered" } | null> {
  const { budget, exchange, signal, symbol, runtime = globalThis } = question;
  const { clock = clockOf(runtime) } = question;
  // The request has the same weight at every host.
  const { weight } = exchange.instrumentQuestion("", symbol);
  const backoff = new Backoff(ASK_AGAIN_MAX_MS, random);
  let last = "";
  while (!signal.aborted) {
    // Never without a wait: the exchange has just been queried.
    const waitMs = Math.max(ASK_AGAIN_MIN_MS, backoff.next(), budget.waitMs(weight, clock.now()));
    await clock.pause(Math.ceil(waitMs), signal);
    if (signal.aborted) break;
    const answer = await askInstrument(question);
    const missing = answer.kind === "answered"
      ? wanted.filter((rule) => answer.info.rules[rule] === undefined)
      : [];
    if (answer.kind === "answered" && missing.length === 0) return answer;
    if (signal.aborted) break;
    const reason = answer.kind === "answered"
      ? [`${answer.host} does not give the ${missing.join(" and the ")}`, ...answer.info.flaws].join("; ")
      : answer.reason;
    if (reason !== last) onTrouble(reason);
    last = reason;
  }
  return null;
}
