/** Draws one run into the page, whose markup has everything except its charts and round trips. */
import { type Area, Charts, type Span } from "./charts.ts";
import { type Line, type Run } from "./page_data.ts";
import { INCIDENT_LETTERS, INCIDENT_WORDS } from "../src/views/report/page_format.ts";
import { momentText } from "./times.ts";
import { TripTable } from "./trips.ts";

/** Rows of the table behind a chart: enough to read, few enough to scroll through. */
const TABLE_ROWS = 200;

/** A mark on the strip below the charts, at a time in seconds since 1970. */
interface IncidentMark {
  readonly time: number;
  readonly mark: HTMLElement;
}

/**
 * Draws the run, whose markup is already in the page, and returns its charts. Abort `signal` before you remove the run
 * from the page.
 */
export function showRun(run: Run, signal: AbortSignal): Charts {
  const marks = incidentMarks(run, ({ from, to }) => charts.show({ from, to }));
  const charts: Charts = new Charts(
    run,
    (trip) => table?.select(trip),
    (span, area) => placeIncidents(marks, span, area),
    signal,
  );
  const table = run.trips.length === 0 ? null : new TripTable(run, (trip) => {
    charts.select(trip);
    document.getElementById("chart-price")!.scrollIntoView({ block: "center", behavior: "smooth" });
  }, signal);
  document.getElementById("zoom-reset")!.addEventListener("click", () => charts.reset());
  tableBehind("table-equity", [run.equity]);
  tableBehind("table-drawdown", [run.drawdown]);
  tableBehind("table-price", [run.price]);
  for (const line of run.averages.slice(0, 1)) tableBehind("table-values", [line]);
  if (run.volatility !== null) tableBehind("table-volatility", [run.volatility]);
  fillWhenOpened(
    "table-incidents",
    () => run.incidents.map(({ kind, time, text }) => [time, INCIDENT_WORDS[kind], text] as const),
  );
  return charts;
}

/** Fills a table with points of a line when the reader opens it. */
function tableBehind(id: string, [line]: readonly [Line]): void {
  const step = Math.max(1, Math.ceil(line.times.length / TABLE_ROWS));
  fillWhenOpened(id, function* () {
    for (let at = 0; at < line.times.length; at += step) yield [line.times[at]!, String(line.values[at])];
  });
}

/** Fills a table when the reader opens it: each row is a time, seconds since 1970, and strings. */
function fillWhenOpened(id: string, rows: () => Iterable<readonly [time: number, ...texts: string[]]>): void {
  const details = document.getElementById(id) as HTMLDetailsElement | null;
  details?.addEventListener("toggle", () => {
    const body = details.querySelector("tbody")!;
    if (!details.open || body.childElementCount > 0) return;
    for (const [seconds, ...texts] of rows()) {
      const row = document.createElement("tr");
      const time = document.createElement("time");
      time.dateTime = new Date(seconds * 1000).toISOString();
      time.textContent = momentText(seconds);
      row.insertCell().append(time);
      for (const text of texts) row.insertCell().textContent = text;
      body.append(row);
    }
  });
}

/** A mark for each incident on the strip below the charts. */
function incidentMarks(
  { incidents, from, to }: Run,
  show: (span: Span) => void,
): IncidentMark[] {
  const strip = document.getElementById("incidents");
  if (strip === null) return [];
  const room = (to - from || 1) / 100;
  return incidents.map(({ kind, time, text }) => {
    const mark = document.createElement("button");
    mark.className = `incident ${kind}`;
    mark.dataset.letter = INCIDENT_LETTERS[kind];
    mark.title = `${momentText(time)}: ${text}`;
    mark.setAttribute("aria-label", mark.title);
    mark.addEventListener("click", () => show({ from: time - room, to: time + room }));
    strip.append(mark);
    // A recording connects before its first trade, where the charts start.
    return { time: Math.min(Math.max(time, from), to), mark };
  });
}

/** Aligns the marks with the time axis of the charts above. */
function placeIncidents(
  marks: readonly IncidentMark[],
  { from, to }: Span,
  { left, width }: Area,
): void {
  const strip = document.getElementById("incidents");
  if (strip === null) return;
  strip.style.marginLeft = `${left}px`;
  strip.style.width = `${width}px`;
  for (const { time, mark } of marks) {
    mark.hidden = time < from || time > to;
    mark.style.left = `${(time - from) / (to - from) * 100}%`;
  }
}
