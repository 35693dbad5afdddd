/**
 * Decides which alarms a journal causes: a state machine that takes the journal's events in order, and the state of the
 * run between them. Its memory is small, and the same events always cause the same alarms with the same keys. So the
 * journal is the queue of alarms, and only a place in it and this memory have to be saved.
 */
import { createHash } from "node:crypto";
import type { AlarmChoice } from "../../domain/alarms/alarm_choice.ts";
import { DAY, isoTime, timeIn } from "../../domain/numbers/time.ts";
import type { FollowedEvent, FollowedMoment } from "../../domain/run/followed_moment.ts";
import type { RunStatus } from "../../domain/run/run_status.ts";
import type { Alarm, AlarmKind, Urgency } from "./alarm.ts";
import {
  connectedWords,
  crashedWords,
  dailyWords,
  deadWords,
  disconnectedWords,
  fillWords,
  haltWords,
  readableWords,
  releasedWords,
  resumedWords,
  stoppedWords,
  unreadableWords,
  type Where,
  type Words,
} from "./alarm_texts.ts";
import { dateOf, emptyDay, endOf, withEvent } from "./day_figures.ts";
import { LONGEST_REASON, type RulesMemory } from "./rules_memory.ts";

const URGENCY: Readonly<Record<AlarmKind, Urgency>> = {
  halt: "urgent",
  disconnected: "high",
  stopped: "high",
  dead: "urgent",
  unreadable: "urgent",
  released: "usual",
  connected: "usual",
  resumed: "usual",
  readable: "usual",
  fill: "usual",
  daily: "usual",
};

/** A journal may be unreadable for this long, ms, for example while it is restored from a copy. */
const UNREADABLE_MS = 30_000;
/** If the first poll after midnight is later than this, the state at the end of the day is unknown, µs. */
const DAY_END = 300_000_000;
/** How many characters of the first entry's hash identify a journal in a key. */
const ORIGIN_CHARACTERS = 12;

/** Options of the rules for one journal. */
export interface RulesOptions {
  readonly choice: AlarmChoice;
  /** The journal, for people. */
  readonly journal: string;
  readonly memory: RulesMemory;
}

/** The rules for one journal. */
export class AlarmRules {
  readonly #choice: AlarmChoice;
  readonly #journal: string;
  #memory: RulesMemory;
  #symbol: string | null = null;
  /** When the journal became unreadable, ms by a monotonic clock; null if it can be read. */
  #unreadableSince: number | null = null;

  constructor({ choice, journal, memory }: RulesOptions) {
    this.#choice = choice;
    this.#journal = journal;
    this.#memory = memory;
  }

  /** The state to save. */
  get memory(): RulesMemory {
    return this.#memory;
  }

