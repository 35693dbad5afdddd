/** Turns requests of other processes into inputs. */
import type { Happened } from "../../domain/market/input.ts";
import type { OnHalt } from "../../domain/risk/halt.ts";
import type { ReceivedRequest } from "../../stores/journal/run_journal.ts";

/** The input for a halt that the user at the terminal requests at `time`, µs since 1970. */
export function haltInput(action: OnHalt, time: number): Happened {
  return { event: "halt", action, requested: time, time };
}

/** The input for a request that a run handles at `time`, µs since 1970; null if it is dropped. */
export function requestedInput(
  { request, time: requested, why }: ReceivedRequest,
  time: number,
): Happened | null {
  if (request === null || why !== null) return null;
  const { text } = request;
  const details = { requested, ...(text === null ? {} : { text }) };
  if (request.kind === "release") return { event: "released", ...details, time };
  return { event: "halt", action: request.action, ...details, time };
}
