/** A service that takes alarms: how to send one, and what the answers mean. */
import type { Alarm } from "./alarm.ts";

/** One request. */
export interface ServiceRequest {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** An answer as it arrived. */
export interface ServiceAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Its body as JSON; undefined if it is not JSON, was cut off, or is too long. */
  readonly json: unknown;
}

/** A service with its recipient. */
export interface Channel {
  /** For people: `ntfy at ntfy.sh`. No part of it is secret. */
  readonly name: string;
  /** The least time between two alarms, ms. */
  readonly leastGapMs: number;
  request(alarm: Alarm): ServiceRequest;
  /** Whether an answer with a status from 200 to 299 shows that the service has the alarm. */
  isTaken(answer: ServiceAnswer): boolean;
  /** What the service says in the body of another answer; null if it says nothing. */
  explanation(json: unknown): string | null;
  /** How long the service asks to wait after this answer, apart from Retry-After, ms; 0 if it does not ask. */
  waitMs(answer: ServiceAnswer): number;
}

/** The object in JSON from outside; an empty one for anything else. */
export function objectIn(json: unknown): Readonly<Record<string, unknown>> {
  return typeof json === "object" && json !== null && !Array.isArray(json)
    ? json as Record<string, unknown>
    : {};
}

/** The text in a field of JSON from outside; null if there is none. */
export function textIn(json: unknown, field: string): string | null {
  const value = objectIn(json)[field];
  return typeof value === "string" && value !== "" ? value : null;
}

/** The seconds in a field of JSON from outside, in ms; 0 if there are none. */
export function secondsIn(json: unknown, field: string): number {
  const value = objectIn(json)[field];
  return typeof value === "number" && value > 0 && value < Infinity ? Math.ceil(value * 1000) : 0;
}
