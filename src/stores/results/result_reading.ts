/** Reads a result file back, in memory that does not grow with its fills. */
import { outwardLink, outwardText } from "../../domain/process/outward_link.ts";

/** A file that holds no result, or one that cannot be used; the message says what it is and what to do. */
export class UnusableResult extends Error {
  override readonly name = "UnusableResult";
  readonly exit = "input";
}

/** The most characters of a file without its fills; a result has far fewer. */
const MOST_CHARACTERS = 64 * 1024 * 1024;
/** The lines before and after the fills, as `ResultFile` writes them. */
export const FILLS = `"fills":[`;
export const AFTER_FILLS = "],";

/**
 * The JSON value in the file at `path`. If the file has the layout of a result, its fills are left out. Throws an
 * UnusableResult if it is not whole JSON, and an Error if the file cannot be read.
 */
export async function readResult(path: string): Promise<unknown> {
  const link = outwardLink(path, Deno);
  if (link !== null) throw new UnusableResult(`${path} cannot be read: ${outwardText(link)}`);
  using file = await Deno.open(path);
  const text = await withoutFills(file, path);
  try {
    return JSON.parse(text);
  } catch {
    throw new UnusableResult(
      `${path} is not whole: its JSON cannot be read to the end. The copy is incomplete, or it was edited. ` +
        "Copy it again, or repeat the backtest with --out",
    );
  }
}

/** The lines of the file except those of the fills. */
async function withoutFills(file: Deno.FsFile, path: string): Promise<string> {
  const kept: string[] = [];
  let length = 0;
  let isInFills = false;
  for await (const line of resultLines(file, path)) {
    if (isInFills && line !== AFTER_FILLS) continue;
    isInFills = line === FILLS;
    kept.push(line);
    length += line.length;
    if (length > MOST_CHARACTERS) throw tooLarge(path);
  }
  return kept.join("\n");
}

/** The lines of a file, without line ends; the last may be empty. Throws an UnusableResult for one that is too long. */
export async function* resultLines(file: Deno.FsFile, path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const bytes = new Uint8Array(256 * 1024);
  let open = "";
  for (let count: number | null = 0; count !== null;) {
    count = await file.read(bytes);
    open += decoder.decode(bytes.subarray(0, count ?? 0), { stream: count !== null });
    const lines = open.split("\n");
    open = lines.pop()!;
    yield* lines;
    if (open.length > MOST_CHARACTERS) throw tooLarge(path);
  }
  yield open;
}

function tooLarge(path: string): UnusableResult {
  return new UnusableResult(
    `${path} is far larger than a result without its fills: it must be something else`,
  );
}
