/** Requests to the exchange's REST side: within its budget, retried when that may help, with every answer checked. */
import type { Exchange } from "../../exchanges/exchange.ts";
import { hostOf } from "../../exchanges/hosts.ts";
import { RejectedAnswer, type RestQuestion } from "../../exchanges/rest_question.ts";
import { pause } from "../live/alarm.ts";
import { Backoff } from "../live/backoff.ts";
import { explain, NetPermissionError, retryAfterMs } from "../live/connect_failure.ts";
import type { Runtime } from "../live/runtime.ts";
import type { RestBudget } from "./rest_budget.ts";

/** Time and waiting; tests bring their own. */
export interface RestClock {
  /** ms since 1970, never going back. */
  now(): number;
  /** Waits `ms`; an abort of `signal` ends the wait without an error. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

/** The time of a runtime. */
export function clockOf(runtime: Runtime): RestClock {
  const { performance } = runtime;
  return {
    now: () => performance.timeOrigin + performance.now(),
    pause: (ms, signal) => pause(ms, signal, runtime),
  };
}

/** Why there is no answer: see `RestFailure`. */
export type RestFailureWhy =
  /** The exchange, or its weight budget, requires a longer wait than there is time for. */
  | "busy"
  /** Time ran out. */
  | "deadline"
  /** The exchange's trades do not follow the known ones. */
  | "no-join"
  /** This program may not reach the host. */
  | "not-permitted"
  /** The host refuses this request. */
  | "refused"
  /** The signal was aborted. */
  | "stopped"
  | "malformed"
  /** More trades are missing than may be fetched. */
  | "too-many"
  /** No connection, no answer in time, or an exchange in trouble, until time ran out. */
  | "unreachable";

/** Ends a request, or all requests, without another try. */
export class RestFailure extends Error {
  override readonly name = "RestFailure";
  readonly why: RestFailureWhy;
  /** What the user can do, or null. */
  readonly hint: string | null;
  /** Whether the same host would answer any other path in the same way. */
  readonly isWholeHost: boolean;
  /** Whether the exchange refused because it has no such symbol. */
  readonly isUnknownSymbol: boolean;

  constructor(
    why: RestFailureWhy,
    reason: string,
    hint: string | null = null,
    isWholeHost = false,
    isUnknownSymbol = false,
  ) {
    super(reason);
    this.why = why;
    this.hint = hint;
    this.isWholeHost = isWholeHost;
    this.isUnknownSymbol = isUnknownSymbol;
  }
}

/** Options of a client. Times in ms. */
export interface RestClientOptions {
  readonly exchange: Exchange;
  readonly budget: RestBudget;
  readonly clock: RestClock;
  /** The longest that one request may take, to the end of its answer. */
  readonly requestMs: number;
  readonly signal: AbortSignal;
  readonly random: () => number;
  /** The most tries of one request, even if there is time left. Default: any number. */
  readonly tries?: number;
  /** How requests are made and timed. Default: this process's runtime. */
  readonly runtime?: Runtime | undefined;
}

/** A page of 1,000 trades has 160 kB; reading deeply nested JSON takes seventy times its length in memory. */
const LARGEST_BODY_BYTES = 1024 * 1024;
/** Only the start of a refusal's body is of use. */
const LARGEST_REFUSAL_BYTES = 4 * 1024;
const SHOWN_CHARACTERS = 160;
const RETRY_MAX_MS = 8_000;
const REJECTED_TRIES = 3;

/** The outcome of a request without an answer. */
interface Trouble {
  readonly why: RestFailureWhy;
  readonly reason: string;
  readonly hint: string | null;
  /** Whether another try is useless. */
  readonly isFinal: boolean;
  readonly isWholeHost: boolean;
  readonly isUnknownSymbol?: boolean;
}

/** Makes one request at a time. */
export class RestClient {
  readonly #options: RestClientOptions;

  constructor(options: RestClientOptions) {
    this.#options = options;
  }

