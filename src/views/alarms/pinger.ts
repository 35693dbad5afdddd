/**
 * A dead man's switch: a request to an address at a fixed interval, for as long as every run is healthy. The service
 * there raises the alarm when the requests stop. There is no request for a failure: a service that gives no meaning to
 * a path such as `/fail` would count it as one more ping, and its own grace time decides how long a disconnection may
 * last.
 */
import { type PingAddress, TOKEN } from "../../domain/alarms/service_address.ts";
import type { Secret } from "../../domain/alarms/secret.ts";
import type { Report, SenderTiming } from "./alarm_sender.ts";
import { retryAfterMs } from "./retry_after.ts";
import { ask } from "./service_ask.ts";

/** A state older than this is not trusted: the loop that reads the journals hangs. */
const FRESH_MS = 30_000;
const TICK_MS = 1_000;

/** The address to ping, the identity that requests carry, and how often they are retried. */
export interface PingerOptions {
  readonly address: PingAddress;
  readonly token: Secret | null;
  readonly agent: string;
  readonly report: Report;
  readonly timing: SenderTiming;
}

/** Pings one address. */
export class Pinger {
  /** For people. No part of it is secret. */
  readonly name: string;
  readonly #options: PingerOptions;
  /** When the last poll was, by `performance.now()`, if it showed every run healthy; otherwise -Infinity. */
  #wellAt = -Infinity;

  constructor(options: PingerOptions) {
    this.#options = options;
    this.name = `ping of ${options.address.host}`;
  }

  /** Takes the result of a poll: whether every run is alive, connected and not halted. */
  polled(isWell: boolean): void {
    this.#wellAt = isWell ? performance.now() : -Infinity;
  }

  /** Pings until `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { address: { everyMs }, report, timing } = this.#options;
    const { pause, firstMs, mostMs, remindMs } = timing;
    let dueAt = performance.now();
    let failures = 0;
    let reported = null as { readonly why: string; readonly at: number } | null;
    while (!signal.aborted) {
      const now = performance.now();
      if (now < dueAt || now - this.#wellAt > FRESH_MS) {
        await pause(Math.max(Math.min(TICK_MS, everyMs / 10), Math.min(dueAt - now, TICK_MS)), signal);
        continue;
      }
      const { why, waitMs } = await this.#ping(signal);
      if (signal.aborted) return;
      if (why === null) {
        if (reported !== null) report("info", `the ${this.name} works again`);
        [failures, reported] = [0, null];
        dueAt = now + everyMs;
        continue;
      }
      const retryMs = Math.min(everyMs, firstMs * 2 ** Math.min(failures++, 30));
      dueAt = performance.now() + Math.max(retryMs, Math.min(waitMs, mostMs));
      if (reported?.why !== why || now - reported.at >= remindMs) {
        report("warn", `the ${this.name} failed: ${why}. It is tried again`);
        reported = { why, at: now };
      }
    }
  }

  async #ping(signal: AbortSignal): Promise<{ readonly why: string | null; readonly waitMs: number }> {
    const { address: { origin, path }, token, agent, timing } = this.#options;
    const isInPath = path.includes(TOKEN);
    const answer = await ask(
      {
        method: "GET",
        url: origin + path.replace(TOKEN, () => token?.reveal() ?? ""),
        headers: {
          "User-Agent": agent,
          ...(token === null || isInPath ? {} : { Authorization: `Bearer ${token.reveal()}` }),
        },
        body: null,
      },
      signal,
      timing.askMs,
    );
    if ("why" in answer) return { why: answer.why, waitMs: 0 };
    const { status, headers } = answer;
    const isRedirect = status >= 300 && status < 400;
    const why = status >= 200 && status < 300
      ? null
      : `HTTP ${status}${isRedirect ? ", a redirect, which is not followed" : ""}`;
    return { why, waitMs: retryAfterMs(headers.get("retry-after"), Date.now()) };
  }
}
