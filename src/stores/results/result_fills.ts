/** Reads the fills of a result back, one by one. */
import { AFTER_FILLS, FILLS, resultLines, UnusableResult } from "./result_reading.ts";

/**
 * The fills of the result at `path`, read in bounded memory; `value` is what `readResult` returned for it. Throws an
 * UnusableResult at the first fill that cannot be read, and an Error if the file cannot be read.
 */
export async function* fillsOf(path: string, value: unknown): AsyncGenerator<object> {
  const { fills } = value as { readonly fills?: unknown };
  // A file that another program rewrote has no line for each fill, and was read as a whole.
  if (Array.isArray(fills) && fills.length > 0) {
    for (const fill of fills) yield checked(fill, path);
    return;
  }
  using file = await Deno.open(path);
  let isInFills = false;
  for await (const line of resultLines(file, path)) {
    if (!isInFills) isInFills = line === FILLS;
    else if (line === AFTER_FILLS) return;
    else if (line !== "") yield checked(fillIn(line, path), path);
  }
}

/** The value on a line of a result. */
function fillIn(line: string, path: string): unknown {
  try {
    return JSON.parse(line.replace(/,$/, ""));
  } catch {
    throw unreadable(path);
  }
}

function checked(fill: unknown, path: string): object {
  if (typeof fill !== "object" || fill === null || Array.isArray(fill)) throw unreadable(path);
  return fill;
}

function unreadable(path: string): UnusableResult {
  return new UnusableResult(
    `${path} is damaged, or was edited: one of its fills cannot be read. Restore it from a copy, or repeat the ` +
      "backtest",
  );
}
