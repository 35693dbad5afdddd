/** Events in words, for the log. */
import type {
  ExpiredEvent,
  GapEvent,
  HaltEvent,
  ModelEvent,
  PenstockEvent,
  RefusalEvent,
  ReleasedEvent,
  SignalEvent,
} from "../../domain/run/event.ts";
import { ORDER_CHECKS } from "../../domain/risk/checks/known_checks.ts";
import type { Halt } from "../../domain/risk/halt.ts";
import type { Rejections } from "../../domain/market/rejections.ts";
import { isoTime } from "../../domain/numbers/time.ts";
import type { HeldGap } from "../../stages/gap_hold.ts";
import { rulesText } from "../../domain/market/instrument.ts";
import type { Line } from "../view.ts";
import type { NamedAssets } from "./assets.ts";
import { counted, grouped, stakeWords } from "./figures.ts";
import { strategyWords } from "../../stages/strategies/known_strategies.ts";
import { fillText, signalText } from "./fill_line.ts";

/**
 * The log line for an event, or null if it is shown in another way. `named` are the exchange's names for the assets,
 * `signal` is the signal behind a fill (null for none), and `average` is the kind of a crossover's averages.
 */
export function narrate(
  event: PenstockEvent,
  named: NamedAssets | null = null,
  signal: SignalEvent | null = null,
  average = "sma",
): Line | null {
  switch (event.type) {
    case "started": {
      const { symbol, cash, stake, fee } = event.config;
      return info(
        `Penstock ${event.version} ${event.command}: ${symbol}, ${strategyWords(event.config)}, ` +
          `cash ${cash}, stake ${stakeWords(stake)}, fee ${fee}; on paper only`,
      );
    }
    case "connected":
      return info(`connected to ${event.endpoint}${event.attempt > 1 ? ` at attempt ${event.attempt}` : ""}`);
    case "disconnected": {
      const again = event.retryInMs === 0 ? "at once" : `in ${seconds(event.retryInMs)}`;
      const hint = event.hint === undefined ? "" : `. ${event.hint}`;
      return warn(`not connected: ${event.reason}; trying again ${again}${hint}`);
    }
    case "gap":
      return gapLine(event);
    case "reset":
      return warn(
        `the exchange's trade ids started over at ${event.fromId}, after ${event.lastId}: ` +
          "the averages start again, position and cash stay",
      );
    case "signal":
      return info(signalText(event, average));
    case "refusal": {
      const cause = event.cause === undefined ? "" : ` (${event.cause})`;
      return warn(`${event.side}${cause} refused ${whyRefused(event)}, trade ${event.tradeId}${got(event)}`);
    }
    case "fill":
      return info(fillText(event, named, signal, average));
    case "expired":
      return expiredLine(event);
    case "halt":
      return haltLine(event);
    case "released":
      return releasedLine(event);
    case "rules":
      return info(
        `the rules of ${event.symbol} have arrived: ${rulesText(event)}. Orders are placed from now on`,
      );
    case "rejected":
      return warn(
        `${event.count} unusable message${event.count === 1 ? "" : "s"}: ${event.reason}: ${event.sample}`,
      );
    case "status":
      return {
        level: "debug",
        text:
          `${event.trades} trades, ${event.tradesPerSecond}/s, equity ${event.equity}, position ${event.position}` +
          (event.halted ? ", halted" : ""),
      };
    case "model":
      return event.halt === null ? null : modelHaltLine(event, event.halt);
    case "configuration":
    case "sweep":
    case "summary":
      return null;
  }
}

/** The words for refusals that have no amounts. */
const REFUSED_BECAUSE: Partial<Record<RefusalEvent["reason"], string>> = {
  "disconnected": "the connection was lost",
  "halted": "trading is halted",
  "late": "the trade is backfilled",
  "no-rules": "the rules have not arrived",
  "stale": "the stream is stale",
};

/** The checks whose amounts are ms. */
const IN_MILLISECONDS: ReadonlySet<string> = new Set(
  ORDER_CHECKS.filter((row) => "unit" in row).map(({ reason }) => reason),
);

/** Why an order was refused: `(min-notional): 4 found, limit 5`. */
export function whyRefused(
  { reason, value, limit }: Pick<RefusalEvent, "reason" | "value" | "limit">,
): string {
  const words = REFUSED_BECAUSE[reason];
  if (words !== undefined && !/^-?\d/.test(value)) return `(${reason}): ${words}`;
  const unit = IN_MILLISECONDS.has(reason) ? " ms" : "";
  return `(${reason}): ${value}${unit} found, limit ${limit}${unit}`;
}

function expiredLine(event: ExpiredEvent): Line {
  const order = `a ${event.side} order`;
  const origin = event.cause === undefined
    ? ` (signal at trade ${event.signalTradeId})`
    : ` (${event.cause} at trade ${event.signalTradeId})`;
  switch (event.reason) {
    case "order-ttl":
      return warn(`${order} expired${origin}${got(event)}`);
    case "replaced":
      return info(`${order} was cancelled for a sale${origin}${got(event)}`);
    default:
      return warn(`${order} was still waiting when the input ended${origin}${got(event)}`);
  }
}

