/** Reads a task and its sweep as they are in a queue: anyone who may add tasks may have written anything there. */
import { ConfigError } from "../../../domain/process/config_error.ts";
import { exitOf } from "../../../domain/process/exit.ts";
import { isObject } from "../../../stores/files/whole_file.ts";
import { MOST_LANES } from "../sweep/passes.ts";
import { type DescribedSweep, type ReadySweep, readySweep } from "./described_sweep.ts";

/** A sweep as it was described, and ready to be computed. */
export interface QueuedSweep {
  readonly described: DescribedSweep;
  readonly ready: ReadySweep;
}

/** The sweep that a text describes. Throws a ConfigError if it describes no sweep, or one that cannot be computed. */
export function readSweep(text: string): QueuedSweep {
  try {
    const described = jsonIn(text);
    if (!isDescribed(described)) throw new TypeError("The description is incomplete");
    const ready = readySweep(described);
    if (!hasItsFolds(ready)) throw new TypeError("The folds are not those of the options");
    return { described, ready };
  } catch (error) {
    // An error about an option explains itself.
    if (exitOf(error) !== null) throw error;
    throw new ConfigError(["the queue's description of its sweep is not one that this version writes"]);
  }
}

/** The places of a task's configurations, in order. Throws a ConfigError if the text has none of the sweep. */
export function readPlaces(text: string, { grid }: ReadySweep): readonly number[] {
  const places = jsonIn(text);
  const isWhole = Array.isArray(places) && places.length > 0 && places.length <= MOST_LANES &&
    places.every((place, at) => isIndex(place) && place < grid.size && (at === 0 || place > places[at - 1]));
  if (!isWhole) throw new ConfigError(["it names no configurations of its sweep"]);
  return places;
}

/** The value of a JSON text; null if it is not JSON. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isDescribed(value: unknown): value is DescribedSweep {
  if (!isObject(value)) return false;
  const { given, symbol, exchange, rules, first, configurations, folds, digest, files } = value;
  return isObject(given) &&
    Object.values(given).every((option) => isObject(option) && areTexts(option["text"], option["source"])) &&
    areTexts(symbol, exchange, digest) && (rules === null || isObject(rules)) &&
    isIndex(first) && isIndex(configurations) &&
    Array.isArray(folds) &&
    folds.every((fold, id) =>
      isObject(fold) && fold["id"] === id && isIndex(fold["from"]) &&
      (fold["to"] === null || isIndex(fold["to"]))
    ) &&
    Array.isArray(files) && files.length > 0 &&
    files.every((file) => isObject(file) && areTexts(file["name"], file["sha256"]) && isIndex(file["bytes"]));
}

/** Whether the number and the uses of the folds are those that `foldsOf` makes from the options. */
function hasItsFolds({ config: { test, walkForward }, folds }: ReadySweep): boolean {
  const windows = walkForward === null ? 0 : walkForward + 1;
  const uses = ["choice", ...(test === null ? [] : ["test"]), ...Array(windows).fill("window")];
  return folds.length === uses.length && folds.every(({ use }, at) => use === uses[at]);
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function areTexts(...values: readonly unknown[]): boolean {
  return values.every((value) => typeof value === "string");
}
