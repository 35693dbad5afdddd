/**
 * Brings the alarms of journals to one service. Each service follows the journals by itself, from the place up to which it
 * has the alarms, so that one that is down holds up no other. What waits is in the journal, and not in memory.
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
import { JournalFollower } from "../../stores/journal/journal_follower.ts";
import type { Alarm } from "../../views/alarms/alarm.ts";
import { AlarmRules } from "../../views/alarms/alarm_rules.ts";
import type { Report } from "../../views/alarms/alarm_sender.ts";
import { firstMemory, memoryIn, type RulesMemory } from "../../views/alarms/rules_memory.ts";

/** The part of a sender that is used. */
export interface Sender {
  send(alarm: Alarm, signal: AbortSignal): Promise<boolean>;
}

/** What one service needs for one journal. */
export interface DeliveryOptions {
  /** The address of the service, without its token, as the memory knows it; and its name, for people. */
  readonly address: string;
  readonly name: string;
  readonly journal: string;
  readonly choice: AlarmChoice;
  readonly sender: Sender;
  readonly memory: AlarmMemory;
  /** Where the memory is, for messages. */
  readonly memoryPath: string;
  readonly report: Report;
  /** By the wall clock, ms since 1970. */
  readonly now?: () => number;
}

/** While no alarm is due, the place is remembered this often at most, ms. */
const KEEP_MS = 60_000;
/** How often a memory that cannot be written is logged again, ms. */
const REMIND_MS = 600_000;

/** The alarms of one journal for one service. */
export class AlarmDelivery implements AsyncDisposable {
  readonly #options: Required<DeliveryOptions>;
  readonly #follower: JournalFollower;
  /** Null before the journal was seen. */
  #rules: AlarmRules | null = null;
  /** Where the events of the last look started, and how far the service has come since. */
  #place: KeptPlace = { seq: 0, hash: "" };
  #done = 0;
  #sent = 0;
  #isSeen = false;
  /** What to remember that is not yet on disk. */
  #unkept: KeptDelivery | null = null;
  /** What is on disk; null if it was written by another process. */
  #kept: KeptDelivery | null = null;
  #keptAt = -Infinity;
  #complainedAt = -Infinity;

  /** Throws an AlarmMemoryError if what was remembered cannot be read. */
  static async open(options: DeliveryOptions): Promise<AlarmDelivery> {
    const { address, memory, memoryPath, now = Date.now } = options;
    // What is written down and sent has no password in it.
    const journal = withoutPassword(options.journal);
    const kept = memory.delivery(address, journal);
    const rules = kept === null ? null : memoryIn(kept.rules);
    if (kept !== null && rules === null) {
      throw damaged(memoryPath, `what it remembers of ${journal} cannot be read`);
    }
    const start = kept === null ? null : startAt(kept.place);
    const follower = await JournalFollower.open(options.journal, start, { now });
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

  /** Sends all that is due now. Returns false if `signal` was aborted before the service had all of it. */
  async step(signal: AbortSignal): Promise<boolean> {
    for (;;) {
      const moment = await this.#follower.look();
      const rules = this.#prepare(moment);
      if (moment.status !== null) rules.symbol = moment.status.symbol;
      const sent = await this.#sendEvents(rules, moment, signal);
      if (sent === null) return false;
      const due = moment.isBehind ? null : rules.due(moment, performance.now());
      if (due !== null && !await this.#options.sender.send(due, signal)) return false;
      this.#remember(rules.memory, due !== null || sent > 0);
      if (due === null && !moment.isBehind) return true;
      if (signal.aborted) return false;
    }
  }

  /** Remembers how far it came. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#keep();
    return this.#follower[Symbol.asyncDispose]();
  }

  /** Returns how many alarms it sent; null if `signal` was aborted before the service had all of them. */
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
    // Entries without events, which are checkpoints, need no alarms either.
    if (place !== null && this.#isSeen && place.seq >= this.#done && !isSamePlace(place, this.#place)) {
      [this.#place, this.#done] = [place, place.seq];
    }
    return count;
  }

  /** The rules, ready for a journal that is new to them. */
  #prepare(moment: FollowedMoment): AlarmRules {
    if (this.#rules !== null && this.#isSeen && !moment.isReplaced) return this.#rules;
    const { now, report, journal, name } = this.#options;
    const first = firstMemory(moment, this.#follower.origin ?? "", now() * 1000);
    if (moment.place === null) {
      // The journal is not there, or cannot be read, which may become an alarm too.
      return this.#rules ??= this.#rulesWith(first);
    }
    if (this.#isSeen) {
      report(
        "warn",
        `${journal} is another journal than before: ${name} has the alarms of what it says from now on`,
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

  /** Remembers how far the service has come: now, or before long. */
  #remember(rules: RulesMemory, isNow: boolean): void {
    if (!this.#isSeen) return;
    const next = { place: this.#place, done: this.#done, sent: this.#sent, rules };
    const { place, done, sent, rules: before } = this.#unkept ?? this.#kept ?? {};
    const isSame = next.place === place && next.done === done && next.sent === sent && next.rules === before;
    if (!isSame) this.#unkept = next;
    if (isNow || performance.now() - this.#keptAt >= KEEP_MS) this.#keep();
  }

  #keep(): void {
    if (this.#unkept === null) return;
    const { address, name, journal, memory, report, now } = this.#options;
    const at = performance.now();
    try {
      memory.keep(address, name, journal, this.#unkept, now());
      [this.#kept, this.#unkept, this.#keptAt] = [this.#unkept, null, at];
    } catch (error) {
      // The alarms matter more: after a restart some are sent again, with the same keys.
      if (at - this.#complainedAt < REMIND_MS) return;
      this.#complainedAt = at;
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
