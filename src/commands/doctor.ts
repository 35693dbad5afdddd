/** `penstock doctor`: checks whether a run with these options would work here, and advises what to do if not. */
import type { Started } from "../config/command.ts";
import { hostsNeeded, marketOf, restAddresses, streamOf } from "../exchanges/endpoints.ts";
import { EXCHANGE_NAMES, hostsOf } from "../exchanges/hosts.ts";
import { exchangeNamed } from "../exchanges/known_exchanges.ts";
import { type CheckResult, fail, pass } from "../domain/process/check_result.ts";
import { OUTWARD_ADVICE, outwardClause, outwardLink } from "../domain/process/outward_link.ts";
import type { Config } from "../config/options.ts";
import { asSentence, grantAdvice, type MissingGrants } from "../domain/process/permission_advice.ts";
import { examineRest, examineStream } from "../feeds/rest/checkup.ts";
import { NetPermissionError } from "../feeds/live/connect_failure.ts";
import { settingsInForce } from "../feeds/process/environment.ts";
import { may, mayReach, superfluous } from "../feeds/process/permissions.ts";
import { examineFolder, folderNamed, folderOf } from "../stores/files/data_folder.ts";
import { JournalError } from "../stores/journal/journal_error.ts";
import { storeOf } from "../stores/journal/known_stores.ts";
import { JournalReader } from "../stores/journal/journal_reader.ts";
import { marketOfRun } from "../stores/journal/run_reading.ts";
import { checkTable, conclusion } from "../views/tables/check_table.ts";
import { columns, printableJson, writeUntil } from "../views/terminal/terminal.ts";

/** A check fails, so a run with these options would not work. */
export class ChecksFailed extends Error {
  override readonly name = "ChecksFailed";
  readonly exit = "failure";
}

/**
 * Checks permissions, hosts, clock, folders and journal, and prints a table, or with `--json` one object. Throws
 * ChecksFailed if a check fails.
 */
export async function doctor({ config, signal, blocking }: Started): Promise<void> {
  const store = config.state === "none" ? null : await storeOf(config.state);
  const hasFiles = store?.isInFiles === true;
  const hosts = store === null || hasFiles ? [] : store.files(config.state).hosts ?? [];
  const folders = foldersOf(config, hasFiles);
  const results = [
    ...permissions(config, folders, hosts),
    environment(),
    ...await blocking(() => stores(config, folders, hasFiles)),
  ];
  const exchange = exchangeNamed(config.exchange);
  const options = { exchange, symbol: config.symbol, tradeMs: config.stale, signal };
  results.push(...await examineStream(streamOf(config), options));
  for (const address of restAddresses(config)) {
    if (signal.aborted) break;
    results.push(...await examineRest(address, options));
  }
  if (signal.aborted) return;
  const isGood = results.every((result) => result.isGood);
  const width = Deno.stdout.isTerminal() ? columns() : undefined;
  await writeUntil(
    signal,
    Deno.stdout,
    config.json
      ? `${printableJson({ type: "doctor", isGood, findings: results })}\n`
      : `${checkTable(results, width)}\n`,
  );
  if (!isGood) throw new ChecksFailed(conclusion(results));
}

/** The permissions that these options need, granted or missing. */
function permissions(
  config: Config,
  folders: readonly string[],
  others: readonly string[],
): CheckResult[] {
  const subject = "permission";
  const hosts = [...hostsNeeded(config), ...others].map((host) =>
    mayReach(host)
      ? pass(subject, `network ${host}`, "granted")
      : fail(subject, `network ${host}`, "missing", new NetPermissionError(host).message)
  );
  const inFolders = folders.flatMap((folder) =>
    (["read", "write"] as const).map((kind) =>
      may(kind, folder)
        ? pass(subject, `${kind} ${folder}`, "granted")
        : fail(subject, `${kind} ${folder}`, "missing", adviceOn({ [kind]: folder }))
    )
  );
  return [...hosts, ...inFolders, pass(subject, "beyond need", excess(config))];
}

