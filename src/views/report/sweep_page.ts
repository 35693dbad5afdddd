/** The report of a sweep as one HTML page that loads nothing, with the full reports of its best configurations. */
import { optionWord } from "../../domain/process/config_error.ts";
import type { SweepEvent } from "../../domain/run/sweep_result.ts";
import { probabilityText, spanText } from "../tables/luck_sentences.ts";
import { optionsText, optionText, rankWords } from "../tables/option_words.ts";
import { rankedTable, titleOf } from "../tables/sweep_table.ts";
import { assets } from "../terminal/assets.ts";
import { counted, grouped, NONE } from "../terminal/figures.ts";
import { withCoarseLines } from "./coarse_lines.ts";
import { colourMaps } from "./colour_maps.ts";
import { htmlDocument, pageHead, runBody } from "./html_page.ts";
import { Markup, markup } from "./markup.ts";
import { bytesOf, fitting, MOST_BYTES } from "./page_cuts.ts";
import { encoded } from "./page_data.ts";
import type { RunReport } from "./run_report.ts";
import { inAndOutOfSample, walkForward } from "./sweep_charts.ts";
import type { SweepReport } from "./sweep_report.ts";

/** The points of each line of a full report, whose charts are about this many pixels wide. */
const MOST_POINTS = 1_200;

/**
 * The page's markup, of at most `most` bytes. If necessary, it has the full reports of fewer of the best
 * configurations.
 */
export async function sweepPage(report: SweepReport, most = MOST_BYTES): Promise<string> {
  const { runs } = report;
  // This size includes the links to all full reports, so the reports may use all that is left.
  let left = most - bytesOf(await pageOf(report, runs.map(() => markup``)));
  const packedRuns: Markup[] = [];
  for (const [at, run] of runs.entries()) {
    const text = await fitting(
      withCoarseLines(run, MOST_POINTS),
      async (cut) => (await packedRun(cut, at, report)).text,
      Math.floor(left / (runs.length - at)),
    );
    const bytes = bytesOf(text);
    if (bytes > left) break;
    left -= bytes;
    packedRuns.push(new Markup(text));
  }
  return await pageOf(report, packedRuns);
}

async function pageOf(report: SweepReport, packedRuns: readonly Markup[]): Promise<string> {
  const { event, ranked, origin } = report;
  const { symbol } = event;
  const title = `Sweep of ${symbol}`;
  const { quote } = assets(symbol);
  return await htmlDocument(
    title,
    markup`
    ${
      pageHead(
        title,
        markup`${titleOf(event, String(origin.options["rank"] ?? event.rank))}, Penstock ${origin.version}`,
      )
    }
    <main id="sweep">
    ${luckSection(event, ranked.rows[0]?.row.sharpe ?? null)}
    ${colourMaps(ranked, event.rank)}
    ${rankedSection(report, packedRuns.length)}
    ${inAndOutOfSample(ranked, quote)}
    ${walkForward(event, quote, origin.options["walkForward"] != null)}
    ${originSection(report)}
    </main>
    <div id="run"></div>
    ${packedRuns}
  `,
  );
}

/** A full report as the script reads it once the reader opens it. */
async function packedRun(run: RunReport, at: number, { ranked, event }: SweepReport): Promise<Markup> {
  const { row } = ranked.rows[at]!;
  const body = markup`
    <p class="on-screen"><a href="#">Back to the sweep</a></p>
    <h2>Place ${at + 1}: ${optionsText(row.options)}</h2>
    <p class="muted">This is the backtest of the configuration${
    row.test === null ? "" : " in sample, without the held-out trades"
  }. It was chosen from ${
    counted(event.configurations, "configuration")
  }, so expect less of it than these figures. Its lines are coarser than on its own page, which the command at the end writes.</p>
    ${runBody(run)}
  `;
  return markup`<script type="application/octet-stream" id="run-${at + 1}">${await encoded({
    markup: body.text,
    data: run.data,
  })}</script>`;
}

