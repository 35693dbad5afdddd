/**
 * The notes that Penstock writes between the frames of a recording: lines whose frame is `{"penstock":{"event":…}}`. A
 * frame is a note if and only if it starts like that. A received frame that starts like that, or that would not fit on
 * one line, is kept inside a note.
 */

import type { DisconnectCause } from "../market/disconnect_cause.ts";
import type { Rule } from "../market/instrument_rules.ts";
import { isCount, isRecord, shownJson } from "../market/json_value.ts";
import type { ByRequest, OnHalt } from "../risk/halt.ts";
import type { ArrivedRules } from "../market/instrument.ts";
import { DECIMAL } from "../numbers/money.ts";

/** The version of the recordings that this program writes and reads. */
export const RECORDING_VERSION = 1;
/** The format of its lines: a receive time and a frame as the exchange sent it. */
export const RECORDING_FORMAT = "frames";

/** Where in a journal the process that made a recording started: its `started` or `resumed` entry. */
export interface JournalPlace {
  readonly run: number;
  /** The entry's number. */
  readonly entry: number;
  /** Its hash in hexadecimal, which distinguishes one journal from another. */
  readonly hash: string;
}

/** How a connection was lost. */
export interface Disconnection {
  /** For people. */
  readonly reason: string;
  readonly retryInMs: number;
  /** Absent in what older versions wrote. */
  readonly cause?: DisconnectCause;
}

/** Which file of a recording this is, if a process makes one per day; absent in the first file. */
export interface RecordingPart {
  /** From 2 on. */
  readonly part: number;
  /** When the recording started, with its first file: µs since 1970. */
  readonly since: number;
}

/** The first line of every recording that Penstock wrote. Only a run that keeps a journal gives its place there. */
export interface RecordingHead extends Partial<JournalPlace>, Partial<RecordingPart> {
  readonly event: "recording";
  /** RECORDING_VERSION. */
  readonly version: number;
  /** In upper case as the exchange writes it; the first one of several. */
  readonly symbol: string;
  /** As `--exchange` names it. This and what follows is absent in what older versions wrote. */
  readonly exchange?: string;
  /** All symbols whose frames are in it. */
  readonly symbols?: readonly string[];
  readonly format?: typeof RECORDING_FORMAT;
  /** How many times faster than the recording machine's the exchange's clock ran; absent for 1. */
  readonly speed?: number | "max";
}

/** The symbols whose frames a recording has. */
export function symbolsIn({ symbol, symbols = [symbol] }: RecordingHead): readonly string[] {
  return symbols;
}

/** A note that concerns one symbol, or all; absent too if the recording has only one. */
interface OfSymbol {
  readonly symbol?: string;
}

/** What a recording notes about itself and its connection. */
export type RecordingNote =
  | RecordingHead
  | {
    readonly event: "connected";
    readonly endpoint: string;
    /** 1 when it was the first try since data last flowed. */
    readonly attempt: number;
  }
  | ({ readonly event: "disconnected" } & Disconnection)
  | { readonly event: "notice"; readonly message: string }
  /** The user halted trading by hand at the line's time: by a signal, or by a request that says more. */
  | ({ readonly event: "halt"; readonly action: OnHalt } & Partial<ByRequest>)
  /** The user released the halt at the line's time. */
  | ({ readonly event: "released" } & ByRequest)
  /** The instrument's rules were not known when the recording started: no order is placed until they are. */
  | ({ readonly event: "rules-awaited" } & OfSymbol)
  /** The rules arrived at the line's time. */
  | ({ readonly event: "rules" } & ArrivedRules & OfSymbol)
  | {
    /** Frames that were received in this place could not be written. */
    readonly event: "lost";
    readonly frames: number;
    /** When the first and the last of them were received, µs since 1970. */
    readonly from: number;
    readonly to: number;
  }
  | OfSymbol & {
    /** Trades that the stream missed and that were fetched afterwards, as `backfilledText` writes them. */
    readonly event: "late";
    readonly trades: string;
    /** Missing trades before them that were skipped; absent for none. */
    readonly skipped?: number;
  }
  | OfSymbol & {
    /** The trades of a gap that could be fetched are above: `filled` of them. The next frame is accepted as it is. */
    readonly event: "settled";
    readonly filled: number;
    /**
     * The exchange itself has no trade after the last one fetched up to this id; absent if it is that
     * trade's.
     */
    readonly through?: number;
  }
  | OfSymbol & {
    /**
     * Frames below that were received before `until` have waited; trades that waited longer than `hold` are
     * late.
     */
    readonly event: "waited";
    /** µs since 1970. */
    readonly until: number;
    /** µs. */
    readonly hold: number;
  }
  | {
    /** The run's journal had kept everything up to this entry by then. */
    readonly event: "kept";
    /** Its number. */
    readonly entry: number;
    /** Its hash in hexadecimal, which proves all entries up to it; absent in what older versions wrote. */
    readonly hash?: string;
  }
  | {
    /** The last line of a day's file: the recording continues in another one. */
    readonly event: "continued";
    /** That file's name, in the same folder. */
    readonly file: string;
  }
  /** The last line of a recording that was closed; without it the program was killed. */
  | { readonly event: "ended" };

