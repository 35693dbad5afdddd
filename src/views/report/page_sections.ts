/** The tables of the report's page. */
import { durationWords } from "../../domain/numbers/duration.ts";
import { RETURN_CLASSES } from "../../domain/performance/trip_totals.ts";
import { grouped, money, NONE, percent, signedMoney, span, unsignedPercent } from "../terminal/figures.ts";
import { type Bar, barChart } from "./bar_chart.ts";
import { type Markup, markup } from "./markup.ts";
import { INCIDENT_LETTERS, INCIDENT_WORDS } from "./page_format.ts";
import { timeOf } from "./page_times.ts";
import type { RunReport, TripDistribution } from "./run_report.ts";

const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
/** The week starts on Monday. */
const WEEK = [1, 2, 3, 4, 5, 6, 0];

/** The profits of the round trips by return, hour, weekday and month. */
export function distributions(
  { count, ...by }: TripDistribution,
  quote: string,
): Markup | null {
  if (count === 0) return null;
  const [byHour, byWeekday, byReturn] = [new Map(by.byHour), new Map(by.byWeekday), new Map(by.byReturn)];
  const hours = Array.from({ length: 24 }, (_, hour): Bar => ({
    label: String(hour).padStart(2, "0"),
    totals: byHour.get(hour) ?? null,
  }));
  const week = WEEK.map((day): Bar => ({ label: WEEKDAYS[day]!, totals: byWeekday.get(day) ?? null }));
  const months = by.byMonth.toSorted(([a], [b]) => a < b ? -1 : 1).map(([label, totals]): Bar => ({
    label,
    totals,
  }));
  const returns = Array.from({ length: RETURN_CLASSES.length + 1 }, (_, at): Bar => ({
    label: returnText(at),
    totals: byReturn.get(at) ?? null,
  }));
  return markup`
    <section>
      <h2>Where the profit came from</h2>
      <div class="columns small">${
    barChart(
      "Profit by return of the round trip",
      quote,
      returns,
    )
  }${barChart("Profit by hour of exit, UTC", quote, hours)}${
    barChart(
      "Profit by weekday of exit, UTC",
      quote,
      week,
    )
  }${barChart("Profit by month of exit, UTC", quote, months)}</div>
    </section>
  `;
}

function returnText(at: number): string {
  const percentOf = (fraction: number): string => `${Number((fraction * 100).toPrecision(3))} %`;
  if (at === 0) return `< ${percentOf(RETURN_CLASSES[0]!)}`;
  return `≥ ${percentOf(RETURN_CLASSES[at - 1]!)}`;
}

/** The deepest drawdowns. */
export function drawdownTable({ drawdowns, summary: { lastTime } }: RunReport, quote: string): Markup | null {
  if (drawdowns.length === 0) return null;
  return markup`
    <section>
      <h2>Deepest drawdowns</h2>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th class="number">Depth</th>
              <th class="number">Amount, ${quote}</th>
              <th class="number">From a peak of</th>
              <th>Peak</th>
              <th>Trough</th>
              <th>Recovered</th>
              <th>Length</th>
            </tr>
          </thead>
          <tbody>${
    drawdowns.map(({ peak, amount, fraction, from, to, recovered }) =>
      markup`
              <tr>
                <td class="number">${unsignedPercent(fraction)}</td>
                <td class="number">${money(amount)}</td>
                <td class="number">${money(peak)}</td>
                <td>${timeOf(from)}</td>
                <td>${timeOf(to)}</td>
                <td>${recovered === null ? "not yet" : timeOf(recovered)}</td>
                <td>${lengthText(from, recovered, lastTime)}</td>
              </tr>
            `
    )
  }</tbody>
        </table>
      </div>
    </section>
  `;
}

function lengthText(from: string, recovered: string | null, lastTime: string | null): string {
  if (recovered !== null) return span(Date.parse(recovered) - Date.parse(from));
  return lastTime === null ? NONE : `${span(Date.parse(lastTime) - Date.parse(from))} so far`;
}

