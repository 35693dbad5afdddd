/** The sentences and figures of the report's page. */
import { Money } from "../../domain/numbers/money.ts";
import {
  grouped,
  hundredths,
  money,
  NONE,
  percent,
  signedMoney,
  span,
  unsignedPercent,
} from "../terminal/figures.ts";
import { type Markup, markup } from "./markup.ts";
import { timeOf } from "./page_times.ts";
import { figureRows, type Row } from "./report_table.ts";
import type { RunReport } from "./run_report.ts";

/** The outcome in a sentence or two. */
export function verdict({ kind, summary, metrics, origin, state }: RunReport, quote: string): string {
  const cash = cashOf(origin);
  const net = new Money(summary.equity).minus(cash);
  const fraction = metrics?.return ?? net.div(cash).toFixed(8);
  const outcome = net.isZero() ? "broke even" : net.isNegative() ? "lost" : "made";
  const amount = net.isZero() ? "" : ` ${money(net.abs().toFixed())} ${quote} (${percent(fraction)})`;
  const time = summary.firstTime === null || summary.lastTime === null
    ? ""
    : ` in ${span(Date.parse(summary.lastTime) - Date.parse(summary.firstTime))}`;
  const sentences = [
    `The strategy ${outcome}${amount}${time}, after ${money(summary.fees)} ${quote} of fees.`,
  ];
  if (metrics !== null && metrics.buyAndHoldReturn !== null) {
    const same = metrics.buyAndHoldAtExposure === null
      ? ""
      : `, or ${percent(metrics.buyAndHoldAtExposure)} at the same exposure`;
    sentences.push(`Buying and holding would have returned ${percent(metrics.buyAndHoldReturn)}${same}.`);
  }
  if (state !== undefined) sentences.push(state.sentence);
  if (summary.halt !== null) {
    sentences.push(`Trading ${kind === "Run" ? "is" : "ended"} halted: ${summary.halt.reason}.`);
  }
  // Keeps a percent sign on the line of its number.
  return sentences.join(" ").replaceAll(" %", "\u00a0%");
}

/** The figures that readers look for first. */
export function tiles({ summary, metrics, origin }: RunReport, quote: string): Markup {
  const net = new Money(summary.equity).minus(cashOf(origin)).toFixed();
  const rows: (readonly [label: string, value: string, kind?: string])[] = [
    [
      `Net profit, ${quote}`,
      signedMoney(net),
      /[1-9]/.test(net) ? net.startsWith("-") ? "loss" : "gain" : "",
    ],
    [`Equity, ${quote}`, money(summary.equity)],
    ...(summary.maxDrawdown === null
      ? []
      : [["Largest drawdown", unsignedPercent(summary.maxDrawdown)] as const]),
    [`Fees, ${quote}`, money(summary.fees)],
    ["Fills", grouped(summary.fills)],
  ];
  if (metrics !== null) {
    rows.splice(1, 0, ["Return", percent(metrics.return)], [
      "Against buy and hold",
      percent(metrics.excessReturn),
    ]);
    rows.push(["Round trips won", metrics.roundTrips === 0 ? NONE : unsignedPercent(metrics.winRate)]);
    rows.push(["Profit factor", ratioText(metrics.profitFactor)], ["Sharpe", ratioText(metrics.sharpe)]);
  } else rows.splice(1, 0, ["Return", percent(new Money(net).div(cashOf(origin)).toFixed(8))]);
  return markup`<dl class="tiles">${
    rows.map(([label, value, kind = ""]) =>
      markup`
        <div class="tile">
          <dt>${label}</dt>
          <dd class="${kind}">${value}</dd>
        </div>
      `
    )
  }</dl>`;
}

function ratioText(ratio: string | null): string {
  return ratio === null ? NONE : hundredths(new Money(ratio));
}

/** Cash at the start, quote currency. */
function cashOf({ options }: RunReport["origin"]): Money {
  return new Money(String(options["cash"]));
}

/** All figures, a column for each fill model. */
export function figureTable(
  { summary, metrics, models, refused }: RunReport,
  names: { readonly base: string; readonly quote: string },
): Markup | null {
  if (metrics === null) return null;
  const rows = figureRows(names, refused.map(([reason]) => reason).sort());
  const columns = [
    {
      title: models.length === 0 ? "" : "configured",
      figures: { ...summary, metrics, refused: new Map(refused) },
    },
    ...models.map((model) => ({
      title: model.model,
      figures: { ...model, metrics: model.metrics!, refused: null },
    })),
  ];
  return markup`
    <section>
      <h2>Figures</h2>
      <div class="${models.length === 0 ? "columns" : "columns large"}">${
    sectionsOf(rows).map(({ heading, rows }) =>
      markup`
        <div class="scroll">
          <table class="figures">
            <thead>
              <tr>
                <th scope="col">${heading}</th>${
        columns.map(({ title }) => markup`<th scope="col" class="number">${title}</th>`)
      }
              </tr>
            </thead>
            <tbody>${
        rows.map(([name, figureOf]) =>
          markup`<tr><td class="${name.startsWith("  ") ? "part" : ""}">${name.trim()}</td>${
            columns.map(({ figures }) =>
              markup`<td class="number">${
                figures.refused === null && name.startsWith("  ") && refused.some(([reason]) =>
                    reason === name.trim()
                  )
                  ? ""
                  : shown(figureOf({ ...figures, refused: figures.refused ?? new Map() }))
              }</td>`
            )
          }</tr>`
        )
      }</tbody>
          </table>
        </div>
      `
    )
  }</div>
    </section>
  `;
}

/** A figure, or a time that the page's script can show in another zone. */
function shown(figure: string): Markup | string {
  return /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(figure) ? timeOf(`${figure.replace(" ", "T")}Z`) : figure;
}

/** Groups rows by the heading above them. */
function sectionsOf<Outcome>(
  all: readonly Row<Outcome>[],
): { readonly heading: string; readonly rows: Exclude<Row<Outcome>, string>[] }[] {
  const sections: { readonly heading: string; readonly rows: Exclude<Row<Outcome>, string>[] }[] = [];
  for (const row of all) {
    if (typeof row === "string") sections.push({ heading: row, rows: [] });
    else sections.at(-1)?.rows.push(row);
  }
  return sections;
}