/** Logs that a fill model ended in a halt, because its own events are not shown. */
function modelHaltLine({ model }: ModelEvent, { reason, value, limit, tradeId }: Halt): Line {
  const why = reason === "manual"
    ? "halted by hand"
    : `${reason} ${value} reached the limit ${limit} at trade ${tradeId}`;
  return warn(`the ${model} fill model ended in a halt: ${why}`);
}

function haltLine({ reason, value, limit, tradeId, action, text }: HaltEvent): Line {
  const why = reason === "manual"
    ? `by hand${text === undefined ? "" : ` (${text})`}`
    : `${reason} ${value} reached the limit ${limit} at trade ${tradeId}`;
  const what = action === "flatten"
    ? "the position is sold, and nothing is traded after that"
    : "no more buys";
  const until = reason === "max-daily-loss" ? "until the next UTC day" : "until it is released";
  return warn(`halted: ${why}; ${what}, ${until}`);
}

function releasedLine({ reason, tradeId, text, requested }: ReleasedEvent): Line {
  return requested === undefined
    ? info(`a new UTC day: the halt (${reason}) ended at trade ${tradeId}`)
    : warn(`the halt (${reason === "manual" ? "by hand" : reason}) is released: ${text}; trading resumes`);
}

/** The log line for a dropped request, which was filed at `requested` (µs since 1970). */
export function droppedRequest(kind: string, requested: number, why: string | null): Line {
  return warn(`a request (${kind}) filed at ${isoTime(requested)} is dropped: ${why}`);
}

/** The totals of an order that took several fills. */
function got({ filled, averagePrice }: { filled?: string; averagePrice?: string }): string {
  return filled === undefined ? "" : `; in all ${filled} at ${averagePrice} on average`;
}

function gapLine({ fromId, toId, missing, filled }: GapEvent): Line {
  if (missing === 0) return warn(`the trade ids start again at ${toId + 1}: the averages start again`);
  const gap = missing === 1
    ? `gap: trade ${fromId} missing`
    : `gap: ${missing} trades missing (${fromId} to ${toId})`;
  if (filled === missing) {
    return info(`${gap}: fetched; backfilled trades move the averages and place no orders`);
  }
  const fetched = filled === 0 ? "" : `${filled} fetched, `;
  return warn(`${gap}: ${fetched}the averages start again`);
}

/** The words for trades out of order, which place no orders. */
export function strayText({ count, reason }: Rejections): string {
  return count === 1 ? `${reason}; it places no order` : `${count} trades out of order, the first: ${reason}`;
}

/** The log line for a gap whose trades are still being fetched. */
export function stillFetching({ fromId, toId }: HeldGap): Line {
  const missing = toId - fromId + 1;
  return info(
    `${missing} missed trades (${fromId} to ${toId}) are still being fetched; until then nothing is traded`,
  );
}

/** The log line for a journal whose database is unreachable; `since` in ms since 1970. */
export function journalAway(
  { what, since }: { readonly what: string; readonly since: number },
  mostKept: number,
): Line {
  return warn(
    `the database of the journal has been unreachable since ${isoTime(since * 1000)} (${what}): ` +
      `no decisions are made until it is back; up to ${grouped(mostKept)} messages are kept meanwhile`,
  );
}

/** The log line for a journal whose database is back. Times in ms. */
export function journalBack(
  { awayMs, kept, holdMs }: { readonly awayMs: number; readonly kept: number; readonly holdMs: number },
): Line {
  const late = awayMs > holdMs ? `; trades that waited longer than ${seconds(holdMs)} place no orders` : "";
  return warn(
    `the database of the journal is back after ${seconds(awayMs)}: ` +
      `${counted(kept, "message")} kept meanwhile ${kept === 1 ? "is" : "are"} processed now${late}`,
  );
}

/** How long a journal's commits took. */
export function journalTook(
  { commits, totalMs, worstMs }: {
    readonly commits: number;
    readonly totalMs: number;
    readonly worstMs: number;
  },
): Line {
  const [total, worst] = [totalMs.toFixed(1), worstMs.toFixed(1)];
  return {
    level: "debug",
    text: `the journal took ${commits} commits, ${total} ms in all, ${worst} ms at worst`,
  };
}

/** A duration for people: `0.35 s`, `12 s`. */
export function seconds(milliseconds: number): string {
  return milliseconds < 10_000
    ? `${Number((milliseconds / 1000).toFixed(2))} s`
    : `${Math.round(milliseconds / 1000)} s`;
}

/** An amount with its sign, even if it is positive. */
export function signed(amount: string): string {
  return amount.startsWith("-") || amount === "0" ? amount : `+${amount}`;
}

function info(text: string): Line {
  return { level: "info", text };
}

function warn(text: string): Line {
  return { level: "warn", text };
}
