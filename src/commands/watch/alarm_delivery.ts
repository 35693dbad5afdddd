/**
 * Delivers the alarms of a journal to one service. Each service follows the journal on its own, from the last alarm
 * that it received, so a service that is down does not hold up the others. Alarms that wait are in the journal, not in
 * memory.
 */
import type { AlarmChoice } from "../../domain/alarms/alarm_choice.ts";
import { withoutPassword } from "../../domain/run/database_place.ts";
import type { FollowedMoment } from "../../domain/run/followed_moment.ts";
import {
  type AlarmMemory,
  damaged,
  type KeptDelivery,
  type KeptPlace,
} from "../../stores/alarms/alarm_memory.ts";
import type { EntryStore } from "../../stores/journal/entry_log.ts";
import { JournalFollower } from "../../stores/journal/journal_follower.ts";
import type { Alarm } from "../../views/alarms/alarm.ts";
import { AlarmRules } from "../../views/alarms/alarm_rules.ts";
import type { Report } from "../../views/alarms/alarm_sender.ts";
import { firstMemory, memoryIn, type RulesMemory } from "../../views/alarms/rules_memory.ts";

/** The part of `AlarmSender` that a delivery uses. */
export interface Sender {
  send(alarm: Alarm, signal: AbortSignal): Promise<boolean>;
}

/** The options of a delivery: one service and one journal. */
export interface DeliveryOptions {
  /** The service's address without its token, which is its key in the memory, and its name for people. */
  readonly address: string;
  readonly name: string;
  readonly journal: string;
  /** The store of the journal. */
  readonly store: EntryStore;
  readonly choice: AlarmChoice;
  readonly sender: Sender;
  readonly memory: AlarmMemory;
  /** Where the memory is, for messages. */
  readonly memoryPath: string;
  readonly report: Report;
  /** The wall clock, ms since 1970. */
  readonly now?: () => number;
}

/** While no alarm is due, the place is saved at most this often, ms. */
const SAVE_MS = 60_000;
/** How often a memory that cannot be written is logged again, ms. */
const REMIND_MS = 600_000;

/** The alarms of one journal for one service. */
export class AlarmDelivery implements AsyncDisposable {
  readonly #options: Required<DeliveryOptions>;
  readonly #follower: JournalFollower;
  /** Null until the journal has been read once. */
  #rules: AlarmRules | null = null;
  /** Where the events of the last poll started, and how far the service has got since then. */
  #place: KeptPlace = { seq: 0, hash: "" };
  #done = 0;
  #sent = 0;
  #isSeen = false;
  /** The state that still has to be written to disk. */
  #unsaved: KeptDelivery | null = null;
  /** What this process last wrote to disk; null before its first write. */
  #saved: KeptDelivery | null = null;
  #savedAt = -Infinity;
  #warnedAt = -Infinity;

  /** Throws an AlarmMemoryError if what was remembered cannot be read. */
  static async open(options: DeliveryOptions): Promise<AlarmDelivery> {
    const { address, memory, memoryPath, store, now = Date.now } = options;
    // Neither the memory nor an alarm may contain the password.
    const journal = withoutPassword(options.journal);
    const kept = memory.delivery(address, journal);
    const rules = kept === null ? null : memoryIn(kept.rules);
    if (kept !== null && rules === null) {
      throw damaged(memoryPath, `what it remembers of ${journal} cannot be read`);
    }
    const start = kept === null ? null : startAt(kept.place);
    const follower = await JournalFollower.open(options.journal, start, { store, now });
    return new AlarmDelivery({ ...options, journal, now }, follower, kept, rules);
  }

