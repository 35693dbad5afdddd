/** `penstock sweep --join`: combines the parts that several machines computed into the result of one machine. */
import type { Started } from "../../../config/command.ts";
import { type Configuration, nameIn } from "../../../config/configuration.ts";
import { shownConfig } from "../../../config/config.ts";
import { configureSweep, type Swept } from "../../../config/grid.ts";
import { type Config, OPTION_NAMES, type OptionName } from "../../../config/options.ts";
import { ConfigError } from "../../../domain/process/config_error.ts";
import type { ShownOptions } from "../../../domain/run/sweep_result.ts";
import type { TradeFile } from "../../../formats/trade_file.ts";
import { formatsOf } from "../../../formats/file_layout.ts";
import { type PartFile, readPartFile } from "../../../stores/results/part_file.ts";
import type { SweepHead } from "../../../stores/results/sweep_file.ts";
import { checkTries } from "../../../stores/tries/tries_file.ts";
import type { VIEWS } from "../../../views/known_views.ts";
import type { RunReport } from "../../../views/report/run_report.ts";
import { environmentOf } from "../outputs.ts";
import { bestRuns } from "./best_runs.ts";
import { Findings } from "./findings.ts";
import { fittingParts, keptIn } from "./fitting_parts.ts";
import { GridRequests } from "./grid_requests.ts";
import { OUTPUTS, ranksOf, type SweepStart } from "./part_of_grid.ts";
import { prepareSweep } from "./prepared_sweep.ts";
import { ShownProgress } from "./shown_progress.ts";
import { type PassSettings, runPass } from "./sweep_pass.ts";
import { SweepOutputs } from "./sweep_outputs.ts";

/** The options of a join: where its result goes. The parts have all others. */
const TAKEN = ["join", "out", "report", "json", "logLevel", "logFormat", "config", "forgetTries"] as const;

/** The sweep that the parts belong to. */
interface Divided extends Configuration {
  readonly swept: Swept;
  readonly head: SweepHead;
  /** The trades' digest. */
  readonly digest: string;
}

/**
 * Shows the result of all parts in the files that were given. Throws a ConfigError if they do not fit together, and an
 * UnusableResult if one is not the file of a part.
 */
export async function joinSweep(
  { config: asked, sources, version, files: paths, signal }: Started,
  { views, formats, tries }: {
    readonly views: typeof VIEWS;
    readonly formats: readonly TradeFile[];
    readonly tries: string;
  },
): Promise<void> {
  const read: PartFile[] = [];
  const partFiles = (await Promise.all(paths.map(partsAt))).flat();
  refuseOthers({ config: asked, sources }, partFiles);
  for (const path of partFiles) read.push(await readPartFile(path));
  const parts = fittingParts(read, version);
  const { origin, facts } = keptIn(parts[0]!);
  const { options, grid: axes, files, sweep: { symbol } } = parts[0]!.result;
  const places = parts.flatMap((part) => keptIn(part).origin.places);
  const { swept: { grid }, ...configured } = configureSweep(origin.given, []);
  const outputsAsked = Object.fromEntries(TAKEN.map((name) => [name, asked[name]])) as Partial<Config>;
  const config: Config = { ...configured.config, ...outputsAsked, join: false, symbol };
  const head: SweepHead = { options, grid: axes, environment: environmentOf(version), files };
  const swept = { grid, places };
  await checkTries(tries);
  await using outputs = await SweepOutputs.open(config, head, { views, signal });
  const findings = new Findings(swept, config, {
    ranks: ranksOf(configured),
    configurations: origin.configurations,
  });
  using progress = new ShownProgress(outputs.view, {
    configurations: places.length,
    done: () => findings.done,
  });
  outputs.started(shownHere(origin.start!, config));
  for (const { result: { configurations: rows, unfinished } } of parts) {
    outputs.show(findings.restore({ rows, unfinished }));
    await outputs.view.ready();
  }
  const elapsedMs = parts.reduce((sum, { result: { sweep } }) => sum + sweep.elapsedMs, 0);
  const divided = { config, sources: configured.sources, swept, head, digest: facts.digest };
  await outputs.finish({
    ...{ findings, tries, elapsedMs: Math.max(1, elapsedMs), unfinished: null, inPlaceOfTable: null },
    runsOf: (rows) =>
      reportsOf(divided, { rows, places: findings.bestPlaces, outputs, progress, formats, signal }),
  });
}

