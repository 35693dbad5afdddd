/** What happened to a run other than trading: gaps, halts, disconnections, refusals. */
import type { PenstockEvent } from "../../domain/run/event.ts";
import { counted, grouped } from "../terminal/figures.ts";
import type { Incident } from "./page_format.ts";

/** More refusals than this are not kept; everything else is kept up to ten times as many. */
export const MOST_REFUSALS = 500;
const MOST = 5_000;

/** Collects the incidents among a run's events. */
export class IncidentLog {
  readonly #incidents: Incident[] = [];
  #refusals = 0;
  /** Other incidents that are only counted. */
  #uncounted = 0;

  /** Takes the next event. */
  event(event: PenstockEvent): void {
    const isFull = this.#incidents.length >= MOST;
    if (event.type === "refusal" && (isFull || this.#refusals >= MOST_REFUSALS)) return;
    const text = textOf(event);
    if (text === null) return;
    if (isFull) {
      this.#uncounted++;
      return;
    }
    if (event.type === "refusal") this.#refusals++;
    this.#incidents.push({ kind: event.type as Incident["kind"], time: Date.parse(event.time) * 1000, text });
  }

  /** The incidents, in the order of the events. */
  get incidents(): readonly Incident[] {
    return this.#incidents;
  }

  /** How many more incidents there were in a run with this many refusals. */
  more(refusals: number): number {
    return this.#uncounted + refusals - this.#refusals;
  }
}

function textOf(event: PenstockEvent): string | null {
  switch (event.type) {
    case "gap":
      return `${counted(event.missing, "trade")} missing before trade ${event.toId + 1}, ${
        grouped(event.filled)
      } fetched`;
    case "reset":
      return `the exchange's ids started over at ${event.fromId}, after ${event.lastId}`;
    case "halt":
      return `${event.reason}: ${event.value}, limit ${event.limit}${
        event.text === undefined ? "" : `: ${event.text}`
      }`;
    case "released":
      return `the halt for ${event.reason} ended${event.text === undefined ? "" : `: ${event.text}`}`;
    case "refusal":
      return `${event.side} refused, ${event.reason}: ${event.value}, limit ${event.limit}`;
    case "disconnected":
      return event.reason;
    case "connected":
      return `connected to ${event.endpoint}`;
    default:
      return null;
  }
}
