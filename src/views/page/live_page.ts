/** The live page of `penstock watch`: markup without figures. Its script fills them in from what the server sends. */
import { documentOf, type HtmlDocument } from "../report/html_document.ts";
import { type Markup, markup } from "../report/markup.ts";
import { INCIDENT_LETTERS, INCIDENT_WORDS } from "../report/page_format.ts";
import { SCRIPT, STYLE } from "./page_parts.ts";

const START = '<!DOCTYPE html>\n<html lang="en" data-penstock="live">';

/** Time spans to show: seconds, and the label of the button. */
const SPANS = [["900", "15 min"], ["3600", "1 h"], ["21600", "6 h"], ["86400", "24 h"], [
  "all",
  "All",
]] as const;
const KINDS = [["", "All"], ["trade", "Trades"], ["alert", "Alerts"]] as const;

/** The columns of the table of all runs. */
const RUN_HEADS = [
  ...["Run", "State", "Price", "Equity", "Result", "Drawdown", "Position", "Heartbeat", "Last event"],
];

/** What the marks on the chart of the price mean. */
const PRICE_KEY = `▲ buy, ▼ sell; dashed line: cost of the position; ${
  (["halt", "released", "disconnected", "gap", "reset"] as const)
    .map((kind) => `${INCIDENT_LETTERS[kind]} ${INCIDENT_WORDS[kind]}`).join(", ")
}`;

/**
 * Returns the page and its Content-Security-Policy: only its own script and style run, it connects only to its own
 * origin, and no other page may frame it.
 */
export async function livePage(): Promise<HtmlDocument> {
  const { html, policy } = await documentOf({
    start: START,
    title: "Watch",
    body: body(),
    script: SCRIPT,
    style: STYLE,
    sources: ["connect-src 'self'"],
  });
  // This directive works only in a header.
  return { html, policy: `${policy}; frame-ancestors 'none'` };
}

function body(): Markup {
  return markup`
    <header>
      <a id="back" href="#" hidden>All runs</a>
      <div class="name">
        <h1 id="heading" tabindex="-1">Penstock</h1>
        <span id="state" class="state" hidden></span>
      </div>
      <span id="heartbeat" class="muted"></span>
      <span id="subject" class="muted"></span>
      <span id="link" class="link">connecting</span>
      <button id="zone" title="Show times in UTC or in your own time zone">Times: UTC</button>
      <button id="theme" title="Change between light and dark">Theme</button>
    </header>
    <p id="announcer" class="unseen" role="status"></p>
    <ul id="alerts" aria-label="Alerts" hidden></ul>
    <noscript><p>This page shows a run while it is running, which needs JavaScript. penstock status shows the same figures once.</p></noscript>
    <main>
      <p id="waiting" class="muted">Waiting for the first figures.</p>
      <section id="overview" aria-label="All runs" hidden>
        <table id="runs">
          <thead><tr>${RUN_HEADS.map((head) => markup`<th scope="col">${head}</th>`)}</tr></thead>
          <tbody></tbody>
        </table>
      </section>
      ${run()}
    </main>
  `;
}

/** One run. */
function run(): Markup {
  return markup`
    <section id="run" aria-label="Run" hidden>
      <dl class="tiles">
        ${tile("price")}
        ${tile("equity")}
        ${tile("drawdown", meter())}
        ${tile("position")}
        ${tile("cash")}
        ${tile("realized")}
      </dl>
      <div class="columns">
        <div>
          ${charts()}
          <section class="panel">
            <h2 id="fills-heading">Last fills</h2>
            <p id="no-fills" class="muted" hidden>None yet.</p>
            <div class="scroll"><table id="fills"><thead><tr></tr></thead><tbody></tbody></table></div>
          </section>
        </div>
        <div class="aside">
          <section class="panel" id="log-panel">
            <div class="toolbar" role="group" aria-label="Events shown">
              <h2>Events</h2>
              ${KINDS.map(([kind, text]) => choice("kind", kind, text, kind === ""))}
            </div>
            <ol id="log" tabindex="0" aria-label="Events, the newest first"></ol>
          </section>
          <section class="panel">
            <h2>Run and connection</h2>
            <dl id="health"></dl>
          </section>
        </div>
      </div>
    </section>
  `;
}

/** The charts, and the same data as a table. */
function charts(): Markup {
  return markup`
    <section class="charts" aria-label="Charts">
      <div class="toolbar" role="group" aria-label="Time shown">
        ${SPANS.map(([value, text]) => choice("shown", value, text, value === "all"))}
        <span id="shown" class="muted" aria-live="polite"></span>
      </div>
      ${chart("price", "Price", PRICE_KEY)}
      ${chart("equity", "Equity", "Cash and the position at the last price")}
      ${chart("drawdown", "Drawdown", "How far equity is below its peak; dashed line: the limit")}
      <details id="points">
        <summary>Table</summary>
        <div class="scroll" tabindex="0">
          <table>
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col" class="number">Price</th>
                <th scope="col" class="number">Equity</th>
                <th scope="col" class="number">Drawdown</th>
              </tr>
            </thead>
            <tbody></tbody>
          </table>
        </div>
      </details>
    </section>
  `;
}

/** A figure with a note below it. */
function tile(id: string, more: Markup | null = null): Markup {
  return markup`
    <div class="tile" id="tile-${id}"><dt></dt><dd class="figure"></dd>${more}<dd class="note"></dd></div>
  `;
}

function meter(): Markup {
  return markup`
    <dd class="bar"><div class="meter" id="drawdown-meter" role="meter" aria-label="Drawdown, share of its limit" aria-valuemin="0" aria-valuemax="100"><i></i></div></dd>
  `;
}

function chart(id: string, heading: string, key: string): Markup {
  return markup`
    <figure>
      <h3 title="${key}">${heading}</h3><p class="values" id="${id}-values" aria-hidden="true"></p>
      <div class="chart" id="chart-${id}" tabindex="0" role="group" aria-label="${heading}. ${key}. Keys: plus and minus zoom, arrows move, 0 shows all."></div>
    </figure>
  `;
}

/** One of several buttons, of which one is pressed. */
function choice(group: string, value: string, text: string, isPressed: boolean): Markup {
  return markup`<button data-${group}="${value}" aria-pressed="${String(isPressed)}">${text}</button>`;
}
