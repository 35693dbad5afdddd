/**
 * Real market data that others recorded. It is not part of the project: it is in the folder that
 * PENSTOCK_DATA names, or in `../shared/data`. A test that needs it is ignored if it is not there.
 */

const FOLDER = Deno.env.get("PENSTOCK_DATA") ?? new URL("../../../shared/data", import.meta.url).pathname;

/** Whether all of these files exist. */
export function isRecorded(...names: string[]): boolean {
  return names.every((name) => {
    try {
      return Deno.statSync(`${FOLDER}/${name}`).isFile;
    } catch {
      return false;
    }
  });
}

/** The path of such a file. */
export function recordedFile(name: string): string {
  return `${FOLDER}/${name}`;
}

/** The lines of a gzip file. */
export async function gzipLines(name: string): Promise<string[]> {
  const compressed = new Blob([await Deno.readFile(`${FOLDER}/${name}`)]).stream();
  return await linesOf(compressed.pipeThrough(new DecompressionStream("gzip")));
}

/** The lines of the first member of a zip file, which must be deflated. */
export async function zipLines(name: string): Promise<string[]> {
  const archive = await Deno.readFile(`${FOLDER}/${name}`);
  const view = new DataView(archive.buffer);
  let end = archive.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end--;
  if (end < 0) throw new TypeError(`${name} is not a zip file: it has no end of central directory`);
  const entry = view.getUint32(end + 16, true);
  const method = view.getUint16(entry + 10, true);
  if (method !== 8) throw new TypeError(`${name} holds a member of method ${method}, expected 8 (deflated)`);
  const size = view.getUint32(entry + 20, true);
  const member = view.getUint32(entry + 42, true);
  const start = member + 30 + view.getUint16(member + 26, true) + view.getUint16(member + 28, true);
  const deflated = new Blob([archive.subarray(start, start + size)]).stream();
  return await linesOf(deflated.pipeThrough(new DecompressionStream("deflate-raw")));
}

async function linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string[]> {
  const text = await new Response(stream).text();
  return text.split("\n").map((line) => line.trimEnd()).filter((line) => line !== "");
}