/** Gaps, halts, disconnections and refusals: a strip on the charts' time axis, and their table. */
export function incidentTable({ data: { incidents }, moreIncidents, refused }: RunReport): Markup | null {
  if (incidents.length === 0 && refused.length === 0) return null;
  const reasons = [...refused].toSorted(([, a], [, b]) => b - a);
  return markup`<figure><h3>Gaps, halts, disconnections and refusals</h3>${
    incidents.length === 0 ? null : markup`
      <div class="strip" id="incidents"></div>
      <ul class="kinds">${
      [...Map.groupBy(incidents, ([kind]) => kind)].map(([kind, { length }]) =>
        markup`<li><span class="incident ${kind}" data-letter="${INCIDENT_LETTERS[kind]}"></span>${
          INCIDENT_WORDS[kind]
        } ${grouped(length)}</li>`
      )
    }</ul>
      ${tableBehind("incidents", ["Time", "What", "Details"])}
    `
  }${
    refused.length === 0
      ? null
      : markup`<p class="muted">Refused orders: ${
        reasons.map(([reason, count]) => `${reason} ${grouped(count)}`).join(", ")
      }.</p>`
  }${
    moreIncidents === 0
      ? null
      : markup`<p class="muted">${grouped(moreIncidents)} more are counted but not shown.</p>`
  }</figure>`;
}

/** The table behind a chart. The script makes its rows when the reader opens it. */
export function tableBehind(id: string, heads: readonly string[]): Markup {
  return markup`
    <details id="table-${id}">
      <summary>Table</summary>
      <div class="scroll">
        <table>
          <thead>
            <tr>${heads.map((head) => markup`<th scope="col">${head}</th>`)}</tr>
          </thead>
          <tbody></tbody>
        </table>
      </div>
    </details>
  `;
}

/** The outcome under each fill model. */
export function modelTable({ models, summary, metrics }: RunReport, quote: string): Markup | null {
  if (models.length === 0 || metrics === null) return null;
  const rows = [
    { name: "configured", assumed: "as above", ...summary, metrics },
    ...models.map((model) => ({
      name: model.model,
      assumed: `slippage ${model.slippage} bp, latency ${durationWords(model.latency)}`,
      ...model,
      metrics: model.metrics!,
    })),
  ];
  return markup`
    <section>
      <h2>Fill models</h2>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th>Model</th>
              <th>Assumes</th>
              <th class="number">Net profit, ${quote}</th>
              <th class="number">Return</th>
              <th class="number">Largest drawdown</th>
              <th class="number">Fills</th>
            </tr>
          </thead>
          <tbody>${
    rows.map(({ name, assumed, metrics, maxDrawdown, fills }) =>
      markup`
              <tr>
                <td>${name}</td>
                <td>${assumed}</td>
                <td class="number">${signedMoney(metrics.netProfit)}</td>
                <td class="number">${percent(metrics.return)}</td>
                <td class="number">${unsignedPercent(maxDrawdown)}</td>
                <td class="number">${grouped(fills)}</td>
              </tr>
            `
    )
  }</tbody>
        </table>
      </div>
    </section>
  `;
}

/** The last state of a run. */
export function stateTables({ state }: RunReport): Markup | null {
  if (state === undefined) return null;
  return markup`<section><h2>State</h2><div class="columns">${
    state.tables.map(({ heading, rows }) =>
      markup`
        <figure>
          <h3>${heading}</h3>
          <div class="scroll">
            <table class="facts">
              <tbody>${
        rows.map(([label, value]) =>
          markup`<tr><th scope="row">${label}</th><td class="wrap">${value}</td></tr>`
        )
      }</tbody>
            </table>
          </div>
        </figure>
      `
    )
  }</div></section>`;
}

/** What a reader needs to repeat the run. */
export function originOf({ origin, dataDigest }: RunReport): Markup {
  const { version, options, files, command, journal } = origin;
  const facts: (readonly [string, string | null])[] = [
    ["Penstock", version],
    ["Input", files.length === 0 ? null : files.join(", ")],
    ["Digest of the trades", dataDigest],
    ["Journal", journal === null ? null : journal.path],
    [`Hash of entry ${journal?.entry}`, journal === null ? null : journal.hash],
  ];
  return markup`<section><h2>${command === null ? "Where it comes from" : "How to repeat it"}</h2>${
    command === null ? null : markup`<pre>${command}</pre>`
  }<div class="scroll"><table class="figures"><tbody>${
    facts.filter(([, value]) => value !== null).map(([name, value]) =>
      markup`
        <tr>
          <td>${name}</td>
          <td class="wrap"><code>${value}</code></td>
        </tr>
      `
    )
  }</tbody></table></div><details><summary>All options</summary><div class="scroll"><table class="figures"><tbody>${
    Object.entries(options).map(([name, value]) =>
      markup`
        <tr>
          <td>${name}</td>
          <td class="wrap">${typeof value === "object" ? JSON.stringify(value) : String(value)}</td>
        </tr>
      `
    )
  }</tbody></table></div></details></section>`;
}