/** The figures against luck, and what they mean. */
function luckSection(event: Omit<SweepEvent, "type">, sharpe: string | null): Markup {
  const probability = (text: string | null): string => text === null ? NONE : probabilityText(Number(text));
  const ratio = (text: string | null): string => text === null ? NONE : Number(text).toFixed(2);
  const tiles: readonly (readonly [string, string])[] = [
    ["Sharpe ratio of the best", ratio(sharpe)],
    ["Expected from luck alone", ratio(event.expectedMaximumSharpe)],
    ["Deflated Sharpe ratio", probability(event.deflatedSharpe)],
    ["Probability of overfitting", probability(event.probabilityOfOverfitting)],
    [
      "Minimum backtest length",
      event.minimumBacktestYears === null ? NONE : spanText(Number(event.minimumBacktestYears)),
    ],
    ["Configurations ever tried", grouped(event.tried)],
    ["Verdict", event.verdict],
  ];
  const last = event.sentences.at(-1) ?? "";
  return markup`
    <p class="verdict">${last}</p>
    <dl class="tiles">${
    tiles.map(([label, value]) => markup`<div class="tile"><dt>${label}</dt><dd>${value}</dd></div>`)
  }</dl>
    <section><h2>How much of it is luck</h2>${
    event.sentences.slice(0, -1).map((sentence) => markup`<p>${sentence.replaceAll(" %", "\u00a0%")}</p>`)
  }</section>
  `;
}

/** The best rows with their neighbours, and links to their full reports. */
function rankedSection(report: SweepReport, shown: number): Markup {
  const { event, ranked, origin, runs } = report;
  if (ranked.rows.length === 0) {
    return markup`<section><h2>The best configurations</h2><p>No row has a ${
      rankWords(event.rank)
    }.</p></section>`;
  }
  const { head, lines } = rankedTable({ event, ranked });
  const note = shown > 0
    ? shown === 1
      ? "Click the first place to see its full report."
      : `Click one of the first ${shown} places to see its full report.`
    : "The commands below the table write full reports of the best.";
  const omitted = runs.length - shown;
  return markup`
    <section><h2>The best configurations</h2>
    <p>The column “neighbours” has the mean of the configurations one value away. If it is nearly as good as the row itself, the row lies on a plateau, and small changes in the market matter little.</p>
    <p class="muted on-screen">${note}${omitted > 0 ? ` This page has no room for ${omitted} more.` : ""}</p>
    <div class="scroll"><table id="ranked"><thead><tr>${
    head.map((text, at) => markup`<th scope="col" class="number">${at === 0 ? "Place" : text}</th>`)
  }</tr></thead><tbody>${
    lines.map((cells, at) =>
      markup`<tr>${
        cells.map((cell, column) =>
          column > 0
            ? markup`<td class="number">${cell}</td>`
            : markup`<th scope="row" class="number">${
              at < shown ? markup`<a href="#run-${at + 1}">${cell}. full report</a>` : cell
            }</th>`
        )
      }</tr>`
    )
  }</tbody></table></div>
    <details${shown > 0 ? null : markup` open`}><summary>Commands for full reports of the best</summary>${
    origin.commands.map((command, at) => markup`<p>Place ${at + 1}:</p><pre>${command}</pre>`)
  }</details></section>
  `;
}

function originSection({ origin: { version, options, files, command } }: SweepReport): Markup {
  const rows = (facts: readonly (readonly [string, string])[]): Markup =>
    markup`<div class="scroll"><table class="figures"><tbody>${
      facts.map(([name, value]) =>
        markup`<tr><td>${name}</td><td class="wrap"><code>${value}</code></td></tr>`
      )
    }</tbody></table></div>`;
  return markup`<section><h2>How to repeat it</h2><pre>${command}</pre>${
    rows([["Penstock", version], ["Input", files.join(", ")]])
  }<details><summary>Options that do not vary</summary>${
    rows(Object.entries(options).map(([name, value]) => [optionWord(name), optionText(name, value)]))
  }</details></section>`;
}