/** A received frame that cannot be a line as it is. */
export interface FrameNote {
  readonly event: "frame";
  readonly text: string;
}

/** The result of reading a note's text. */
export type ReadNote =
  | RecordingNote
  | FrameNote
  /** A note of an event that this version does not know; a later one may have written it. */
  | { readonly event: "unknown"; readonly name: string }
  /** Not a valid note; `reason` names the value found and what was expected. */
  | { readonly event: "malformed"; readonly reason: string };

/** What a field must hold, and how an error describes that. */
interface Kind {
  readonly expected: string;
  readonly isOptional?: boolean;
  holds(value: unknown): boolean;
}

const TEXT: Kind = { expected: "text", holds: (value) => typeof value === "string" };
const COUNT: Kind = {
  expected: "a whole number, 0 or more",
  holds: isCount,
};
const MS: Kind = {
  expected: "a number, 0 or more",
  holds: (value) => typeof value === "number" && Number.isFinite(value) && value >= 0,
};
const OPTIONAL_COUNT: Kind = { ...COUNT, isOptional: true };
const OPTIONAL_TEXT: Kind = { ...TEXT, isOptional: true };
const OPTIONAL_SPEED: Kind = {
  expected: `a number above 0, or "max"`,
  holds: (value) => value === "max" || typeof value === "number" && value > 0 && Number.isFinite(value),
  isOptional: true,
};
const VERSION: Kind = {
  expected: `${RECORDING_VERSION}, which is what this version of Penstock reads`,
  holds: (value) => value === RECORDING_VERSION,
};

const SYMBOLS: Kind = {
  expected: "a list of symbols",
  isOptional: true,
  holds: (value) => Array.isArray(value) && value.length > 0 && value.every(TEXT.holds),
};
const FORMAT: Kind = {
  expected: `"${RECORDING_FORMAT}", which is what this version of Penstock reads`,
  isOptional: true,
  holds: (value) => value === RECORDING_FORMAT,
};

const ACTION: Kind = {
  expected: `"hold" or "flatten"`,
  holds: (value) => value === "hold" || value === "flatten",
};

const isAmount = (value: unknown) => typeof value === "string" && DECIMAL.test(value);
const isStep = (value: unknown) => isAmount(value) && /[1-9]/.test(String(value));
const isLimit = (value: unknown) => value === null || isAmount(value);

/** What each of an instrument's rules must be; null is no limit. */
const RULE_KINDS: Readonly<Record<Rule, (value: unknown) => boolean>> = {
  lot: isStep,
  tick: isStep,
  minQuantity: isLimit,
  maxQuantity: isLimit,
  minNotional: isLimit,
  maxNotional: isLimit,
};
const ALL_RULES: Kind = {
  expected: `${Object.keys(RULE_KINDS).join(", ")} as amounts, null for no limit`,
  holds: (value) => isRecord(value) && Object.entries(RULE_KINDS).every(([rule, is]) => is(value[rule])),
};
const ORIGIN: Kind = {
  expected: "where they come from",
  holds: (value) => isRecord(value) && isRecord(value["sources"]),
};