/** Throws a ConfigError for options that a join takes from its parts, and for a result that would replace one. */
function refuseOthers({ config, sources }: Configuration, paths: readonly string[]): void {
  const takes = (name: OptionName): boolean => TAKEN.some((one) => one === name);
  const mistakes = OPTION_NAMES.filter((name) => sources[name] !== "default" && !takes(name)).map((name) =>
    `${nameIn(sources[name], name)} is given with --join, which takes it from the parts: leave it out`
  );
  for (const path of [config.out, config.report]) {
    if (path !== null && paths.includes(path)) {
      mistakes.push(`the result cannot be written to ${path}: it is one of the parts. Choose another name`);
    }
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes);
}

/** The start as the parts had it, with the outputs of this process. */
function shownHere({ time, config }: SweepStart, here: Config): SweepStart {
  const shown: ShownOptions = shownConfig(here);
  const names = Object.keys(config).filter((name) => name !== "part");
  const isOutput = (name: string): boolean => [...OUTPUTS, "report"].some((one) => one === name);
  const options = names.map((name) => [name, (isOutput(name) ? shown : config)[name]!] as const);
  return { time, config: Object.fromEntries(options) };
}

/** The full reports of the best rows; none, with a warning, if the trades of the parts are not on this machine. */
async function reportsOf(
  { head, swept, digest, ...chosen }: Divided,
  { rows, places, outputs, progress, formats, signal }:
    & Omit<Parameters<typeof bestRuns>[1], "requests" | "head">
    & {
      readonly outputs: SweepOutputs;
      readonly formats: readonly TradeFile[];
      readonly signal: AbortSignal;
    },
): Promise<readonly RunReport[]> {
  const without = "so the page has commands in place of the full reports";
  for (const file of head.files) {
    if (await exists(file)) continue;
    outputs.warn(`${file} is not on this machine, ${without}`);
    return [];
  }
  const prepared = await prepareSweep(head.files, { ...chosen, swept }, signal);
  const { config, sources, rules, own, files, configuration } = prepared;
  const requests = new GridRequests(swept.grid, { config, rules, own });
  const shared: PassSettings = {
    ...{ config, sources, files, barsFrom: configuration.sources.bars },
    ...{ formats: formatsOf(config, formats), view: outputs.view, stop: signal },
  };
  const found = await runPass(shared, {
    ...{ team: null, folds: [], progress, isFirst: false },
    start: (inForce) => void (requests.inForce = inForce),
  });
  if (signal.aborted) return [];
  if (found.digest !== digest) {
    outputs.warn(
      `${
        files.join(", ")
      } does not have the trades of the parts: its digest is ${found.digest}, not ${digest}, ${without}`,
    );
    return [];
  }
  return await bestRuns(shared, { rows, places, requests, head, progress });
}

/** The path, or the JSON files in the folder there. Throws a ConfigError if it has none. */
async function partsAt(path: string): Promise<string[]> {
  const isFolder = await exists(path) && (await Deno.stat(path)).isDirectory;
  if (!isFolder) return [path];
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(path)) {
    if (!isDirectory && /\.json$/i.test(name)) names.push(name);
  }
  if (names.length === 0) {
    throw new ConfigError([
      `--join: ${path} is a folder without JSON files: expected one with the files of all parts`,
    ]);
  }
  return names.sort().map((name) => `${path.replace(/\/+$/, "")}/${name}`);
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
