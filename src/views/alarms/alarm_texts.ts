/** The words of alarms. Whatever a journal holds, they are printable and short. */
import type { FillEvent, HaltEvent, ReleasedEvent } from "../../domain/run/event.ts";
import { haltSentence, type RunStatus, stopText } from "../../domain/run/run_status.ts";
import { counted, exactly, percent, priceText, shortMoney, signedMoney, span } from "../terminal/figures.ts";
import { Money } from "../../domain/numbers/money.ts";
import { printable } from "../terminal/terminal.ts";
import type { Alarm } from "./alarm.ts";
import type { DayFigures } from "./day_figures.ts";

/** Title and text of an alarm. */
export type Words = Pick<Alarm, "title" | "text">;

/** Where something happened. */
export interface Where {
  readonly journal: string;
  readonly run: number;
  readonly symbol: string | null;
}

const LONGEST_TITLE = 120;
const LONGEST_TEXT = 900;
/** A name and a password in the address of a database. */
const PASSWORD = /\b([a-z]+:\/\/)[^\s/@]*@/gi;

/** Words that can be sent: printable, and cut where they are too long. */
export function words(where: Where, title: string, text: string): Words {
  const { journal, run, symbol } = where;
  const place = run === 0 ? journal : `run ${run} in ${journal}`;
  return {
    title: shortened(`${symbol ?? "penstock"}: ${title}`, LONGEST_TITLE),
    text: shortened(text.replaceAll(PLACE, place), LONGEST_TEXT),
  };
}

/** Stands for the run and its journal in a text. */
export const PLACE = "{place}";

function shortened(text: string, most: number): string {
  const shown = printable(text.replace(PASSWORD, "$1"));
  // Half of a surrogate pair is not valid UTF-8, which a service may reject.
  return (shown.length > most ? `${shown.slice(0, most - 1)}…` : shown).toWellFormed();
}

/** Returns the alarm in plain words, for a service that refuses its own text. */
export function inPlainWords(alarm: Alarm): Alarm {
  const text =
    `Penstock: ${alarm.kind}, run ${alarm.run}, ${alarm.time}. The service refused the alarm's own text.`;
  return { ...alarm, title: "Penstock alarm", text, symbol: null, journal: "", event: null };
}

export function haltWords(where: Where, event: HaltEvent): Words {
  const { journal, run } = where;
  const why = event.reason === "manual" ? "by hand" : event.reason;
  return words(where, `halted, ${why}`, haltSentence({ journal, run, halt: event })!);
}

/** Uses only the fields of a fill that the journal's reader checks. */
export function fillWords(where: Where, event: FillEvent): Words {
  const { side, quantity, price, fee, realized, cash, position, time } = event;
  const result = realized === undefined ? "" : `, result ${signedMoney(realized)}`;
  return words(
    where,
    `${side} @ ${priceText(price)}`,
    `${PLACE} filled a ${side} of ${exactly(quantity)} @ ${priceText(price)} at ${time}: fee ${
      shortMoney(fee)
    }${result}, ` +
      `cash ${shortMoney(cash)}, position ${exactly(position)}`,
  );
}

export function releasedWords(where: Where, event: ReleasedEvent): Words {
  const { reason, time, text } = event;
  const note = text === undefined ? "" : ` (${text})`;
  return words(
    where,
    "halt ended",
    `the halt of ${PLACE} for ${reason} ended at ${time}${note}: it trades again`,
  );
}

export function stoppedWords(where: Where, reason: string, time: string): Words {
  return words(
    where,
    "stopped",
    `${PLACE} was stopped at ${time} (${stopText(reason)}): nothing trades until it is started again`,
  );
}

export function deadWords(where: Where, { lastHeartbeat }: RunStatus): Words {
  return words(
    where,
    "no heartbeat",
    `${PLACE} has had no heartbeat since ${lastHeartbeat}: its process was killed, failed, hangs, or cannot write`,
  );
}

/** `from` is the end of the pause, `since` its start, in µs since 1970; null if it is not known. */
export function resumedWords(where: Where, time: string, since: number | null, from: number): Words {
  const pause = since === null ? "" : `, after ${span((from - since) / 1000)}`;
  return words(where, "runs again", `${PLACE} has been running again since ${time}${pause}`);
}

export function crashedWords(where: Where, time: string): Words {
  return words(
    where,
    "died, and runs again",
    `${PLACE} was resumed at ${time} after its previous process had ended without a stop: it was killed, or it failed`,
  );
}

/** `time` is when the run was disconnected, ISO 8601; `lasts` is how long ago that was, µs. */
export function disconnectedWords(where: Where, time: string, lasts: number, reason: string | null): Words {
  const why = reason === null ? "" : ` (${reason})`;
  return words(
    where,
    "disconnected",
    `${PLACE} has been disconnected since ${time}, for ${
      span(lasts / 1000)
    }${why}: it trades nothing until it is connected`,
  );
}

export function connectedWords(where: Where, time: string, lasted: number): Words {
  return words(
    where,
    "connected again",
    `${PLACE} has been connected again since ${time}, after ${span(lasted / 1000)}`,
  );
}

export function unreadableWords(where: Where, problem: string): Words {
  return words(
    where,
    "journal cannot be read",
    `the state of ${PLACE} is unknown: ${problem}`,
  );
}

export function readableWords(where: Where): Words {
  return words(where, "journal can be read again", `${PLACE}: its journal can be read again`);
}

/** The text for a day's figures; `status` is the run's at the end of the day, null if it is not known. */
export function dailyWords(where: Where, day: DayFigures, status: RunStatus | null): Words {
  const fills = day.buys + day.sells;
  const parts = [
    `${counted(fills, "fill")} (${counted(day.buys, "buy")}, ${counted(day.sells, "sell")})`,
    `realized ${signedMoney(day.realized)}`,
    `fees ${shortMoney(day.fees)}`,
    ...(day.refusals === 0 ? [] : [counted(day.refusals, "refusal")]),
    ...(day.halts === 0 ? [] : [counted(day.halts, "halt")]),
    ...(status === null ? [] : stateParts(day, status)),
  ];
  return words(where, day.date, `${PLACE}, ${day.date} (UTC): ${parts.join(", ")}`);
}

function stateParts({ equity: before }: DayFigures, status: RunStatus): string[] {
  const { equity, position, state, connected, halted } = status;
  const isKnown = before !== null && !new Money(before).isZero();
  const change = isKnown ? ` (${percent(new Money(equity).div(before).minus(1).toFixed())})` : "";
  const now = state !== "running"
    ? state === "silent" ? "no heartbeat" : state
    : connected
    ? "connected"
    : "disconnected";
  return [
    `equity ${shortMoney(equity)}${change}`,
    `position ${position}`,
    ...(halted ? ["halted"] : []),
    now,
  ];
}