  private constructor(
    options: Required<DeliveryOptions>,
    follower: JournalFollower,
    kept: KeptDelivery | null,
    rules: RulesMemory | null,
  ) {
    this.#options = options;
    this.#follower = follower;
    if (kept === null || rules === null) return;
    this.#rules = this.#rulesWith(rules);
    [this.#place, this.#done, this.#sent, this.#isSeen] = [kept.place, kept.done, kept.sent, true];
  }

  /** Sends everything that is due. Returns false if `signal` was aborted before the service had received all of it. */
  async step(signal: AbortSignal): Promise<boolean> {
    for (;;) {
      const moment = await this.#follower.poll();
      const rules = this.#prepare(moment);
      if (moment.status !== null) rules.symbol = moment.status.symbol;
      const sent = await this.#sendEvents(rules, moment, signal);
      if (sent === null) return false;
      const due = moment.isBehind ? null : rules.due(moment, performance.now(), Date.now() * 1000);
      const unsent = due === null ? null : rules.unsent(due);
      if (unsent !== null) this.#remember(unsent, true);
      if (due !== null && !await this.#options.sender.send(due, signal)) return false;
      this.#remember(rules.memory, due !== null || sent > 0);
      if (due === null && !moment.isBehind) return true;
      if (signal.aborted) return false;
    }
  }

  /** Saves how far the service has got. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#save();
    return this.#follower[Symbol.asyncDispose]();
  }

  /** Returns how many alarms it sent; null if `signal` was aborted before the service had received them all. */
  async #sendEvents(
    rules: AlarmRules,
    { events, place }: FollowedMoment,
    signal: AbortSignal,
  ): Promise<number | null> {
    let count = 0;
    for (const event of events) {
      if (event.seq <= this.#done) continue;
      const before = rules.memory;
      const alarms = rules.event(event);
      for (const [at, alarm] of alarms.entries()) {
        if (at < this.#sent) continue;
        if (!await this.#options.sender.send(alarm, signal)) return null;
        count++;
        this.#sent = at + 1;
        if (this.#sent < alarms.length) this.#remember(before, true);
      }
      [this.#done, this.#sent] = [event.seq, 0];
      if (alarms.length > 0) this.#remember(rules.memory, true);
    }
    // Checkpoints are entries without events: they cause no alarms, so the place moves past them.
    if (place !== null && this.#isSeen && place.seq >= this.#done && !isSamePlace(place, this.#place)) {
      [this.#place, this.#done] = [place, place.seq];
    }
    return count;
  }

  /** Returns the rules; new ones if the journal is seen for the first time or was replaced. */
  #prepare(moment: FollowedMoment): AlarmRules {
    if (this.#rules !== null && this.#isSeen && !moment.isReplaced) return this.#rules;
    const { now, report, journal, name } = this.#options;
    const first = firstMemory(moment, this.#follower.origin ?? "", now() * 1000);
    if (moment.place === null) {
      // The journal is missing or cannot be read, which may cause an alarm too.
      return this.#rules ??= this.#rulesWith(first);
    }
    if (this.#isSeen) {
      report(
        "warn",
        `${journal} was replaced by another journal: ${name} gets the alarms of the new one from now on`,
      );
    }
    const { isUnreadable = false, outages = 0 } = this.#rules?.memory ?? {};
    this.#rules = this.#rulesWith({ ...first, isUnreadable, outages });
    this.#place = moment.events.length === 0 ? moment.place : { seq: 0, hash: "" };
    [this.#done, this.#sent, this.#isSeen] = [this.#place.seq, 0, true];
    this.#remember(this.#rules.memory, true);
    return this.#rules;
  }

  #rulesWith(memory: RulesMemory): AlarmRules {
    const { choice, journal } = this.#options;
    return new AlarmRules({ choice, journal, memory });
  }

  /** Records how far the service has got, and writes it to disk: at once, or once a minute. */
  #remember(rules: RulesMemory, isNow: boolean): void {
    if (!this.#isSeen) return;
    const next = { place: this.#place, done: this.#done, sent: this.#sent, rules };
    const { place, done, sent, rules: before } = this.#unsaved ?? this.#saved ?? {};
    const isSame = next.place === place && next.done === done && next.sent === sent && next.rules === before;
    if (!isSame) this.#unsaved = next;
    if (isNow || performance.now() - this.#savedAt >= SAVE_MS) this.#save();
  }

  #save(): void {
    if (this.#unsaved === null) return;
    const { address, name, journal, memory, report, now } = this.#options;
    const at = performance.now();
    try {
      memory.keep(address, name, journal, this.#unsaved, now());
      [this.#saved, this.#unsaved, this.#savedAt] = [this.#unsaved, null, at];
    } catch (error) {
      // Alarms matter more than the memory: at worst, a restart sends some again, with the same keys.
      if (at - this.#warnedAt < REMIND_MS) return;
      this.#warnedAt = at;
      report("warn", error instanceof Error ? error.message : String(error));
    }
  }
}

function isSamePlace(one: KeptPlace, other: KeptPlace): boolean {
  return one.seq === other.seq && one.hash === other.hash;
}

function startAt({ seq, hash }: KeptPlace): { readonly seq: number; readonly hash?: string } {
  return hash === "" ? { seq } : { seq, hash };
}
