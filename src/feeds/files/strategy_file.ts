/** Loads a user-defined strategy: from its file, or the one that the program was compiled with. */
import { ConfigError } from "../../domain/process/config_error.ts";
import { type AnyDefinition, OwnStrategy } from "../../stages/strategies/own_strategy.ts";
import { isStrategyName } from "../../stages/strategies/known_strategies.ts";
import type { Strategy } from "../../stages/strategies/strategy.ts";
import { readSettings } from "../../stages/strategies/strategy_settings.ts";
import { flawsIn } from "../../stages/strategies/strategy_source.ts";
import { guardStrategies } from "../process/strategy_guard.ts";
import { BAKED } from "./baked_strategy.ts";
import { readSmallFile } from "./small_file.ts";

/** A strategy is a page or two of text. */
const MOST_BYTES = 1 << 20;

/** The file of a user-defined strategy. */
export interface StrategyFile {
  /** As the user gave it. */
  readonly name: string;
  /** The SHA-256 of the file, in hexadecimal digits. */
  readonly sha256: string;
  /** The strategy with the options in `set`. Throws a ConfigError that names everything that is wrong with them. */
  readonly with: (set: string | null) => LoadedStrategy;
  /** What is wrong with options, each by itself, in a text such as `window=30`. */
  readonly mistakesIn: (set: string) => string[];
}

/** A user-defined strategy that is ready to run. */
export interface LoadedStrategy extends Pick<StrategyFile, "name" | "sha256"> {
  /** Its options with their values, every default filled in; empty if it has none. */
  readonly settings: string;
  /** Makes the strategy of a symbol. */
  readonly make: () => Strategy;
}

/**
 * Returns the user-defined strategy that a configuration chooses; null if it chooses a built-in one. Throws as
 * `loadStrategy`.
 */
export async function chosenFile(
  { strategy, set }: { readonly strategy: string; readonly set: string | null },
): Promise<LoadedStrategy | null> {
  return isStrategyName(strategy) ? null : await loadStrategy(strategy, set);
}

/** What a configuration shows of a user-defined strategy in addition to its name: what identifies it. */
export function shownOf(
  loaded: LoadedStrategy | null,
): { readonly set?: string; readonly strategySha256?: string } {
  if (loaded === null) return {};
  const { sha256, settings } = loaded;
  return { ...(settings === "" ? {} : { set: settings }), strategySha256: sha256 };
}

/**
 * Loads the strategy in the file `path` with the options in `set`. Throws a ConfigError that names everything that is
 * wrong with file and options. A compiled program has the one strategy that it was compiled with, or none.
 */
export async function loadStrategy(path: string, set: string | null): Promise<LoadedStrategy> {
  return (await loadStrategyFile(path)).with(set);
}

/** Loads the file of a strategy with options of any type. Throws a ConfigError that says what is wrong with it. */
export async function loadStrategyFile(path: string): Promise<StrategyFile> {
  const { sha256, exported } = Deno.build.standalone ? bakedAs(path) : await importFile(path);
  const definition = definitionIn(exported, path);
  const read = (set: string | null, mistakes: string[]) =>
    readSettings(definition.options ?? {}, set, mistakes);
  return {
    name: path,
    sha256,
    with(set) {
      const mistakes: string[] = [];
      const { values, text } = read(set, mistakes);
      if (mistakes.length > 0) throw new ConfigError(mistakes);
      guardStrategies();
      const make = () => new OwnStrategy(path, definition, values);
      // The state that it starts with is checked before anything else starts.
      const { fault } = make();
      if (fault !== null) throw new ConfigError([`--strategy is "${path}": ${fault.message}`]);
      return { name: path, sha256, settings: text, make };
    },
    mistakesIn(set) {
      const mistakes: string[] = [];
      read(set, mistakes);
      return mistakes;
    },
  };
}

interface Found {
  readonly sha256: string;
  readonly exported: unknown;
}

/** The strategy that was compiled in, if `path` names it. */
function bakedAs(path: string): Found {
  const has = BAKED === null ? "none" : `${BAKED.name} (SHA-256 ${BAKED.sha256})`;
  if (BAKED === null || path.replace(/^.*[\\/]/, "") !== BAKED.name) {
    throw new ConfigError([
      `--strategy is "${path}": expected a strategy that this program was compiled with, and it has ${has}. ` +
      `"deno task compile --strategy ${path}" makes a program with that one`,
    ]);
  }
  return { sha256: BAKED.sha256, exported: BAKED.definition };
}

async function importFile(path: string): Promise<Found> {
  // Most runs have no such file, and loading these takes 30 ms.
  const [{ createHash }, { isAbsolute, resolve }, { pathToFileURL }] = await Promise.all([
    import("node:crypto"),
    import("node:path"),
    import("node:url"),
  ]);
  /** What `sha256sum` prints. */
  const sha256Of = (text: string): string => createHash("sha256").update(text, "utf8").digest("hex");
  const refuse = (why: string): never => {
    throw new ConfigError([`--strategy is "${path}": ${why}`]);
  };
  const read = async (): Promise<string> => {
    try {
      return await readSmallFile(path, MOST_BYTES);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return refuse("there is no such file");
      if (error instanceof Deno.errors.NotCapable) return refuse("the program may not read it");
      return refuse(`it cannot be read: ${messageOf(error)}`);
    }
  };
  const source = await read();
  const flaws = flawsIn(source);
  if (flaws.length > 0) {
    throw new ConfigError(flaws.map((flaw) => `--strategy is "${path}": expected nothing like ${flaw}`));
  }
  const sha256 = sha256Of(source);
  const url = pathToFileURL(isAbsolute(path) ? path : resolve(Deno.cwd(), path));
  // Changed content is a new module, even within one process.
  url.search = `sha256=${sha256}`;
  let exported: unknown;
  try {
    ({ default: exported } = await import(url.href));
  } catch (error) {
    return refuse(`it cannot be loaded: ${loadFailure(error)}`);
  }
  if (sha256Of(await read()) !== sha256) return refuse("it changed while it was loaded: try again");
  return { sha256, exported };
}

function definitionIn(exported: unknown, path: string): AnyDefinition {
  const { start, onBar, values, options = {} } = (exported ?? {}) as Record<string, unknown>;
  const isDefinition = typeof start === "function" && typeof onBar === "function" &&
    ["undefined", "function"].includes(typeof values) && typeof options === "object" && options !== null;
  if (!isDefinition) {
    throw new ConfigError([
      `--strategy is "${path}": expected a default export made by defineStrategy, with start() and onBar()`,
    ]);
  }
  return exported as AnyDefinition;
}

/**
 * Why a module did not load, in one line. The runtime adds a drawing of the place to a syntax error, and the module's
 * address.
 */
function loadFailure(error: unknown): string {
  const [first = "", ...others] = messageOf(error).split("\n");
  const place = /^ +at file:.*:(\d+):(\d+)$/.exec(others.at(-1) ?? "");
  return place === null ? first : `line ${place[1]}, column ${place[2]}: ${first}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
