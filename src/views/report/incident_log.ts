/** What happened to a run besides trading: gaps, halts, disconnections, refusals. */
import type { PenstockEvent } from "../../domain/run/event.ts";
import { grouped } from "../terminal/figures.ts";
import type { Incident } from "./page_format.ts";

/** More refusals than this are only counted; everything else is kept up to ten times as many. */
const MOST_REFUSALS = 500;
const MOST = 5_000;

/** Collects the incidents among a run's events. */
export class IncidentLog {
  readonly #incidents: Incident[] = [];
  #refusals = 0;
  /** Incidents that are only counted. */
  #uncounted = 0;

  /** Takes the next event. */
  event(event: PenstockEvent): void {
    const text = textOf(event);
    if (text === null) return;
    const isRefusal = event.type === "refusal";
    if (isRefusal && ++this.#refusals > MOST_REFUSALS || this.#incidents.length >= MOST) {
      this.#uncounted++;
      return;
    }
    this.#incidents.push({ kind: event.type as Incident["kind"], time: Date.parse(event.time) * 1000, text });
  }

  /** The incidents, in the order of the events. */
  get incidents(): readonly Incident[] {
    return this.#incidents;
  }

  /** How many more there were. */
  get more(): number {
    return this.#uncounted;
  }
}

function textOf(event: PenstockEvent): string | null {
  switch (event.type) {
    case "gap":
      return `${grouped(event.missing)} trades missing before ${event.toId + 1}, ${
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
