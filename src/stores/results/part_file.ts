/** The file of one part of a sweep, as `--join` reads it. */
import { outwardLink, outwardText } from "../../domain/process/outward_link.ts";
import type { SweepPart } from "../../domain/run/sweep_result.ts";
import { UnusableResult } from "./result_reading.ts";
import { isAsWritten, sweepIn, type SweepText, type Unfinished } from "./sweep_file.ts";

/** A part, as its file holds it. */
export interface PartFile {
  readonly path: string;
  readonly result: SweepText & { readonly part: SweepPart; readonly unfinished: Unfinished };
}

/** Reads the file of a part. Throws an UnusableResult for any other file, and for one that was changed since. */
export async function readPartFile(path: string): Promise<PartFile> {
  const link = outwardLink(path, Deno);
  if (link !== null) throw new UnusableResult(`${path} cannot be read: ${outwardText(link)}`);
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    const why = error instanceof Deno.errors.NotFound
      ? "there is no such file"
      : error instanceof Error
      ? error.message
      : error;
    throw new UnusableResult(`${path} cannot be read: ${why}`);
  }
  const result = sweepIn(text);
  if (result === null) {
    throw new UnusableResult(
      isJson(text)
        ? `${path} is not the part of a sweep: expected a file that "penstock sweep --part" wrote`
        : `${path} is not whole, or not JSON: expected a file that "penstock sweep --part" wrote. Copy it again`,
    );
  }
  const { part, unfinished } = result;
  if (part === undefined || unfinished === undefined) {
    throw new UnusableResult(`${path} is a sweep without --part, so there is nothing to join`);
  }
  if (!isAsWritten(result)) {
    throw new UnusableResult(
      `${path} was changed after the sweep had written it: copy it again, or repeat the part`,
    );
  }
  return { path, result: { ...result, part, unfinished } };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