/** The granted permissions that these options do not need. */
function excess(config: Config): string {
  const needed = hostsNeeded(config);
  const hosts = EXCHANGE_NAMES.flatMap(hostsOf).filter((host) => !needed.includes(host) && mayReach(host));
  const whole = (["read", "write"] as const).filter((kind) => may(kind));
  const more = [...superfluous(), ...whole.map((kind) => `${kind} anywhere`), ...hosts];
  return more.length === 0 ? "nothing" : `granted, and dropped by a run: ${more.join(", ")}`;
}

/** The environment variables that change the runtime. A run needs none of them and should not have most of them. */
function environment(): CheckResult {
  const found = settingsInForce();
  if (found.length === 0) return pass("environment", "", "sets nothing that changes the runtime");
  const what = found.map(({ name, effect }) => `${name}, which ${effect}`).join("; ");
  return found.every(({ isCommon }) => isCommon)
    ? pass("environment", "", `sets ${what}`)
    : fail("environment", "", `sets ${what}`, "Unset it if you did not set it");
}

/** The folders that a run with these options writes to; `hasFiles` says whether its journal is in files. */
function foldersOf({ state, record }: Config, hasFiles: boolean): string[] {
  const folders = [
    ...(hasFiles ? [folderOf(state)] : []),
    ...(record === null ? [] : [folderNamed(record) ?? folderOf(record)]),
  ];
  return [...new Set(folders)];
}

async function stores(
  config: Config,
  folders: readonly string[],
  hasFiles: boolean,
): Promise<CheckResult[]> {
  const { record } = config;
  const made = record === null ? null : folderNamed(record);
  return [
    ...folders.map((folder) => examineFolder(folder, folder === made)),
    ...(record === null || made !== null ? [] : outward(`recording ${record}`, record)),
    ...await examined(config.state),
    await journal(config, hasFiles),
  ];
}

/** Fails if a link leads out of the folder of the file at `path`, because a run would not write there. */
function outward(subject: string, path: string): CheckResult[] {
  const found = outwardLink(path, Deno, true);
  return found === null ? [] : [fail(subject, "", outwardClause(found), OUTWARD_ADVICE)];
}

/** The checks of the journal's own store. */
async function examined(path: string): Promise<readonly CheckResult[]> {
  return path === "none" ? [] : await (await storeOf(path)).examine?.(path) ?? [];
}

const RESTORE = "Restore it from a copy, or start another with --state";

/** Whether the journal is intact, from its first entry to its last, and a run can resume from it. */
async function journal(config: Config, hasFiles: boolean): Promise<CheckResult> {
  const { state: path, symbol } = config;
  if (path === "none") return pass("journal", "", "no journal is kept (--state none)");
  const subject = `journal ${path}`;
  const [link] = hasFiles ? outward(subject, path) : [];
  if (link !== undefined) return link;
  try {
    if (!(hasFiles ? exists(path) : await (await storeOf(path)).has(path))) {
      return pass(subject, "", "none yet: a run creates it");
    }
    await using reader = await JournalReader.open(path);
    const chain = await reader.verifyChain();
    const lastRun = chain.isWhole ? await reader.lastRun() : 0;
    if (lastRun > 0) {
      const market = marketOf("run", config);
      const kept = await marketOfRun(reader, lastRun, market);
      if (kept.symbol !== symbol || (kept.market ?? market) !== market) {
        const other = `${kept.symbol} on ${kept.market ?? market}`;
        const found = `it holds a run of ${other}, but this one is of ${symbol} on ${market}`;
        return fail(subject, "", found, "Give another --state, or start the run with --new-run");
      }
    }
    if (chain.isWhole) return pass(subject, "", `whole, ${chain.entries} entries`);
    return fail(subject, "", chain.what, RESTORE);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) {
      return fail(subject, "", "reading it is not permitted", adviceOn({ read: folderOf(path) }));
    }
    const message = error instanceof Error ? error.message : String(error);
    // An undamaged journal need not be restored, and its message ends with other advice.
    const [, found = message, advice = RESTORE] = error instanceof JournalError && error.damage === null
      ? /^(.*?)\. ([A-Z].*)\.$/.exec(message) ?? []
      : [];
    return fail(subject, "", found, advice);
  }
}

function adviceOn(missing: MissingGrants): string {
  return asSentence(grantAdvice(missing, Deno.build.standalone));
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
