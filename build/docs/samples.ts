/** Every sample on the pages, from runs of the program. */
import { DatabaseSync } from "node:sqlite";
import { gunzipSync } from "node:zlib";
import {
  aside,
  at,
  COLUMNS,
  FEW_COLUMNS,
  setClock,
  setColumns,
  setGrain,
  soFar,
  written,
} from "./fixed_surroundings.ts";
import { jsonExcerpt, lineCut, middleCut } from "./excerpt.ts";
import { commandTable, optionTables } from "./options_tables.ts";
import { penstock } from "./program.ts";
import { screenAfter } from "./terminal_screen.ts";
import { terminalPicture } from "./terminal_picture.ts";
import { awaitedRulesRecording, daysOfTrades, restartedIds } from "./made_files.ts";

/** The samples for the pages. */
export interface Samples {
  /** The texts by the names of their places on the pages. */
  readonly texts: Readonly<Record<string, string>>;
  /** The picture of the terminal, an SVG. */
  readonly picture: string;
}

const DAYS = ["BTCUSDT-trades-2025-01-01.zip", "BTCUSDT-trades-2025-01-02.zip"];
const JOURNAL = "data/penstock.db";
const RECORDINGS = "data/recordings/";
const LINE_LENGTH = 150;

/** Runs the program for all samples, in the working folder, which must be empty. */
export async function makeSamples(): Promise<Samples> {
  Deno.mkdirSync("data");
  const { picture, ...terminal } = await terminalRun();
  const texts = {
    commands: commandTable(),
    options: optionTables(),
    ...terminal,
    chart: await chartScreen(),
    ...await backtests(),
    ...await keptRun(),
    ...await events(),
  };
  return { texts, picture };
}

/** The time of the picture. */
const PICTURE_MS = 17_900;

/** The trades of that market may be late by at most this much. */
const GRAIN_MS = 20;

/** A demo on a terminal: its log, and what the screen shows while it runs. */
async function terminalRun(): Promise<{ readonly demo: string; readonly picture: string }> {
  let shown = "";
  at(PICTURE_MS, () => shown = soFar().stderr);
  const options = ["--speed", "60", "--bars", "1m", "--short", "2", "--long", "5"];
  const run = () => penstock("demo", "--for", "25s", ...options);
  setGrain(GRAIN_MS);
  const { stderr, stdout } = await written(run, true);
  setGrain(1);
  const prompt = `\x1b[90m$\x1b[0m deno task demo ${options.join(" ")}\n`;
  const rows = screenAfter(prompt + shown, COLUMNS);
  const log = screenAfter(stderr, Infinity).map((row) => row.map(({ text }) => text).join(""));
  return {
    demo: [...middleCut(log.filter((line) => line !== ""), 9, 2), stdout.trimEnd()].join("\n"),
    picture: terminalPicture(
      rows,
      COLUMNS,
      "A terminal: penstock demo logs signals and fills, and shows price, averages, position and equity below",
    ),
  };
}

/** When the chart is captured. */
const CHART_MS = 236_000;

/** What a narrower terminal shows of a demo with the chart. */
async function chartScreen(): Promise<string> {
  let shown = "";
  setClock(0);
  at(CHART_MS, () => shown = soFar().stderr);
  setColumns(FEW_COLUMNS);
  const options = ["--view", "chart", "--bars", "5s", "--short", "2", "--long", "6"];
  await written(() => penstock("demo", "--for", "237s", ...options), true);
  setColumns(COLUMNS);
  return textOn(shown, FEW_COLUMNS);
}

/** The lines that a terminal shows after this output. */
function textOn(output: string, columns: number): string {
  return screenAfter(output, columns).map((row) => row.map(({ text }) => text).join("").trimEnd()).join("\n");
}

/** The time between two readings of the stopwatch in a command that reads files, ms: about as fast as a real run. */
const READING_MS = 12;

