/** Finds out whether the file for a page is a result or a journal. */
import { outwardLink, outwardText } from "../../domain/process/outward_link.ts";
import { UnusableResult } from "./result_reading.ts";

/** The first bytes of files that a page can be made from, and of files that people may name by mistake. */
const STARTS: readonly (readonly [start: RegExp, kind: string])[] = [
  [/^SQLite format 3\0/, "journal"],
  [/^\s*\{"event":/, "is a recording, which has trades but no result: give it to penstock backtest --report"],
  [/^\s*\{/, "result"],
  [/^<!DOCTYPE html>\n<html lang="en" data-penstock="report">/, "is already a page: open it in a browser"],
  [
    // deno-lint-ignore no-control-regex
    /^(PK\x03\x04|\x1f\x8b)/,
    "is compressed: decompress it, or if it holds trades, give it to penstock backtest --report",
  ],
  [/^$/, "is empty"],
];
const MOST_BYTES = 128;

/** Returns what is at `path`. Throws an UnusableResult if it is neither, or if it cannot be read. */
export async function reportedFile(path: string): Promise<"result" | "journal"> {
  const link = outwardLink(path, Deno);
  if (link !== null) throw new UnusableResult(`${path} cannot be read: ${outwardText(link)}`);
  const start = await startOf(path);
  const kind = STARTS.find(([pattern]) => pattern.test(start))?.[1] ??
    "is neither a result nor a journal. Name a file that penstock backtest --out wrote, or the journal of a run; " +
      "trades are for penstock backtest --report";
  if (kind === "result" || kind === "journal") return kind;
  throw new UnusableResult(`${path} ${kind}`);
}

/** Whether the file at `path` looks like a result. A file that cannot be read does not. */
export async function isResult(path: string): Promise<boolean> {
  try {
    return await reportedFile(path) === "result";
  } catch {
    // The next reader of the file reports what is wrong with it.
    return false;
  }
}

/** The first bytes, one character each. */
async function startOf(path: string): Promise<string> {
  try {
    // A pipe would wait for its writer, and could be read only once.
    const { isFile } = await Deno.stat(path);
    if (!isFile) throw new UnusableResult(`${path} is not a file: name a result or a journal`);
    using file = await Deno.open(path);
    const bytes = new Uint8Array(MOST_BYTES);
    const count = await file.read(bytes) ?? 0;
    return String.fromCharCode(...bytes.subarray(0, count));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new UnusableResult(`${path} cannot be read: there is no such file. Name a result or a journal`);
  }
}
