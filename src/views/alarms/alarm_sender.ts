/** Sends alarms to one service, each until the service confirms it. */
import type { Secret } from "../../domain/alarms/secret.ts";
import { durationWords } from "../../domain/numbers/duration.ts";
import { printable } from "../terminal/terminal.ts";
import type { Alarm } from "./alarm.ts";
import { inPlainWords } from "./alarm_texts.ts";
import type { Channel, ServiceAnswer } from "./channel.ts";
import { retryAfterMs } from "./retry_after.ts";
import { ask, ASK_MS, type Unanswered } from "./service_ask.ts";

/** How long a sender waits. Times in ms. */
export interface SenderTiming {
  /** The longest first wait before an alarm is sent again; each further one may be twice as long. */
  readonly firstMs: number;
  /** The longest wait, unless the service asks for more. */
  readonly longestMs: number;
  /** The longest wait that a service can ask for. */
  readonly mostMs: number;
  /** How long one try may take. */
  readonly askMs: number;
  /** After a stop, how long to wait for the answer to a request that was sent. */
  readonly graceMs: number;
  /** How often to log a problem that lasts. */
  readonly remindMs: number;
  /** Waits; an abort ends the wait without an error. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly random: () => number;
}

/** Seconds at first, five minutes after some tries, and at most an hour when a service asks for more. */
export const DEFAULT_TIMING: Omit<SenderTiming, "pause"> = {
  firstMs: 1_000,
  longestMs: 300_000,
  mostMs: 3_600_000,
  askMs: ASK_MS,
  graceMs: 1_000,
  remindMs: 3_600_000,
  random: Math.random,
};

/** A line for the log. */
export type Report = (level: "info" | "warn", text: string) => void;

/** After this many refusals an alarm is sent in plain words, because the service may object to its text. */
const REFUSALS = 5;
/** Statuses with which a service rejects the content of a request, not its sender. */
const CONTENT_REFUSED = [400, 413, 415, 422];
const LONGEST_REASON = 200;

/** The outcome of one try. */
type Outcome =
  | { readonly isTaken: true; readonly waitMs: number }
  | { readonly isTaken: false; readonly why: string; readonly waitMs: number; readonly isRefused: boolean };

/** The options of a sender. */
export interface SenderOptions {
  readonly channel: Channel;
  /** What the log calls the channel. */
  readonly name: string;
  readonly token: Secret | null;
  readonly report: Report;
  readonly timing: SenderTiming;
}

/** Sends to one channel, one alarm at a time. */
export class AlarmSender {
  readonly #channel: Channel;
  readonly #name: string;
  readonly #token: Secret | null;
  readonly #report: Report;
  readonly #timing: SenderTiming;
  /** When the next alarm may be sent, by `performance.now()`. */
  #freeAt = 0;

  constructor({ channel, name, token, report, timing }: SenderOptions) {
    this.#channel = channel;
    this.#name = name;
    this.#token = token;
    this.#report = report;
    this.#timing = timing;
  }

  /**
   * Sends `alarm` until the service confirms it, always with the same key. Returns false if `signal` was aborted first;
   * the service may have received it all the same.
   */
  async send(alarm: Alarm, signal: AbortSignal): Promise<boolean> {
    const { pause, firstMs, longestMs, mostMs, random, remindMs } = this.#timing;
    const { leastGapMs } = this.#channel;
    const name = this.#name;
    const what = `alarm "${alarm.title}" (${alarm.key})`;
    let reported = null as { readonly why: string; readonly at: number } | null;
    let refusals = 0;
    for (let tries = 1;; tries++) {
      await pause(this.#freeAt - performance.now(), signal);
      if (signal.aborted) return false;
      const outcome = await this.#try(refusals < REFUSALS ? alarm : inPlainWords(alarm), signal);
      if (outcome.isTaken) {
        this.#freeAt = performance.now() + Math.max(leastGapMs, Math.min(outcome.waitMs, mostMs));
        if (tries > 1) this.#report("info", `${name} accepted the ${what} at try ${tries}`);
        return true;
      }
      if (signal.aborted) return false;
      if (outcome.isRefused) refusals++;
      const ceiling = Math.min(longestMs, firstMs * 2 ** Math.min(tries - 1, 30));
      // At least half the wait, to spare a busy service; the rest is random, to spread out senders.
      const backoffMs = ceiling / 2 * (1 + random());
      const waitMs = Math.max(backoffMs, Math.min(outcome.waitMs, mostMs), leastGapMs);
      const now = performance.now();
      this.#freeAt = now + waitMs;
      const { why } = outcome;
      if (reported?.why !== why || now - reported.at >= remindMs) {
        const next = waitMs < 1_000 ? "at once" : `in ${durationWords(Math.round(waitMs / 1000) * 1000)}`;
        this.#report(
          "warn",
          `${name} did not accept the ${what}: ${why}. It will be sent again ${next}, until it is accepted`,
        );
        reported = { why, at: now };
      }
    }
  }

  async #try(alarm: Alarm, signal: AbortSignal): Promise<Outcome> {
    const answer = await this.#ask(alarm, signal);
    if ("why" in answer) return { isTaken: false, why: answer.why, waitMs: 0, isRefused: false };
    const { status, headers } = answer;
    const waitMs = Math.max(
      retryAfterMs(headers.get("retry-after"), Date.now()),
      this.#channel.waitMs(answer),
    );
    const isGood = status >= 200 && status < 300;
    if (isGood && this.#channel.isTaken(answer)) return { isTaken: true, waitMs };
    return {
      isTaken: false,
      why: this.#trouble(answer),
      waitMs,
      isRefused: CONTENT_REFUSED.includes(status),
    };
  }

  /**
   * Sends one request. Waits a moment for its answer even after a stop: without the answer the alarm would be sent
   * again.
   */
  async #ask(alarm: Alarm, signal: AbortSignal): Promise<ServiceAnswer | Unanswered> {
    const { askMs, graceMs } = this.#timing;
    const over = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = (): void => {
      timer = setTimeout(() => over.abort(), graceMs);
    };
    signal.addEventListener("abort", stop);
    try {
      return await ask(this.#channel.request(alarm), over.signal, askMs);
    } finally {
      signal.removeEventListener("abort", stop);
      clearTimeout(timer);
    }
  }

  #trouble({ status, json }: ServiceAnswer): string {
    if (status >= 200 && status < 300) {
      return `HTTP ${status} without the confirmation that it has the alarm`;
    }
    // The target is left out of the log, since it could be anything.
    if (status >= 300 && status < 400) return `HTTP ${status}, a redirect, which is not followed`;
    const explanation = this.#channel.explanation(json);
    if (explanation === null) return `HTTP ${status}`;
    return `HTTP ${status}: ${this.#safe(explanation)}`;
  }

  /** Words of a service, without the token, for a log line. */
  #safe(explanation: string): string {
    const shown = printable((this.#token?.scrub(explanation) ?? explanation).slice(0, 4 * LONGEST_REASON));
    return shown.length > LONGEST_REASON ? `${shown.slice(0, LONGEST_REASON)}…` : shown;
  }
}