async function backtests(): Promise<Record<string, string>> {
  const days = daysOfTrades(DAYS.length);
  for (const [i, name] of DAYS.entries()) Deno.writeTextFileSync(name, days[i]!);
  const options = ["--symbol", "BTCUSDT", "--bars", "5m"];
  const backtest = (...more: string[]) =>
    aside(() => penstock("backtest", ...options, ...more, ...DAYS), READING_MS);
  const { stdout: report } = await backtest("--out", "result.json");
  const onTerminal = await aside(() => penstock("backtest", ...options, ...DAYS), READING_MS, true);
  const [equity = ""] = /^Equity, [^]*/m.exec(textOn(onTerminal.stdout, FEW_COLUMNS)) ?? [];
  await backtest("--slippage", "1", "--out", "slipped.json");
  const { stdout: difference } = await aside(
    () => penstock("compare", "result.json", "slipped.json"),
    READING_MS,
  );
  const grid = ["--fee", "0", "--short", "2..20:2", "--long", "24..96:8", "--test", "30%", "--workers", "1"];
  // A sweep waits for timers.
  const { stdout: swept } = await written(() => penstock("sweep", ...options, ...grid, ...DAYS));
  const { stdout: models } = await backtest("--latency", "100ms", "--slippage", "1", "--models");
  const [compared = ""] = /^ +optimistic[^]*?\n\nResult[^]*?(?=\n\n)/m.exec(models) ?? [];
  return {
    backtest: report.trim(),
    drawn: equity.trimEnd(),
    compare: shortened(difference.trim()),
    sweep: swept.trim().split("\n").flatMap((line) => wordsWithin(line, SENTENCE_LENGTH)).join("\n"),
    models: compared,
    "models-short": compared.split("\n").slice(0, 11).join("\n"),
    result: jsonExcerpt(JSON.parse(Deno.readTextFileSync("result.json")), { fields: 99, inner: 3 }, 2),
  };
}

/** The longest line of prose, as wide as a page. */
const SENTENCE_LENGTH = 110;

/** Breaks a line of prose into several lines. A line of a table stays as it is. */
function wordsWithin(line: string, width: number): string[] {
  return /\S {2,}\S/.test(line)
    ? [line]
    : line.match(new RegExp(`.{1,${width}}(?= |$)`, "g"))?.map((part) => part.trim()) ?? [""];
}

/** A comparison without most of its figures. */
function shortened(comparison: string): string {
  const lines = comparison.split("\n");
  const from = lines.findIndex((line) => line.startsWith("Figures")) + 18;
  const to = lines.findIndex((line) => line.startsWith("The first ")) - 1;
  return [...lines.slice(0, from), "  …", ...lines.slice(to)].join("\n");
}

/** Samples of a demo that keeps a journal and a recording, taken while it runs and afterwards. */
async function keptRun(): Promise<Record<string, string>> {
  const looks: Record<string, string> = {};
  setClock(0);
  at(36_700, async () => {
    looks["status"] = (await aside(() => penstock("status", JOURNAL))).stdout;
    looks["json"] = (await aside(() => penstock("status", JOURNAL, "--json"))).stdout;
  });
  const demo = ["demo", "--rate", "60", "--for", "38s", "--faults", "drop@700"];
  await written(() => penstock(...demo, "--state", JOURNAL, "--record", RECORDINGS));
  const look = (...args: string[]) => aside(() => penstock(...args), READING_MS);
  const copied = await look("export", JOURNAL, "--copy", "data/penstock-2026-11-29.db");
  const verified = await look("verify", JOURNAL, RECORDINGS);
  const fills = await look("export", JOURNAL);
  const closed = await look("export", JOURNAL, "--closed");
  const trips = await look("export", JOURNAL, "--trips");
  const signals = await look("export", JOURNAL, "--signals");
  const equity = await look("export", JOURNAL, "--equity");
  const [file] = [...Deno.readDirSync(RECORDINGS)];
  return {
    status: looks["status"]!.trim(),
    "status-short": looks["status"]!.trim().split("\n\n").slice(0, 2).join("\n\n"),
    "status-json": jsonExcerpt(JSON.parse(looks["json"]!), { fields: 99, inner: 4, elements: 1 }, 2),
    copied: `${copied.stdout}${copied.stderr}`.trim(),
    verify: `${verified.stdout}${verified.stderr}`.trim(),
    fills: fills.stdout.split("\r\n").slice(0, 4).join("\n"),
    closed: closed.stdout.split("\r\n").slice(0, 4).join("\n"),
    trips: trips.stdout.split("\r\n").slice(0, 3).join("\n"),
    signals: signals.stdout.split("\r\n").slice(0, 3).join("\n"),
    equity: [...equity.stdout.split("\r\n").slice(0, 5), "…", equity.stdout.trim().split("\r\n").at(-1)!]
      .join("\n"),
    journal: entriesOf(JOURNAL),
    recording: recordingLines(`${RECORDINGS}${file!.name}`),
  };
}

