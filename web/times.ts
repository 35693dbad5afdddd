/** Times on the page, in UTC or in the reader's own zone. */

const listeners = new Set<() => void>();
let isLocal = false;

/** Whether times are shown in the reader's own zone. */
export function showsLocal(): boolean {
  return isLocal;
}

/** Chooses the zone, and shows every time on the page again. */
export function showLocal(local: boolean): void {
  isLocal = local;
  for (const element of document.querySelectorAll("time")) {
    element.textContent = shownIn(element);
  }
  for (const listener of listeners) listener();
}

/** Calls `listener` whenever the zone changes, until `signal` is aborted. */
export function onZone(listener: () => void, signal: AbortSignal): void {
  listeners.add(listener);
  signal.addEventListener("abort", () => listeners.delete(listener));
}

/** How much of a time is shown: the first character of `2025-01-31 23:59:59` in each form. */
const FORMS = { "whole": 0, "without-year": "2025-".length, "time-of-day": "2025-01-31 ".length };

/** An element for a time (ISO 8601), which is shown in the chosen zone. */
export function timeElement(iso: string, form: keyof typeof FORMS = "whole"): HTMLTimeElement {
  const element = document.createElement("time");
  element.dateTime = iso;
  element.dataset.form = form;
  element.textContent = shownIn(element);
  return element;
}

function shownIn({ dateTime, dataset: { form = "whole" } }: HTMLTimeElement): string {
  return momentText(Date.parse(dateTime) / 1000).slice(FORMS[form as keyof typeof FORMS]);
}

/** Seconds since 1970 as `2025-01-31 23:59:59`. */
export function momentText(seconds: number): string {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return "–";
  const shown = isLocal ? new Date(date.getTime() - date.getTimezoneOffset() * 60_000) : date;
  return shown.toISOString().slice(0, 19).replace("T", " ");
}

/** The date whose local parts are those to show at an axis, for uPlot. */
export function axisDate(seconds: number): Date {
  const date = new Date(seconds * 1000);
  return isLocal ? date : new Date(date.getTime() + date.getTimezoneOffset() * 60_000);
}

/** A length of time in its two largest units. */
export function spanText(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  const total = Math.round(seconds);
  const [d, h, m, s] = [
    Math.floor(total / 86_400),
    Math.floor(total / 3600) % 24,
    Math.floor(total / 60) % 60,
    total % 60,
  ];
  if (d > 0) return `${d} d ${h} h`;
  if (h > 0) return `${h} h ${m} m`;
  return m > 0 ? `${m} m ${s} s` : `${seconds < 10 ? Number(seconds.toFixed(2)) : s} s`;
}

/** How long ago something was, in whole seconds: `just now`, `5 s ago`, `2 h 3 m ago`. */
export function agoText(seconds: number): string {
  return seconds < 1 ? "just now" : `${spanText(Math.floor(seconds))} ago`;
}
