/** Reads a result file back, in memory that does not grow with its fills. */
import { outwardLink, outwardText } from "../../domain/process/outward_link.ts";

/** A file that holds no result, or one that cannot be used; the message says what it is and what to do. */
export class UnusableResult extends Error {
  override readonly name = "UnusableResult";
  readonly exit = "input";
}

/** A result without its fills is far smaller. */
const MOST_CHARACTERS = 64 * 1024 * 1024;
const FILLS = `"fills":[`;
const AFTER_FILLS = "],";

/**
 * The JSON value in the file at `path`. Of a file in the layout of a result, the fills are left out. Throws an
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
      `${path} is not whole: its JSON cannot be read to the end. The copy is incomplete, or somebody edited ` +
        "it. Copy it again, or repeat the backtest with --out",
    );
  }
}

/** The lines of the file but those of the fills. */
async function withoutFills(file: Deno.FsFile, path: string): Promise<string> {
  const decoder = new TextDecoder();
  const bytes = new Uint8Array(256 * 1024);
  const kept: string[] = [];
  let length = 0;
  let open = "";
  let isInFills = false;
  const take = (line: string): void => {
    if (isInFills && line !== AFTER_FILLS) return;
    isInFills = line === FILLS;
    kept.push(line);
    length += line.length;
  };
  for (;;) {
    const count = await file.read(bytes);
    open += decoder.decode(bytes.subarray(0, count ?? 0), { stream: count !== null });
    const lines = open.split("\n");
    open = lines.pop()!;
    lines.forEach(take);
    if (length + open.length > MOST_CHARACTERS) {
      throw new UnusableResult(`${path} is far larger than a result without its fills: it is something else`);
    }
    if (count === null) break;
  }
  take(open);
  return kept.join("\n");
}