/** The first entry of every type. */
function entriesOf(path: string): string {
  using database = new DatabaseSync(path, { readOnly: true });
  const rows = database.prepare(
    "SELECT min(seq) AS seq, run, type, time, content, lower(hex(substr(hash, 1, 4))) AS hash FROM entries GROUP BY type ORDER BY 1",
  ).all();
  const cells = [["seq", "run", "type", "time", "hash", "content"]];
  for (const { seq, run, type, time, content, hash } of rows) {
    cells.push([`${seq}`, `${run}`, `${type}`, `${time}`, `${hash}…`, lineCut(`${content}`, 75)]);
  }
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  return cells.map((row) => row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd()).join("\n");
}

/** The first trade of a recording, and the first note of each event. */
function recordingLines(path: string): string {
  // The file has several gzip members, which a DecompressionStream does not accept.
  const text = new TextDecoder().decode(gunzipSync(Deno.readFileSync(path)));
  const seen = new Set<string>();
  const lines = text.split("\n").filter((line) => {
    const kind = /"event":"([\w-]+)"/.exec(line)?.[1] ?? (line.includes('"e":"trade"') ? "trade" : "");
    return kind !== "" && !seen.has(kind) && seen.add(kind);
  });
  return lines.map((line) => lineCut(line, LINE_LENGTH)).join("\n");
}

/** In the order in which a run prints them. */
const EVENT_TYPES = [
  "started",
  "connected",
  "signal",
  "fill",
  "refusal",
  "expired",
  "disconnected",
  "gap",
  "reset",
  "rules",
  "rejected",
  "halt",
  "released",
  "status",
  "model",
  "summary",
];

interface PrintedEvent {
  readonly type: string;
  readonly config?: Readonly<Record<string, unknown>>;
}

/** One event of every type. */
async function events(): Promise<Record<string, string>> {
  setClock(0);
  const state = "data/events.db";
  at(15_300, () => penstock("halt", state, "--flatten", "--reason", "feed looks wrong"));
  at(18_300, () => penstock("release", state, "--reason", "checked against the exchange"));
  const limits = ["--participation", "50%", "--order-ttl", "200ms", "--max-orders", "3/10s"];
  const faults = ["--faults", "drop@300,malformed@500"];
  const demo = ["demo", "--rate", "60", "--for", "20s", "--json", "--state", state, ...limits, ...faults];
  const lines = (await written(() => penstock(...demo))).stdout.split("\n");
  Deno.writeTextFileSync("data/restarted.csv", restartedIds());
  Deno.writeTextFileSync("data/awaited.txt", awaitedRulesRecording());
  for (const more of [["--models", "data/restarted.csv"], ["data/awaited.txt"]]) {
    const backtest = () => penstock("backtest", "--json", ...more);
    lines.push(...(await aside(backtest, READING_MS)).stdout.split("\n"));
  }
  // The answers of "halt" and "release" are among the lines.
  const printed = lines.filter((line) => line.startsWith("{")).map((line) =>
    JSON.parse(line) as PrintedEvent
  );
  const examples = EVENT_TYPES.map((type) => {
    const event = printed.find((each) => each.type === type);
    if (event === undefined) throw new Error(`No run had an event ${type}`);
    return jsonExcerpt(event, { fields: 99, inner: 4 });
  });
  const others = printed.find(({ type }) => !EVENT_TYPES.includes(type));
  if (others !== undefined) throw new Error(`The event ${others.type} has no place on the page`);
  return { events: examples.join("\n") };
}
