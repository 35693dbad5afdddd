/** `penstock watch`: a live page over running journals, in a process that only reads them. */
import type { Started } from "../config/command.ts";
import { DEFAULT_JOURNAL } from "../config/options.ts";
import { ConfigError } from "../domain/process/config_error.ts";
import { isInDatabase, readDatabasePlace } from "../domain/run/database_place.ts";
import { storeOf } from "../stores/journal/known_stores.ts";
import { isOpenToOthers, tokenIn } from "../stores/files/token_file.ts";
import { openLog } from "../views/terminal/log.ts";
import { LiveTerminal, logLook } from "../views/terminal/terminal.ts";
import { Alarms } from "./watch/alarms.ts";
import { serve } from "./watch/serving.ts";

/** How many journals a message names. */
const MOST_NAMED = 5;

/** Serves the page and sends alarms until the user stops it. Throws like `serve`, `tokenIn` and `Alarms.start`. */
export async function watch({ config, version, files, signal }: Started): Promise<void> {
  const { stderr } = Deno;
  const terminal = new LiveTerminal(stderr);
  const log = openLog({ level: config.logLevel, format: config.logFormat, ...logLook(stderr) }, terminal);
  const paths = (await Promise.all((files.length === 0 ? [DEFAULT_JOURNAL] : files).map(journalsIn))).flat();
  refuseFolders(paths);
  refuseTwice(paths);
  const token = config.token === null ? null : { text: tokenIn(config.token), file: config.token };
  if (token !== null && isOpenToOthers(token.file)) {
    log.warn(
      `${token.file} holds the token, and users other than its owner may use it: chmod 600 ${token.file}`,
    );
  }
  {
    await using alarms = await Alarms.start({
      ...config,
      version,
      journals: paths,
      report: (level, text) => log[level](text),
    });
    await serve({
      version,
      paths,
      listen: config.listen,
      names: config.host ?? [],
      token,
      isPrivate: stderr.isTerminal(),
      isOwnProcess: true,
      alarms,
      log: ({ level, text }) => log[level](text),
      signal: AbortSignal.any([signal, alarms.failed]),
    });
  }
  await terminal.settled(signal);
}

/** Returns the journals at a place: the one it names, or all that its database holds now. */
async function journalsIn(place: string): Promise<readonly string[]> {
  if (!isInDatabase(place) || readDatabasePlace(place).journal !== null) return [place];
  const journals = await (await storeOf(place)).list?.(place) ?? [];
  if (journals.length > 0) return journals.map(({ path }) => path);
  throw new ConfigError([`${place} holds no journal yet: start a run with it, then watch it`]);
}

/** Throws a ConfigError for a folder: once permissions are dropped, it could not be recognized as one. */
function refuseFolders(paths: readonly string[]): void {
  for (const path of paths) {
    if (isInDatabase(path) || !isFolder(path)) continue;
    const found = journalsInFolder(path);
    throw new ConfigError([
      `${path} is a folder: expected the file of a journal${
        found.length === 0 ? `, such as ${DEFAULT_JOURNAL}` : `. It contains ${found.join(", ")}`
      }`,
    ]);
  }
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    // It does not exist yet, or may not be read; the page shows which.
    return false;
  }
}

/** Some of the files in a folder that are named like journals. */
function journalsInFolder(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name.endsWith(".db"))
      .sort().slice(0, MOST_NAMED).map((name) => `${folder.replace(/\/+$/, "")}/${name}`);
  } catch {
    return [];
  }
}

/** Throws a ConfigError for a journal that is named twice: its metrics and alarms would be doubled. */
function refuseTwice(paths: readonly string[]): void {
  const seen = new Map<string, string>();
  for (const path of paths) {
    const before = seen.get(identityOf(path));
    if (before === path) throw new ConfigError([`${path} is named twice: expected each journal once`]);
    if (before !== undefined) {
      throw new ConfigError([`${before} and ${path} are the same journal: expected it once`]);
    }
    seen.set(identityOf(path), path);
  }
}

/** The identity of a file, the same under all its names. A missing or unreadable file is identified by its name. */
function identityOf(path: string): string {
  const name = path.replace(/^(\.\/+)+/, "");
  if (isInDatabase(path)) return path;
  try {
    const { dev, ino } = Deno.statSync(path);
    return ino === null ? name : `${dev}:${ino}`;
  } catch {
    return name;
  }
}