  /**
   * Returns the answer, trying until `deadline` (by the clock, ms). Throws RestFailure if there is none: at once if
   * another try is useless, after three answers that are not accepted, or when time or tries run out.
   */
  async get<T>(question: RestQuestion<T>, deadline: number): Promise<T> {
    const { budget, clock, random, requestMs, tries = Infinity } = this.#options;
    const backoff = new Backoff(RETRY_MAX_MS, random);
    let trouble: Trouble | null = null;
    let rejections = 0;
    for (let left = tries;;) {
      const retryMs = trouble === null ? 0 : backoff.next();
      const budgetMs = budget.waitMs(question.weight, clock.now());
      if (budgetMs > retryMs) trouble = busy(question, budgetMs, trouble);
      const otherwise = trouble === null
        ? new RestFailure("deadline", "there was no time left for a request")
        : restFailure(trouble);
      await this.pause(Math.ceil(Math.max(retryMs, budgetMs)), deadline, otherwise);
      // On a busy machine, the time may be up by now.
      const now = clock.now();
      if (now >= deadline) throw otherwise;
      budget.spend(question.weight, now);
      const answer = await this.#ask(question, Math.min(requestMs, deadline - now));
      this.#checkStopped();
      if (answer instanceof Answer) return answer.value;
      trouble = answer;
      if (trouble.why === "malformed" || trouble.why === "no-join") rejections++;
      if (trouble.isFinal || rejections >= REJECTED_TRIES || --left <= 0) throw restFailure(trouble);
    }
  }

  /**
   * Waits `ms`. Throws `otherwise`, without waiting, if that would last until `deadline` or longer, and a
   * RestFailure ("stopped") when the signal is aborted.
   */
  async pause(ms: number, deadline: number, otherwise: RestFailure): Promise<void> {
    const { clock, signal } = this.#options;
    this.#checkStopped();
    const until = clock.now() + ms;
    if (until >= deadline) throw otherwise;
    // A timer may fire a little early.
    for (let left = ms; left > 0; left = until - clock.now()) {
      await clock.pause(Math.ceil(left), signal);
      this.#checkStopped();
    }
  }

  #checkStopped(): void {
    if (this.#options.signal.aborted) throw new RestFailure("stopped", "stopped");
  }

  /** Makes one request, and waits at most `ms` for the whole answer. */
  async #ask<T>(question: RestQuestion<T>, ms: number): Promise<Answer<T> | Trouble> {
    const host = hostOf(question.base);
    const text = await this.#fetch(question, Math.ceil(ms));
    if (typeof text !== "string") return text;
    const parsed = parse(text);
    if (parsed === undefined) return rejected("malformed", `${host} did not send JSON: ${shown(text)}`);
    const value = question.read(parsed);
    return value instanceof RejectedAnswer
      ? rejected(value.why, `${host}: ${value.reason}`)
      : new Answer(value);
  }

