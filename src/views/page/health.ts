/** Whether the runs are healthy, for a supervisor that asks over HTTP. */
import { haltSentence, healthOf } from "../../domain/run/run_status.ts";
import { printable } from "../terminal/terminal.ts";
import type { LiveRun } from "./live_message.ts";

/** A run whose last heartbeat is older than this is dead, ms: it has missed six. */
const MOST_AGE_MS = 30_000;

/** A word for what is wrong with a run, and a sentence about it. If nothing is wrong, the word is `ok`. */
interface RunHealth {
  readonly word: "ok" | "dead" | "disconnected" | "halted";
  readonly text: string;
}

/**
 * The answer to a supervisor: 200 if every run is alive, connected and not halted, otherwise 503; with a line for each
 * run.
 */
export function healthAnswer(
  runs: readonly Pick<LiveRun, "problem" | "status">[],
): { readonly status: 200 | 503; readonly body: string } {
  const found = runs.map(healthIn);
  return {
    status: found.every(({ word }) => word === "ok") ? 200 : 503,
    body: found.map(({ word, text }) => `${word}: ${printable(text)}\n`).join(""),
  };
}

function healthIn({ problem, status }: Pick<LiveRun, "problem" | "status">): RunHealth {
  if (status === null) return { word: "dead", text: problem ?? "nothing is known about it yet" };
  const { isAlive, text } = healthOf(status, MOST_AGE_MS);
  if (!isAlive) return { word: "dead", text };
  const { run, journal, connected, connectionSince, reason } = status;
  if (!connected) {
    const why = reason === null ? "" : ` (${reason})`;
    return {
      word: "disconnected",
      text: `run ${run} in ${journal} has been disconnected since ${connectionSince}${why}`,
    };
  }
  const halted = haltSentence(status);
  return halted === null ? { word: "ok", text } : { word: "halted", text: halted };
}
