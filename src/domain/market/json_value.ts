/** Values of JSON from outside: checked before they are used, and shown in messages. */

/** Whether a value is an object, and neither null nor an array. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value is a whole number of 0 or more that a double holds exactly. */
export function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** The start of a value as JSON, at most `most` characters, safe for a log line; `missing` for undefined. */
export function shownJson(value: unknown, most = 40): string {
  if (value === undefined) return "missing";
  const text = JSON.stringify(value);
  return text.length > most ? `${text.slice(0, most)}…` : text;
}