  /**
   * What to save before `alarm` is sent, in addition to saving after it; null for nothing. The journal has no entry for
   * a process that died or for an unreadable journal. After a crash between sending and saving, the same alarm must get
   * the same key again, another alarm must not, and the alarm that the trouble has ended must be sent too.
   */
  unsent({ kind }: Alarm): RulesMemory | null {
    if (kind === "dead") return { ...this.#memory, isDeathUnsaid: true };
    return kind === "unreadable" ? { ...this.#memory, isOutageUnsaid: true } : null;
  }

  /** The run's symbol, for the texts of alarms, taken from its status. */
  set symbol(symbol: string) {
    this.#symbol = symbol;
  }

  /**
   * Takes the next event, and returns the alarms that it causes, in order. They depend only on the memory and the
   * event.
   */
  event(followed: FollowedEvent): Alarm[] {
    const { event, time, seq } = followed;
    const alarms: Alarm[] = [];
    if (dateOf(time) > this.#memory.day.date) {
      if (this.#choice.daily) alarms.push(this.#daily(null));
      this.#remember({ day: emptyDay(dayStart(time), null) });
    }
    const isNewRun = followed.run !== this.#memory.run;
    this.#remember({ run: followed.run, seq, day: withEvent(this.#memory.day, event) });
    const choice = this.#choice;
    switch (event.type) {
      case "started":
      case "resumed":
        alarms.push(...this.#opened(followed, isNewRun));
        break;
      case "connected":
        alarms.push(...this.#overdue(time));
        if (this.#memory.down?.isSaid) {
          const words = connectedWords(this.#where, event.time, time - this.#memory.down.time);
          alarms.push(this.#alarm("connected", seq, event.time, words, followed));
        }
        this.#remember({ down: null });
        break;
      case "disconnected":
        // Each failed attempt to connect has an entry; the disconnection starts with the first.
        if (this.#memory.down === null) {
          this.#remember({
            down: { seq, time, reason: event.reason.slice(0, LONGEST_REASON), isSaid: false },
          });
        }
        alarms.push(...this.#overdue(time));
        break;
      case "stopped":
        alarms.push(...this.#overdue(time));
        if (choice.stopped) {
          const words = stoppedWords(this.#where, event.reason, event.time);
          alarms.push(this.#alarm("stopped", seq, event.time, words, followed));
        }
        this.#remember({ down: null, dead: null, stopped: time, isDeathUnsaid: false });
        break;
      case "halt":
        if (choice.halt) {
          alarms.push(this.#alarm("halt", seq, event.time, haltWords(this.#where, event), followed));
        }
        break;
      case "released":
        if (choice.halt) {
          alarms.push(this.#alarm("released", seq, event.time, releasedWords(this.#where, event), followed));
        }
        break;
      case "fill":
        if (choice.fill) {
          alarms.push(this.#alarm("fill", seq, event.time, fillWords(this.#where, event), followed));
        }
    }
    return alarms;
  }

  /**
   * Returns the alarm that is due at `moment`, whose events must all have been taken; null if none is. Call it again
   * after sending the alarm, because another may be due. `now` is in ms by a monotonic clock. `polledAt` is the time of
   * the poll, µs since 1970: a journal that cannot be read gives none.
   */
  due(moment: FollowedMoment, now: number, polledAt: number): Alarm | null {
    const { status, problem } = moment;
    if (status === null) return this.#unreadable(problem ?? "", now, polledAt);
    this.#unreadableSince = null;
    const time = timeOf(status.time);
    return this.#readable(status) ?? this.#dayOver(status, time) ?? this.#wasHalted(status) ??
      this.#died(status) ?? this.#alive(status, time) ?? this.#stillDown(status, time);
  }

  /** A run was started or resumed. */
  #opened({ event, time, seq, run }: FollowedEvent, isNewRun: boolean): Alarm[] {
    const { stopped, dead } = this.#memory;
    this.#remember({ down: null, dead: null, stopped: null, isDeathUnsaid: false });
    if (!this.#choice.stopped) return [];
    const where = { ...this.#where, run };
    const since = stopped ?? dead;
    if (since === null && isNewRun) return [];
    const words = since === null
      ? crashedWords(where, event.time)
      : resumedWords(where, event.time, since, time);
    return [this.#alarm("resumed", seq, event.time, words, { event, time, seq, run })];
  }

  /** The alarm for a disconnection that has lasted too long at `time` (µs since 1970), unless it was sent. */
  #overdue(time: number): Alarm[] {
    const { down } = this.#memory;
    const { disconnected } = this.#choice;
    if (down === null || down.isSaid || disconnected === null) return [];
    const lasts = time - down.time;
    if (lasts < disconnected * 1000) return [];
    this.#remember({ down: { ...down, isSaid: true } });
    const since = isoTime(down.time);
    const words = disconnectedWords(this.#where, since, lasts, down.reason);
    return [this.#alarm("disconnected", down.seq, since, words, null)];
  }

  #stillDown({ state }: RunStatus, time: number): Alarm | null {
    return state === "running" ? this.#overdue(time)[0] ?? null : null;
  }

  /** The run was halted before it was watched. */
  #wasHalted({ halt, time }: RunStatus): Alarm | null {
    const { isHaltUnsaid, seq } = this.#memory;
    if (!isHaltUnsaid) return null;
    this.#remember({ isHaltUnsaid: false });
    if (halt === null || !this.#choice.halt) return null;
    return this.#alarm("halt", seq, time, haltWords(this.#where, halt), null);
  }

  #died(status: RunStatus): Alarm | null {
    const { dead, seq, isDeathUnsaid } = this.#memory;
    if (status.state !== "silent" || dead !== null && !isDeathUnsaid) return null;
    const since = timeOf(status.lastHeartbeat);
    this.#remember({ dead: since, isDeathUnsaid: false });
    if (!this.#choice.stopped) return null;
    return this.#alarm("dead", seq, status.time, deadWords(this.#where, status), null, base36(since));
  }

  /** A process that hung or a machine that slept continues without a new entry. */
  #alive(status: RunStatus, time: number): Alarm | null {
    const { dead, seq } = this.#memory;
    if (status.state !== "running" || dead === null) return null;
    this.#remember({ dead: null, isDeathUnsaid: false });
    if (!this.#choice.stopped) return null;
    const words = resumedWords(this.#where, status.lastHeartbeat, dead, time);
    return this.#alarm("resumed", seq, status.time, words, null, base36(dead));
  }

  #unreadable(problem: string, now: number, polledAt: number): Alarm | null {
    this.#unreadableSince ??= now;
    const { isUnreadable, seq, isOutageUnsaid } = this.#memory;
    if (isUnreadable && !isOutageUnsaid || now - this.#unreadableSince < UNREADABLE_MS) return null;
    const outages = this.#memory.outages + (isUnreadable ? 0 : 1);
    this.#remember({ isUnreadable: true, outages, isOutageUnsaid: false });
    if (!this.#choice.stopped) return null;
    const words = unreadableWords(this.#where, problem);
    return this.#alarm("unreadable", seq, isoTime(polledAt), words, null, String(outages));
  }

  #readable(status: RunStatus): Alarm | null {
    const { isUnreadable, seq, outages } = this.#memory;
    if (!isUnreadable) return null;
    this.#remember({ isUnreadable: false, isOutageUnsaid: false });
    if (!this.#choice.stopped) return null;
    return this.#alarm("readable", seq, status.time, readableWords(this.#where), null, String(outages));
  }

  /** The figures of the day that has ended at `time`, µs since 1970. */
  #dayOver(status: RunStatus, time: number): Alarm | null {
    const { day } = this.#memory;
    const end = endOf(day);
    if (time < end) return null;
    const wasPolledInTime = time - end < DAY_END;
    const alarm = this.#choice.daily && (status.state !== "stopped" || hasEvents(day))
      ? this.#daily(wasPolledInTime ? status : null)
      : null;
    this.#remember({ day: emptyDay(dayStart(time), wasPolledInTime ? status.equity : null) });
    return alarm;
  }

  #daily(status: RunStatus | null): Alarm {
    const { day, run } = this.#memory;
    const words = dailyWords(this.#where, day, status);
    const alarm = this.#alarm("daily", null, isoTime(endOf(day)), words, null);
    return { ...alarm, key: `${this.#prefix}-${run}-${day.date}-daily` };
  }

  get #where(): Where {
    return { journal: this.#journal, run: this.#memory.run, symbol: this.#symbol };
  }

  get #prefix(): string {
    // A journal that was never readable has no hash, only its name.
    const origin = this.#memory.origin || createHash("sha256").update(this.#journal, "utf8").digest("hex");
    return origin.slice(0, ORIGIN_CHARACTERS);
  }

  /** `detail` distinguishes two alarms of one kind at the same entry. */
  #alarm(
    kind: AlarmKind,
    entry: number | null,
    time: string,
    { title, text }: Words,
    cause: FollowedEvent | null,
    detail = "",
  ): Alarm {
    const { run } = this.#memory;
    const end = detail === "" ? kind : `${kind}-${detail}`;
    return {
      key: `${this.#prefix}-${run}-${entry ?? 0}-${end}`,
      kind,
      urgency: URGENCY[kind],
      journal: this.#journal,
      run,
      entry,
      time,
      symbol: this.#symbol,
      title,
      text,
      event: cause?.event ?? null,
    };
  }

  #remember(changes: Partial<RulesMemory>): void {
    this.#memory = { ...this.#memory, ...changes };
  }
}

/** A time from a status, in µs since 1970. */
function timeOf(time: string): number {
  return timeIn(time) ?? 0;
}

/** The start of the UTC day of a time in µs since 1970. */
function dayStart(time: number): number {
  return Math.floor(time / DAY) * DAY;
}

/** A time in µs as part of a key. */
function base36(time: number): string {
  return Math.floor(time / 1000).toString(36);
}

function hasEvents({ buys, sells, refusals, halts }: RulesMemory["day"]): boolean {
  return buys + sells + refusals + halts > 0;
}
