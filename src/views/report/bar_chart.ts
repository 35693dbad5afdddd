/** A bar chart as SVG, followed by its table. */
import { Money } from "../../domain/numbers/money.ts";
import { money, signedMoney } from "../terminal/figures.ts";
import type { TripTotals } from "../../domain/performance/trip_totals.ts";
import { type Markup, markup } from "./markup.ts";

/** One bar: its label, and the trips it stands for; null for none. */
export interface Bar {
  readonly label: string;
  readonly totals: TripTotals | null;
}

const WIDTH = 300;
const HEIGHT = 150;
const BOTTOM = 16;
/** The width of a letter of a label, and of the space between two labels. */
const LETTER = 5.6;
const SPACE = 6;
/** A single bar over the whole width would look like an error. */
const FEWEST_SLOTS = 6;

/** Profits in `quote` currency, under the heading `what`, such as `Profit by hour, UTC`. */
export function barChart(what: string, quote: string, bars: readonly Bar[]): Markup {
  const profits = bars.map(({ totals }) => totals === null ? 0 : Number(totals.profit));
  const top = Math.max(0, ...profits);
  const range = top - Math.min(0, ...profits) || 1;
  const height = HEIGHT - BOTTOM;
  const zero = top / range * height;
  const step = WIDTH / Math.max(bars.length, FEWEST_SLOTS);
  const longest = Math.max(...bars.map(({ label }) => label.length));
  const every = Math.ceil((longest * LETTER + SPACE) / step);
  return markup`
    <figure>
      <h3>${what}</h3>
      <p class="muted">${extremes(bars, quote)}</p>
      <svg class="bars" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img"
        aria-label="${what}">${
    bars.map(({ label, totals }, at) => {
      const profit = profits[at]!;
      const size = Math.abs(profit) / range * height;
      const y = profit >= 0 ? zero - size : zero;
      const title = totals === null
        ? `${label}: no round trips`
        : `${label}: ${signedMoney(totals.profit)} ${quote}, ${totals.count} round trips`;
      return markup`
            <g>
              <title>${title}</title>
              <rect class="${profit >= 0 ? "gain" : "loss"}" x="${(at * step + step * 0.1).toFixed(1)}" y="${
        y
          .toFixed(1)
      }" width="${(step * 0.8).toFixed(1)}" height="${
        Math.max(
          size,
          totals === null ? 0 : 0.8,
        ).toFixed(1)
      }" />
            </g>${
        at % every === 0
          ? markup`<text x="${Math.max(label.length * LETTER / 2, at * step + step / 2).toFixed(1)}" y="${
            HEIGHT - 4
          }" text-anchor="middle">${label}</text>`
          : null
      }
          `;
    })
  }<line x1="0" x2="${WIDTH}" y1="${zero.toFixed(1)}" y2="${zero.toFixed(1)}"/></svg>
      <details>
        <summary>Table</summary>
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th></th>
                <th class="number">Round trips</th>
                <th class="number">Won</th>
                <th class="number">Profit, ${quote}</th>
                <th class="number">Mean</th>
              </tr>
            </thead>
            <tbody>${
    bars.filter(({ totals }) => totals !== null).map(({ label, totals }) =>
      markup`
                <tr>
                  <td>${label}</td>
                  <td class="number">${totals!.count}</td>
                  <td class="number">${totals!.wins}</td>
                  <td class="number">${signedMoney(totals!.profit)}</td>
                  <td class="number">${money(new Money(totals!.profit).div(totals!.count).toFixed(8))}</td>
                </tr>
              `
    )
  }</tbody>
          </table>
        </div>
      </details>
    </figure>
  `;
}

/** The best and the worst bar, in words. */
function extremes(bars: readonly Bar[], quote: string): string {
  const known = bars.flatMap(({ label, totals }) => totals === null ? [] : [{ label, profit: totals.profit }])
    .sort((one, other) => Number(one.profit) - Number(other.profit));
  const [worst, best] = [known[0], known.at(-1)];
  if (worst === undefined || best === undefined) return "";
  const text = ({ label, profit }: typeof best): string => `${label}: ${signedMoney(profit)} ${quote}`;
  return known.length === 1 ? `Only ${text(best)}` : `Best ${text(best)}; worst ${text(worst)}`;
}
