/** Checks that parts belong to one sweep, and that none is missing. */
import { ConfigError, optionWord } from "../../../domain/process/config_error.ts";
import type { PartFile } from "../../../stores/results/part_file.ts";
import { counted, grouped } from "../../../views/terminal/figures.ts";
import type { Kept } from "./findings.ts";
import type { PartOrigin } from "./part_of_grid.ts";

/** What is in the file of a part besides its rows. */
export interface KeptPart extends Kept {
  readonly origin: PartOrigin;
}

/** What the file of a part keeps. */
export function keptIn({ result: { unfinished } }: PartFile): KeptPart {
  return unfinished as unknown as KeptPart;
}

/** How many missing parts a message names. */
const MOST_NAMED = 10;

/**
 * The parts in grid order, each once. Throws a ConfigError that names every part that this version of Penstock did not
 * compute, that is not finished, that is of another sweep or other trades than the first, that differs from the same
 * part in another file, or that is missing.
 */
export function fittingParts(parts: readonly PartFile[], version: string): readonly PartFile[] {
  const others = parts.flatMap(({ path, result: { environment: { penstock } } }) =>
    penstock === version
      ? []
      : [`${path} is of Penstock ${penstock}, but this is ${version}: compute it again`]
  );
  // Another version may write other fields.
  if (others.length > 0) throw new ConfigError(others);
  const mistakes = parts.flatMap((part) => stopped(part));
  const [first, ...rest] = parts as [PartFile, ...PartFile[]];
  const found = rest.flatMap((part) => mismatches(part, first));
  mistakes.push(...found);
  const byNumber = new Map<number, PartFile>();
  for (const part of parts) {
    const { number } = part.result.part;
    const same = byNumber.get(number);
    if (same === undefined) byNumber.set(number, part);
    else if (found.length === 0) mistakes.push(...differences(part, same));
  }
  if (found.length === 0) mistakes.push(...missing(byNumber, first.result.part.of));
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return [...byNumber.values()].sort((one, other) => one.result.part.number - other.result.part.number);
}

function stopped(part: PartFile): string[] {
  const { places } = keptIn(part).origin;
  const { path, result: { configurations } } = part;
  return configurations.length === places.length ? [] : [
    `${path} is of a part that was stopped, with ${grouped(configurations.length)} of ${
      counted(places.length, "configuration")
    }: finish it with --continue`,
  ];
}

/** How a part differs from another that should be of the same sweep. */
function mismatches(one: PartFile, other: PartFile): string[] {
  const [a, b] = [one.result, other.result];
  const mistakes: string[] = [];
  const add = (what: string, has: string, otherHas: string): void => {
    mistakes.push(`${one.path} is of ${what}: it has ${has}, but ${other.path} has ${otherHas}`);
  };
  if (a.part.of !== b.part.of) {
    add("another division", `part ${a.part.number}/${a.part.of}`, `part ${b.part.number}/${b.part.of}`);
  }
  const [grid, otherGrid] = [a, b].map(({ grid }) =>
    grid.map(({ name, values }) => `--${optionWord(name)} ${values.join(",")}`).join(" ")
  );
  if (grid !== otherGrid) add("another grid", grid || "one configuration", otherGrid || "one configuration");
  for (const name of new Set([...Object.keys(a.options), ...Object.keys(b.options)])) {
    const [value, otherValue] = [a, b].map(({ options }) => JSON.stringify(options[name]) ?? "none");
    if (value !== otherValue) add("other options", `${name} ${value}`, `${name} ${otherValue}`);
  }
  const [facts, otherFacts] = [keptIn(one).facts, keptIn(other).facts];
  if (facts !== undefined && otherFacts !== undefined && facts.digest !== otherFacts.digest) {
    add(
      "other trades",
      `${counted(facts.trades, "trade")} with the digest ${facts.digest}`,
      `${counted(otherFacts.trades, "trade")} with ${otherFacts.digest}`,
    );
  }
  const [all, otherAll] = [keptIn(one), keptIn(other)].map(({ origin }) => origin.configurations);
  if (mistakes.length === 0 && all !== otherAll) add("another grid", `${all} configurations`, `${otherAll}`);
  return mistakes;
}

/** How a part differs from the same part in another file. */
function differences(one: PartFile, other: PartFile): string[] {
  const contents = [one, other].map(({ result: { configurations, unfinished } }) =>
    JSON.stringify([configurations, { ...unfinished, origin: null }])
  );
  if (contents[0] === contents[1]) return [];
  const { part: { number, of }, configurations } = one.result;
  const start = `${one.path} and ${other.path} are both part ${number} of ${of}, but differ`;
  for (const [at, row] of configurations.entries()) {
    const figures = new Map(Object.entries(row));
    for (const [name, value] of Object.entries(other.result.configurations[at] ?? {})) {
      const [a, b] = [JSON.stringify(figures.get(name)), JSON.stringify(value)];
      if (a === b) continue;
      return [
        `${start}: with ${JSON.stringify(row.options)}, ${name} is ${a} in the first and ${b} in the second`,
      ];
    }
  }
  return [`${start} in the figures against luck: compute it again on both machines, as one of them is wrong`];
}

function missing(parts: ReadonlyMap<number, PartFile>, of: number): string[] {
  const absent: number[] = [];
  for (let number = 1; number <= of; number++) if (!parts.has(number)) absent.push(number);
  if (absent.length === 0) return [];
  const named = absent.slice(0, MOST_NAMED).join(", ");
  const more = absent.length > MOST_NAMED ? ` and ${grouped(absent.length - MOST_NAMED)} more` : "";
  return [
    `of ${counted(of, "part")}, ${grouped(absent.length)} ${
      absent.length === 1 ? "is" : "are"
    } missing: ${named}${more}`,
  ];
}
