/** The report as one HTML page that loads nothing. */
import { Money } from "../../domain/numbers/money.ts";
import { counted, grouped } from "../terminal/figures.ts";
import { withSpacedLatency } from "./assumptions.ts";
import { documentOf } from "./html_document.ts";
import { type Markup, markup } from "./markup.ts";
import { fitting } from "./page_cuts.ts";
import { encoded } from "./page_data.ts";
import { SCRIPT, STYLE } from "./page_parts.ts";
import {
  distributions,
  drawdownTable,
  incidentTable,
  modelTable,
  originOf,
  stateTables,
  tableBehind,
} from "./page_sections.ts";
import { timeOf } from "./page_times.ts";
import { figureTable, tiles, verdict } from "./page_figures.ts";
import type { RunReport } from "./run_report.ts";

/** How every page starts. */
export const PAGE_START = '<!DOCTYPE html>\n<html lang="en" data-penstock="report">';

/** What a journal does not record. */
const AT_EVENTS =
  "A journal records the price only at signals, at fills and at the last checkpoint. Straight lines connect these points; between them, price, equity and drawdown are unknown.";

/** The page's markup, of at most `MOST_BYTES`. */
export function htmlPage(report: RunReport): Promise<string> {
  return fitting(report, pageOf);
}

async function pageOf(report: RunReport): Promise<string> {
  const title = `${report.kind} of ${report.data.symbol}`;
  return await htmlDocument(
    title,
    markup`
    ${runHead(title, report)}
    ${runBody(report)}
    <script type="application/octet-stream" id="data">${await encoded(report.data)}</script>
  `,
  );
}

/** A whole page of a report with this body, which may contain no script but the page's own. */
export async function htmlDocument(title: string, body: Markup): Promise<string> {
  const parts = { start: PAGE_START, title, body, script: SCRIPT, style: STYLE, sources: [] };
  return (await documentOf(parts)).html;
}

/** What was run, in a line below the heading of its page. */
function runHead(title: string, { summary: { trades, firstTime, lastTime }, origin }: RunReport): Markup {
  return pageHead(
    title,
    markup`${counted(trades, "trade")}${
      firstTime === null ? null : markup`, ${timeOf(firstTime)} to ${timeOf(lastTime)}`
    }, Penstock ${origin.version}`,
  );
}

/** The heading of a page, with a note below it and the buttons that affect the whole page. */
export function pageHead(title: string, note: Markup): Markup {
  return markup`
    <header><h1>${title}</h1>
    <button id="zone" title="Show times in UTC or in your own time zone">Times: UTC</button>
    <button id="theme" title="Change between light and dark">Light or dark</button></header>
    <p class="muted">${note}</p>
  `;
}

/** All sections of a report. The script draws its charts and its round trips from the data of the same report. */
export function runBody(report: RunReport): Markup {
  const { data: { base, quote }, trips } = report;
  return markup`
    <p class="verdict">${verdict(report, quote)}</p>
    ${tiles(report, quote)}
    ${stateTables(report)}
    ${assumed(report)}
    ${chartSection(report)}
    ${distributions(trips, quote)}
    ${tripSection(report)}
    ${drawdownTable(report, quote)}
    ${figureTable(report, { base, quote })}
    ${modelTable(report, quote)}
    ${originOf(report)}
  `;
}

/** What was assumed; lines that were wrapped for a terminal are whole again. */
function assumed({ assumptions }: RunReport): Markup {
  const lines = assumptions.join("\n").replace(/\n {4}/g, " ").split("\n");
  return markup`<section class="assumed"><h2>Assumptions</h2>${
    lines.map((line) => markup`<p>${withSpacedLatency(line)}</p>`)
  }</section>`;
}

function chartSection(report: RunReport): Markup {
  const { data: { quote, atEvents, volatility }, hasAllFills } = report;
  const equity = atEvents === undefined ? `Equity and buy and hold, ${quote}` : `Equity, ${quote}`;
  return markup`
    <section><h2>Equity, drawdown and price</h2>
    ${atEvents === undefined ? null : markup`<p class="muted">${AT_EVENTS}</p>`}
    <div class="toolbar"><button id="zoom-reset">Whole run</button><span class="muted" id="span" aria-live="polite"></span></div>
    <p class="muted on-screen">Drag across a chart to zoom in, and double-click to see the whole run. On the keyboard, + and - zoom, the arrows move, and 0 shows the whole run. Click a fill to see its round trip.</p>
    ${chartFigure("equity", equity, `Equity, ${quote}`)}
    ${chartFigure("drawdown", "Drawdown, share of the peak", "Drawdown, fraction of the peak")}
    ${chartFigure("price", `Price with fills (▲ buy, ▼ sell), ${quote}`, `Price, ${quote}`)}
    ${
    hasAllFills
      ? null
      : markup`<p class="muted">Some marks stand for several fills that are close to each other.</p>`
  }
    <div id="figure-values" hidden>${chartFigure("values", "The strategy's values", "Value")}</div>
    ${incidentTable(report)}
    ${
    volatility === null ? null : chartFigure(
      "volatility",
      "Rolling volatility of equity, annualized, over 30 returns",
      "Volatility, a fraction a year",
    )
  }
    </section>
  `;
}

function chartFigure(id: string, heading: string, column: string): Markup {
  return markup`
    <figure>
      <h3>${heading}</h3>
      <div class="chart" id="chart-${id}" tabindex="0" role="group" aria-label="${heading}"></div>
      ${tableBehind(id, ["Time", column])}
    </figure>
  `;
}

/** The table of the round trips. The script makes its rows. */
function tripSection(report: RunReport): Markup {
  if (report.data.trips.numbers.length === 0) {
    return markup`<section><h2>Round trips</h2><p class="muted">${noTrips(report)}</p></section>`;
  }
  return markup`
    <section><h2>Round trips</h2>
    ${tripNote(report)}
    <div class="toolbar">
    <label>Outcome <select id="trip-outcome"><option value="">all</option><option value="won">won</option><option value="lost">lost</option><option value="even">even</option></select></label>
    <label>Cause <select id="trip-cause"><option value="">all</option></select></label>
    <button id="trip-previous">Previous</button><button id="trip-next">Next</button>
    <span class="muted" id="trip-range" aria-live="polite"></span><button id="trip-csv">Save as CSV</button></div>
    <div class="scroll"><table id="trips"><thead><tr></tr></thead><tbody></tbody></table></div></section>
  `;
}

/** Why there is no round trip to show. */
function noTrips({ trips: { count }, summary: { fills, position } }: RunReport): string {
  if (count > 0) return `This page has no room for ${counted(count, "round trip")}.`;
  if (fills === 0) return "There were no fills, so there are no round trips.";
  return new Money(position).isZero()
    ? "There were no round trips."
    : "No round trip has ended: the position is still open.";
}

function tripNote({ trips: { count }, data, kind }: RunReport): Markup {
  const kept = data.trips.numbers.length;
  if (kept === count) {
    return markup`<p class="muted on-screen">Click a round trip to see it on the chart.</p>`;
  }
  const all = kind === "Run"
    ? "penstock export --trips writes all of them."
    : "After a backtest with --state, penstock export --trips writes all of them.";
  return markup`
    <p class="muted">This table has ${grouped(kept)} of ${
    grouped(count)
  } round trips: the last, the best and the worst. ${all} The figures on this page cover all of them.<span class="on-screen"> Click a round trip to see it on the chart.</span></p>
  `;
}
