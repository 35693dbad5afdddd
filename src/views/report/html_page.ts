/**
 * The report as one HTML page that loads nothing. Its Content-Security-Policy allows its own script and style by their
 * hashes and nothing else, so that no text in it can run.
 */
import { createHash } from "node:crypto";
import { grouped } from "../terminal/figures.ts";
import { Markup, markup } from "./markup.ts";
import { fitting } from "./page_cuts.ts";
import { packed } from "./page_data.ts";
import { SCRIPT, STYLE } from "./page_parts.ts";
import {
  distributions,
  drawdownTable,
  incidentTable,
  modelTable,
  originOf,
  stateTables,
} from "./page_sections.ts";
import { figureTable, tiles, verdict } from "./page_figures.ts";
import type { RunReport } from "./run_report.ts";

/** How every page starts. */
export const PAGE_START = '<!DOCTYPE html>\n<html lang="en" data-penstock="report">';

/** What a journal does not have. */
const AT_EVENTS =
  "A journal has the price at signals, at fills and at the last checkpoint: between these points, which straight lines connect, neither price nor equity nor drawdown is known.";

/** The page's markup, of at most `MOST_BYTES`. */
export function htmlPage(report: RunReport): Promise<string> {
  return fitting(report, pageOf);
}

async function pageOf(report: RunReport): Promise<string> {
  const { kind, data: pictures, assumptions, trips } = report;
  const { symbol, base, quote } = pictures;
  const data = await packed(pictures);
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(SCRIPT)}'`,
    // The charts place their parts by properties of elements, which no policy concerns.
    `style-src '${hashOf(STYLE)}'`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const title = `${kind} of ${symbol}`;
  return PAGE_START + markup`
    <head>
      <meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="${policy}">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <title>${title} – Penstock</title>
      <link rel="icon" href="data:,">
      <style>${new Markup(STYLE)}</style>
    </head>
    <body>
    <header><h1>${title}</h1>
    <button id="zone" title="Show times in UTC or in your own time zone">UTC</button>
    <button id="theme">Light or dark</button></header>
    <p class="verdict">${verdict(report, quote)}</p>
    ${tiles(report, quote)}
    ${stateTables(report)}
    <section><h2>Assumed</h2>${assumptions.map((line) => markup`<p>${line}</p>`)}</section>
    <section><h2>Equity, drawdown and price</h2>
    ${pictures.atEvents === undefined ? null : markup`<p class="muted">${AT_EVENTS}</p>`}
    <div class="toolbar"><button id="zoom-reset">Whole run</button><span class="muted" id="span"></span></div>
    <p class="muted">Drag over a stretch of time to zoom in; double-click to see the whole run. With the keyboard: + and -, arrows, 0. Click a fill to see its round trip.</p>
    ${
    chartFigure(
      "equity",
      pictures.atEvents === undefined ? `Equity and buy and hold, ${quote}` : `Equity, ${quote}`,
      `Equity, ${quote}`,
    )
  }
    ${chartFigure("drawdown", "Drawdown, share of the peak", "Drawdown, fraction of the peak")}
    ${
    chartFigure(
      "price",
      `Price with fills (▲ buy, ▼ sell), ${quote}`,
      `Price, ${quote}`,
    )
  }
    ${
    report.hasAllFills ? null : markup`
      <p
        class="muted">There are more fills than the chart can show apart: fills close to each other share a mark.</p>
    `
  }
    <div id="figure-values" hidden>${chartFigure("values", "The strategy's values", "Value")}</div>
    ${incidentTable(report)}
    ${
    pictures.volatility === null ? null : chartFigure(
      "volatility",
      "Rolling volatility of equity, annualised, over 30 returns",
      "Volatility, a fraction a year",
    )
  }
    </section>
    ${distributions(trips, quote)}
    <section><h2>Round trips</h2>
    ${tripNote(report)}
    <div class="toolbar">
    <label>Outcome <select id="trip-outcome"><option value="">all</option><option value="won">won</option><option value="lost">lost</option><option value="even">even</option></select></label>
    <label>Cause <select id="trip-cause"><option value="">all</option></select></label>
    <button id="trip-previous">Previous</button><button id="trip-next">Next</button>
    <span class="muted" id="trip-range"></span><button id="trip-csv">Save as CSV</button></div>
    <div class="scroll"><table id="trips"><thead><tr></tr></thead><tbody></tbody></table></div></section>
    ${drawdownTable(report, quote)}
    ${figureTable(report, { base, quote })}
    ${modelTable(report, quote)}
    ${originOf(report)}
    <script type="application/octet-stream" id="data">${data}</script>
    <script type="module">${new Markup(SCRIPT)}</script>
    </body>
    </html>
  `.text;
}

function chartFigure(id: string, heading: string, column: string): Markup {
  return markup`
    <figure>
      <h3>${heading}</h3>
      <div class="chart" id="chart-${id}" tabindex="0" role="group" aria-label="${heading}"></div>
      <details id="table-${id}">
        <summary>Table</summary>
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th>Time</th>
                <th>${column}</th>
              </tr>
            </thead>
            <tbody></tbody>
          </table>
        </div>
      </details>
    </figure>
  `;
}

function tripNote({ trips: { count }, data }: RunReport): Markup {
  const kept = data.trips.numbers.length;
  return kept === count ? markup`<p class="muted">Click a round trip to see it on the chart.</p>` : markup`
    <p
      class="muted">${grouped(kept)} of ${
    grouped(count)
  } round trips: the last, the best and the worst. Every figure above and below is from all of them.</p>
  `;
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