  /** The text of an answer with status 200. */
  async #fetch({ base, path }: RestQuestion<unknown>, allowedMs: number): Promise<string | Trouble> {
    const { budget, clock, exchange, signal, runtime = globalThis } = this.#options;
    const late = new AbortController();
    const timer = runtime.setTimeout(
      () => late.abort(new DOMException(`no answer within ${allowedMs} ms`, "TimeoutError")),
      allowedMs,
    );
    try {
      const response = await runtime.fetch(base + path, {
        redirect: "manual",
        headers: { "Accept": "application/json" },
        signal: AbortSignal.any([signal, late.signal]),
      });
      const used = exchange.usedWeight(response.headers);
      if (used !== null) budget.report(used, clock.now());
      if (response.status !== 200) return await this.#refusal(response, base);
      return await textOf(response, LARGEST_BODY_BYTES) ??
        rejected("malformed", `${hostOf(base)} sent more than ${LARGEST_BODY_BYTES} bytes`);
    } catch (error) {
      return await failure(error, base, exchange, signal, runtime);
    } finally {
      runtime.clearTimeout(timer);
    }
  }

  /** What an answer other than 200 means. */
  async #refusal(response: Response, base: string): Promise<Trouble> {
    const host = hostOf(base);
    const { budget, clock, exchange } = this.#options;
    const { status, headers } = response;
    // The refusal is final, with or without its explanation.
    const text = await textOf(response, LARGEST_REFUSAL_BYTES).catch(() => null) ?? "";
    const now = clock.now();
    const { error, isUnknownSymbol } = exchange.explanation(parse(text));
    const code = error === null ? null : `code ${shown(error.code)}: ${shown(error.message)}`;
    const reason = `${host} refused: HTTP ${status}${code === null ? "" : `, ${code}`}`;
    const { hint, stayAwayMs, isWholeHost } = exchange.refusal(status, base);
    if (stayAwayMs !== null) {
      const askedMs = retryAfterMs(headers.get("retry-after"), now);
      budget.holdOff(askedMs > 0 ? askedMs : stayAwayMs, now);
      return { why: "busy", reason, hint, isFinal: false, isWholeHost };
    }
    if (status >= 300 && status < 400) {
      const to = shown(headers.get("location") ?? "nowhere");
      return {
        why: "refused",
        reason: `${host} redirects to ${to} (HTTP ${status}), which is not followed`,
        hint: null,
        isFinal: true,
        isWholeHost: false,
      };
    }
    if (status >= 500 || status === 408) {
      const askedMs = retryAfterMs(headers.get("retry-after"), now);
      if (askedMs > 0) budget.holdOff(askedMs, now);
      const trouble = `${host} failed: HTTP ${status}${code === null ? "" : `, ${code}`}`;
      return { why: "unreachable", reason: trouble, hint, isFinal: false, isWholeHost: true };
    }
    if (status < 400) return rejected("malformed", `${host} answered HTTP ${status}, expected 200`);
    return { why: "refused", reason, hint, isFinal: true, isWholeHost, isUnknownSymbol };
  }
}

/** An accepted answer. */
class Answer<T> {
  readonly value: T;

  constructor(value: T) {
    this.value = value;
  }
}

function restFailure({ why, reason, hint, isWholeHost, isUnknownSymbol }: Trouble): RestFailure {
  return new RestFailure(why, reason, hint, isWholeHost, isUnknownSymbol);
}

function busy({ base }: RestQuestion<unknown>, waitMs: number, before: Trouble | null): Trouble {
  const because = before === null ? "its weight budget is used up" : before.reason;
  const reason = `${hostOf(base)} cannot be queried for another ${Math.ceil(waitMs / 1000)} s: ${because}`;
  return { why: "busy", reason, hint: before?.hint ?? null, isFinal: false, isWholeHost: true };
}

function rejected(why: "malformed" | "no-join", reason: string): Trouble {
  return { why, reason, hint: null, isFinal: false, isWholeHost: false };
}

/** What the error of a request means. */
async function failure(
  error: unknown,
  base: string,
  exchange: Exchange,
  signal: AbortSignal,
  runtime: Runtime,
): Promise<Trouble> {
  try {
    const { reason, hint } = await explain(causeOf(error), base, exchange, signal, runtime);
    return { why: "unreachable", reason, hint, isFinal: false, isWholeHost: true };
  } catch (denied) {
    if (!(denied instanceof NetPermissionError)) throw denied;
    const { message } = denied;
    return { why: "not-permitted", reason: message, hint: null, isFinal: true, isWholeHost: true };
  }
}

/**
 * The error behind "fetch failed", without the address in front of it: a word in the address must not count as the
 * error's.
 */
function causeOf(error: unknown): unknown {
  if (!(error instanceof TypeError)) return error;
  const { message } = error.cause instanceof Error ? error.cause : error;
  return new Error(message.replace(/^.*?\bclient error \(\w+\): /, ""));
}

/** A body as text; null if it is longer than `largestBytes`, and the rest is cancelled. */
async function textOf(response: Response, largestBytes: number): Promise<string | null> {
  const reader = response.body?.getReader();
  if (reader === undefined) return "";
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.length;
    if (bytes > largestBytes) {
      await reader.cancel();
      return null;
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** The value of a JSON text; undefined if it is not JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The start of a text from outside, safe for a log line. */
function shown(text: string): string {
  // deno-lint-ignore no-control-regex
  const line = text.replace(/[\u0000-\u0020\u007f-\u009f]+/g, " ").trim();
  return line.length > SHOWN_CHARACTERS ? `${line.slice(0, SHOWN_CHARACTERS)}…` : line;
}
