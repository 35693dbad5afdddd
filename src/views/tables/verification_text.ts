/** The result of verifying a run, for users and for programs. */
import { isoTime } from "../../domain/numbers/time.ts";
import type { Agreed, Difference, Outcome, Verified } from "../../domain/run/verification.ts";
import { grouped, span } from "../terminal/figures.ts";
import { printable, printableJson } from "../terminal/terminal.ts";

/** What was compared. */
export interface Compared {
  readonly journal: string;
  readonly recordings: readonly string[];
  /** Other files in the folders of recordings, by the reason why they were not read. */
  readonly passedOver: readonly {
    readonly folder: string;
    readonly reason: string;
    readonly names: readonly string[];
  }[];
  readonly elapsedMs: number;
}

/** One line that says what was proven, or several that show the difference in its context. */
export function outcomeText(outcome: Outcome, compared: Compared): string {
  const lines = outcome.type === "verified"
    ? [verifiedLine(outcome, compared)]
    : differenceLines(outcome, compared);
  return lines.map(printable).join("\n");
}

/** The result as one JSON object. Times are written as in events; `time` is that of the last trade verified. */
export function outcomeJson(outcome: Outcome, compared: Compared): string {
  const { journal, recordings, passedOver, elapsedMs } = compared;
  if (outcome.type === "difference") {
    const { type, run, what, entry, tradeId, at, derived, before } = outcome;
    return printableJson({
      type,
      journal,
      recordings,
      passedOver,
      run,
      what,
      entry,
      tradeId,
      recording: at?.recording ?? null,
      line: at?.line ?? null,
      journalSays: outcome.journal,
      derived,
      before,
    });
  }
  const { type, run, entries, chained, trades, fills, from, to } = outcome;
  return printableJson({
    type,
    time: to === null ? null : isoTime(to),
    journal,
    recordings,
    passedOver,
    run,
    entries,
    chained,
    trades,
    fills,
    from: from === null ? null : isoTime(from),
    to: to === null ? null : isoTime(to),
    elapsedMs: Math.round(elapsedMs),
    tradesPerSecond: Math.round(trades * 1000 / elapsedMs),
  });
}

function verifiedLine({ run, entries, trades, fills, from, to }: Verified, compared: Compared): string {
  const { journal, recordings, elapsedMs } = compared;
  const times = from === null || to === null ? "" : ` from ${isoTime(from)} to ${isoTime(to)}`;
  const files = recordings.length === 1 ? recordings[0]! : `${recordings.length} recordings`;
  return `Verified in ${span(elapsedMs)}: ${journal} is intact, and all ${
    plural(entries, "entry", "entries")
  } of run ` +
    `${run}, with ${plural(fills, "fill", "fills")} in ${
      plural(trades, "trade", "trades")
    }${times}, follow from ` +
    files;
}

function differenceLines(difference: Difference, { journal }: Compared): string[] {
  const { run, what, entry, tradeId, at, before } = difference;
  const place = [
    entry === null ? null : `entry ${entry}`,
    tradeId === null ? null : `trade ${tradeId}`,
    at === null ? null : `${at.recording} line ${at.line}`,
  ].filter((part) => part !== null);
  return [
    `Difference in ${run === null ? journal : `run ${run} of ${journal}`}: ${what}`,
    ...(place.length === 0 ? [] : [`  at       ${place.join(", ")}`]),
    ...before.map((agreed, index) => `  ${index === 0 ? "before  " : "        "} ${agreedText(agreed)}`),
    ...(difference.journal === null ? [] : [`  journal  ${printableJson(difference.journal)}`]),
    ...(difference.derived === null ? [] : [`  derived  ${printableJson(difference.derived)}`]),
  ];
}

function agreedText({ entry, decision }: Agreed): string {
  return `entry ${entry}, as derived: ${printableJson(decision)}`;
}

function plural(number: number, one: string, many: string): string {
  return `${grouped(number)} ${number === 1 ? one : many}`;
}