const FIELDS: { readonly [E in (RecordingNote | FrameNote)["event"]]: Readonly<Record<string, Kind>> } = {
  recording: {
    version: VERSION,
    symbol: TEXT,
    exchange: OPTIONAL_TEXT,
    symbols: SYMBOLS,
    format: FORMAT,
    speed: OPTIONAL_SPEED,
    run: OPTIONAL_COUNT,
    entry: OPTIONAL_COUNT,
    hash: OPTIONAL_TEXT,
    part: OPTIONAL_COUNT,
    since: OPTIONAL_COUNT,
  },
  connected: { endpoint: TEXT, attempt: COUNT },
  disconnected: { reason: TEXT, retryInMs: MS, cause: OPTIONAL_TEXT },
  notice: { message: TEXT },
  halt: { action: ACTION, text: OPTIONAL_TEXT, requested: OPTIONAL_COUNT },
  released: { text: OPTIONAL_TEXT, requested: COUNT },
  "rules-awaited": { symbol: OPTIONAL_TEXT },
  rules: { rules: ALL_RULES, instrument: ORIGIN, symbol: OPTIONAL_TEXT },
  lost: { frames: COUNT, from: COUNT, to: COUNT },
  late: { trades: TEXT, skipped: OPTIONAL_COUNT, symbol: OPTIONAL_TEXT },
  settled: { filled: COUNT, through: OPTIONAL_COUNT, symbol: OPTIONAL_TEXT },
  waited: { until: COUNT, hold: COUNT, symbol: OPTIONAL_TEXT },
  kept: { entry: COUNT, hash: OPTIONAL_TEXT },
  continued: { file: TEXT },
  ended: {},
  frame: { text: TEXT },
};

const NOTE_START = /^[ \t\r\n]*\{[ \t\r\n]*"penstock"[ \t\r\n]*:/;
const SHORTEST_START = `{"penstock":{`;

/** Whether a frame's text is a note: whether it starts with `{"penstock":`, spaces aside. */
export function isNote(frame: string): boolean {
  return NOTE_START.test(frame);
}

/** Whether a note may start with this text, which ends before it shows whether it is one. */
export function startsNote(text: string): boolean {
  return SHORTEST_START.startsWith(text);
}

/**
 * A note as the frame of a line: one line, whatever is in it.
 *
 * @example
 * ```ts
 * import { noteText, readNote } from "./recording_note.ts";
 * import { assertEquals } from "@std/assert";
 * const text = noteText({ event: "notice", message: "all is well" });
 * assertEquals(text, `{"penstock":{"event":"notice","message":"all is well"}}`);
 * assertEquals(readNote(text), { event: "notice", message: "all is well" });
 * ```
 */
export function noteText(note: RecordingNote | FrameNote): string {
  return JSON.stringify({ penstock: note });
}

/** A note as a file holds it. */
export type TimedNote = (RecordingNote | ReadNote & { readonly event: "unknown" }) & {
  /** When it was written, µs since 1970; 0 if the lines have no times. */
  readonly time: number;
};

/** The first line of a file, with its time in µs since 1970. */
export type TimedHead = RecordingHead & { readonly time: number };

/** Whether the file that starts with `next` continues the recording of the one that starts with `head`. */
export function isNextPart(head: TimedHead, next: TimedHead): boolean {
  return next.part === (head.part ?? 1) + 1 && next.since === sinceOf(head) && next.symbol === head.symbol &&
    next.hash === head.hash && next.entry === head.entry;
}

/** When the recording that a file with this head belongs to started, µs since 1970. */
export function sinceOf({ since, time }: TimedHead): number {
  return since ?? time;
}

/** How a connection was lost, as events and journal entries have it. */
export function disconnectionIn({ reason, retryInMs, cause }: Disconnection): Disconnection {
  return { reason, retryInMs, ...(cause === undefined ? {} : { cause }) };
}

/** Reads the text of a note, for which `isNote` holds. Fields that this program does not know are left out. */
export function readNote(text: string): ReadNote {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return malformed(`the note is not JSON`);
  }
  const body = (parsed as { penstock: unknown }).penstock;
  if (typeof body !== "object" || body === null) {
    return malformed(`"penstock" is ${shownJson(body)}, expected an object`);
  }
  const fields = body as Record<string, unknown>;
  const { event } = fields;
  if (typeof event !== "string") {
    return malformed(`"event" of a note is ${shownJson(event)}, expected its name`);
  }
  if (!isKnown(event)) return { event: "unknown", name: event };
  const note: Record<string, unknown> = { event };
  for (const [name, { expected, holds, isOptional }] of Object.entries(FIELDS[event])) {
    const value = fields[name];
    if (value === undefined && isOptional === true) continue;
    if (!holds(value)) {
      return malformed(`"${name}" of the note "${event}" is ${shownJson(value)}, expected ${expected}`);
    }
    note[name] = value;
  }
  // Every field of this event has just been checked against the table.
  return note as unknown as RecordingNote | FrameNote;
}

function isKnown(event: string): event is keyof typeof FIELDS {
  return Object.hasOwn(FIELDS, event);
}

function malformed(reason: string): ReadNote {
  return { event: "malformed", reason };
}
