/** The state of a run: a word and a symbol for it, and sentences about anything that is wrong. */
import type { FollowedRun } from "./followed_run.ts";
import { assets } from "../src/views/terminal/assets.ts";
import { haltSentence, healthOf, type RunStatus, SILENT_MS } from "../src/domain/run/run_status.ts";

/** The states, worst first. Each symbol has its own shape, so that no reader depends on colours. */
export const SHOWN_STATES = {
  unreadable: { word: "unreadable", sign: "✕" },
  silent: { word: "silent", sign: "○" },
  halted: { word: "halted", sign: "▲" },
  waiting: { word: "not connected", sign: "◐" },
  stopped: { word: "stopped", sign: "■" },
  running: { word: "running", sign: "●" },
} as const;

/** The state of a run. */
export type ShownState = keyof typeof SHOWN_STATES;

/** A run at one moment. */
export interface Seen {
  readonly run: FollowedRun;
  /** Null if none was received yet. */
  readonly status: RunStatus | null;
  readonly state: ShownState;
  /** All states that apply, such as `stopped, halted`. */
  readonly words: string;
  /** Its name. */
  readonly name: string;
}

/** The run as it is at `now`, ms since 1970. */
export function seenAt(run: FollowedRun, now: number): Seen {
  const status = run.statusAt(now);
  const state = stateOf(run, status);
  return { run, status, state, words: wordsOf(state, status), name: status?.symbol ?? run.last.name };
}

function stateOf({ last: { problem } }: FollowedRun, status: RunStatus | null): ShownState {
  if (problem !== null || status === null) return "unreadable";
  if (status.state === "silent") return "silent";
  if (status.halted) return "halted";
  if (status.state === "stopped") return "stopped";
  return status.connected ? "running" : "waiting";
}

function wordsOf(state: ShownState, status: RunStatus | null): string {
  if (status === null || state === "unreadable") return SHOWN_STATES[state].word;
  const words: string[] = [status.state];
  if (status.halted) words.push("halted");
  if (status.state === "running" && !status.connected) words.push("not connected");
  return words.join(", ");
}

/** Returns the worst of these states; `running` if there are none. */
export function worst(all: readonly Seen[]): ShownState {
  return (Object.keys(SHOWN_STATES) as ShownState[]).find((state) =>
    all.some((each) => each.state === state)
  ) ??
    "running";
}

/** Returns the number of runs in each state, worst first: `1 halted, 3 running`. */
export function countsOf(all: readonly Seen[]): string {
  return Object.entries(SHOWN_STATES).flatMap(([state, { word }]) => {
    const count = all.filter((each) => each.state === state).length;
    return count === 0 ? [] : [`${count} ${word}`];
  }).join(", ");
}

/** Returns what is wrong with the run, one sentence each, worst first; empty if nothing is. */
export function alertsOf({ run: { last: { problem } }, status }: Seen): string[] {
  const found: string[] = [];
  if (problem !== null) found.push(problem);
  if (status === null) return found;
  if (status.state !== "running") found.push(healthOf(status, SILENT_MS).text);
  const halt = haltSentence(status);
  if (halt !== null) found.push(halt);
  if (status.state === "running") {
    if (!status.connected) {
      found.push(
        `not connected since ${status.connectionSince.slice(0, 19).replace("T", " ")} UTC${
          status.reason === null ? "" : `: ${status.reason}`
        }`,
      );
    }
    if (status.awaitsRules) {
      found.push(`no orders are placed: the exchange has not sent the lot and tick of ${status.symbol}`);
    }
  }
  return found.map((text) => text.charAt(0).toUpperCase() + text.slice(1));
}

/** The assets of a run, for people. */
export function assetsOf(status: RunStatus): { readonly base: string; readonly quote: string } {
  return assets(status.symbol, status.assets ?? null);
}
