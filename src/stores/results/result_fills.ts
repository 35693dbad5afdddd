/** Reads the fills of a result back, one after the other. */
import { UnusableResult } from "./result_reading.ts";

const START = `"fills":[`;
const END = "],";

/**
 * The fills in the result at `path`, of which `readResult` gave `value`, in memory that does not grow with them. Throws an
 * UnusableResult at the first that cannot be read, and an Error if the file cannot be.
 */
export async function* fillsOf(path: string, value: unknown): AsyncGenerator<object> {
  const { fills } = value as { readonly fills?: unknown };
  // A file that another program rewrote has no line for each fill, and was read as a whole.
  if (Array.isArray(fills) && fills.length > 0) {
    for (const fill of fills) yield checked(fill, path);
    return;
  }
  let isInFills = false;
  for await (const line of linesOf(path)) {
    if (!isInFills) {
      isInFills = line === START;
      continue;
    }
    if (line === END) return;
    if (line === "") continue;
    let fill: unknown;
    try {
      fill = JSON.parse(line.replace(/,$/, ""));
    } catch {
      throw unreadable(path);
    }
    yield checked(fill, path);
  }
}

async function* linesOf(path: string): AsyncGenerator<string> {
  using file = await Deno.open(path);
  const decoder = new TextDecoder();
  const bytes = new Uint8Array(64 * 1024);
  let open = "";
  for (;;) {
    const count = await file.read(bytes);
    open += decoder.decode(bytes.subarray(0, count ?? 0), { stream: count !== null });
    const lines = open.split("\n");
    open = lines.pop()!;
    yield* lines;
    if (count === null) break;
  }
  yield open;
}

function checked(fill: unknown, path: string): object {
  if (typeof fill !== "object" || fill === null || Array.isArray(fill)) throw unreadable(path);
  return fill;
}

function unreadable(path: string): UnusableResult {
  return new UnusableResult(
    `${path} is damaged, or somebody edited it: one of its fills cannot be read. Restore it from a copy, or repeat the ` +
      "backtest",
  );
}
