/** Charts of a sweep's page as SVG, each with its table behind it. */
import type { SweepEvent } from "../../domain/run/sweep_result.ts";
import { optionsText, rankWords } from "../tables/option_words.ts";
import type { RankedRows } from "../tables/ranked_rows.ts";
import { money, signedMoney, unsignedPercent } from "../terminal/figures.ts";
import { drawnPlaces } from "./coarse_lines.ts";
import { type Markup, markup } from "./markup.ts";
import { timeOf } from "./page_times.ts";

const WIDTH = 600;
const HEIGHT = 160;
/** A line is drawn through at most about this many of its points. */
const MOST_POINTS = 800;
const TABLE_ROWS = 200;

/** The net profit of the best rows in sample, next to that on the held-out trades; null if no trades were held out. */
export function inAndOutOfSample({ rows }: RankedRows, quote: string): Markup | null {
  const pairs = rows.flatMap(({ row: { netProfit, test } }) =>
    test === null ? [] : [{ inside: netProfit, outside: test.netProfit }]
  );
  if (pairs.length === 0) return null;
  const all = pairs.flatMap(({ inside, outside }) => [Number(inside), Number(outside)]);
  const top = Math.max(0, ...all);
  const range = top - Math.min(0, ...all) || 1;
  const zero = top / range * HEIGHT;
  const step = WIDTH / pairs.length;
  const kept = pairs.filter(({ outside }) => Number(outside) > 0).length;
  const bar = (kind: string, x: number, amount: string): Markup => {
    const size = Math.abs(Number(amount)) / range * HEIGHT;
    return markup`<rect class="${kind}" x="${x.toFixed(1)}" y="${
      (Number(amount) >= 0 ? zero - size : zero).toFixed(1)
    }" width="${(step * 0.36).toFixed(1)}" height="${Math.max(size, 0.8).toFixed(1)}"/>`;
  };
  const heading = `Net profit in and out of sample, ${quote}`;
  return markup`
    <section><h2>In and out of sample</h2>
    <p>${kept} of the ${pairs.length} best configurations made a profit on the held-out trades.</p>
    <figure><h3>${heading}</h3>
    <p class="muted keys"><span class="key inside"></span>left: in sample <span class="key outside"></span>right, outlined: held-out trades. The best configuration comes first.</p>
    <svg class="bars" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${heading}">${
    pairs.map(({ inside, outside }, at) =>
      markup`<g><title>${at + 1}: ${signedMoney(inside)} in sample, ${
        signedMoney(outside)
      } out of sample</title>${bar("inside", at * step + step * 0.1, inside)}${
        bar("outside", at * step + step * 0.5, outside)
      }</g>`
    )
  }<line x1="0" x2="${WIDTH}" y1="${zero.toFixed(1)}" y2="${zero.toFixed(1)}"/></svg>
    ${
    table(["Place", "In sample", "Out of sample"], [
      ...pairs.map(({ inside, outside }, at) => [`${at + 1}`, signedMoney(inside), signedMoney(outside)]),
    ])
  }</figure></section>
  `;
}

/**
 * What the choice of each window earned in the next window, and the equity of all windows one after another; null if
 * the user did not ask for it.
 */
export function walkForward(
  { rank, walkForward, walkForwardCurve, walkForwardEfficiency, walkForwardNetProfit }: Omit<
    SweepEvent,
    "type"
  >,
  quote: string,
  isAsked: boolean,
): Markup | null {
  if (walkForward.length === 0) {
    return !isAsked
      ? null
      : markup`<section><h2>Walk-forward</h2><p>No row has a ${
        rankWords(rank)
      } in any window, so nothing could be chosen: use fewer windows or another --rank.</p></section>`;
  }
  const windows = walkForward.map(({ from, options, chosenProfit, netProfit }) =>
    markup`<tr><td>${timeOf(from)}</td><td class="wrap">${optionsText(options)}</td><td class="number">${
      signedMoney(chosenProfit)
    }</td><td class="number">${signedMoney(netProfit)}</td></tr>`
  );
  return markup`
    <section><h2>Walk-forward</h2>
    <p>Chosen in each window and traded in the next, the windows ${
    walkForwardNetProfit?.startsWith("-") ? "lost" : "made"
  } ${money(walkForwardNetProfit?.replace("-", "") ?? null)} ${quote}${
    walkForwardEfficiency === null
      ? ""
      : `: ${
        unsignedPercent(walkForwardEfficiency)
      } of what the choices had earned over the same length of time (efficiency)`
  }.</p>
    ${curve(walkForwardCurve, walkForward.map(({ from }) => from), quote)}
    <div class="scroll"><table><thead><tr><th scope="col">Window from</th><th scope="col">Chosen before</th><th scope="col" class="number">Earned before, ${quote}</th><th scope="col" class="number">Earned here, ${quote}</th></tr></thead><tbody>${windows}</tbody></table></div></section>
  `;
}

function curve(
  points: SweepEvent["walkForwardCurve"],
  starts: readonly string[],
  quote: string,
): Markup | null {
  if (points.length < 2) return null;
  const times = points.map(([time]) => Date.parse(time));
  const values = points.map(([, equity]) => Number(equity));
  const [from, to] = [times[0]!, times.at(-1)!];
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) [least, most] = [Math.min(least, value), Math.max(most, value)];
  const x = (time: number): string => ((time - from) / (to - from || 1) * WIDTH).toFixed(1);
  const y = (value: number): string =>
    (most === least ? HEIGHT / 2 : 2 + (most - value) / (most - least) * (HEIGHT - 4)).toFixed(1);
  const path = drawnPlaces(values, MOST_POINTS).map((at) => `${x(times[at]!)},${y(values[at]!)}`).join(" ");
  const every = Math.ceil(points.length / TABLE_ROWS);
  const shown = points.filter((_, at) => at % every === 0 || at === points.length - 1);
  const heading = `Equity of the windows one after another, ${quote}`;
  return markup`
    <figure><h3>${heading}</h3>
    <p class="muted">Highest ${money(String(most))}, lowest ${
    money(String(least))
  }. Each vertical line is the start of a window.</p>
    <svg class="curve" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${heading}">${
    starts.map((start) =>
      markup`<line x1="${x(Date.parse(start))}" x2="${x(Date.parse(start))}" y1="0" y2="${HEIGHT}"/>`
    )
  }<polyline points="${path}"/></svg>
    <p class="muted ends"><span>${timeOf(points[0]![0])}</span><span>${timeOf(points.at(-1)![0])}</span></p>
    ${
    table(["Time", `Equity, ${quote}`], shown.map(([time, equity]) => [timeOf(time), money(equity)]))
  }</figure>
  `;
}

function table(heads: readonly string[], rows: readonly (readonly (string | Markup)[])[]): Markup {
  return markup`<details><summary>Table</summary><div class="scroll"><table><thead><tr>${
    heads.map((head, at) => markup`<th scope="col" class="${at === 0 ? "" : "number"}">${head}</th>`)
  }</tr></thead><tbody>${
    rows.map((cells) =>
      markup`<tr>${
        cells.map((cell, at) => markup`<td class="${at === 0 ? "" : "number"}">${cell}</td>`)
      }</tr>`
    )
  }</tbody></table></div></details>`;
}
