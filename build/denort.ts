/**
 * The base of a compiled file: `denort`, which `deno compile` fetches from dl.deno.land by its version, without a
 * checksum. build/denort.sha256 has the checksums, and the build compares them. `deno task denort` rewrites that file
 * for the version of Deno that runs it, from two hosts and from the checksums that denoland publishes next to each
 * archive. Run it where those hosts can be reached, then review the file and commit it.
 *
 * @module
 */
import { TARGETS } from "./binary.ts";

/** The file of the checksums. */
export const DENORT_PINS = new URL("denort.sha256", import.meta.url);

/**
 * The content of build/denort.sha256: for one version of Deno, the SHA-256 of each archive by its name, in hexadecimal.
 */
export interface DenortPins {
  readonly version: string;
  readonly sums: ReadonlyMap<string, string>;
}

const VERSION = /^# Deno (\d+\.\d+\.\d+)$/m;
const SUM = /^([0-9a-f]{64}) {2}(denort-[\w-]+\.zip)$/;

/** The name of the archive with the base for `target`. */
export function archiveName(target: string): string {
  return `denort-${target}.zip`;
}

/** Reads the text of build/denort.sha256. Throws a SyntaxError that quotes a line that is not a checksum. */
export function parsePins(text: string): DenortPins {
  const version = VERSION.exec(text)?.[1];
  if (version === undefined) throw new SyntaxError(`expected a line "# Deno VERSION"`);
  const sums = new Map<string, string>();
  for (const line of text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))) {
    const [, sum, name] = SUM.exec(line) ?? [];
    if (sum === undefined || name === undefined) {
      throw new SyntaxError(`"${line}" is not a line "SHA-256  denort-TARGET.zip"`);
    }
    if (sums.has(name)) throw new SyntaxError(`${name} is listed twice`);
    sums.set(name, sum);
  }
  return { version, sums };
}

/** The checksum that the archive for `target` must have with Deno `version`; null if none is committed. */
export function pinOf(pins: DenortPins, version: string, target: string): string | null {
  return pins.version === version ? pins.sums.get(archiveName(target)) ?? null : null;
}

/** SHA-256 in hexadecimal. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** Fetches a file; rejects if that fails. */
export type Download = (url: string) => Promise<Uint8Array<ArrayBuffer>>;

/**
 * The text of build/denort.sha256 for Deno `version`. Rejects with an Error that names an archive whose copies on
 * dl.deno.land and github.com differ, or whose checksum differs from the one published next to it.
 */
export async function fetchPins(
  version: string,
  targets: readonly string[],
  download: Download,
): Promise<string> {
  const lines = [
    `# Deno ${version}`,
    "# The archives that `deno compile` takes its base from. Written by `deno task denort`: review it before you commit it.",
  ];
  for (const target of targets) {
    const name = archiveName(target);
    const github = `https://github.com/denoland/deno/releases/download/v${version}/${name}`;
    const used = await sha256(await download(`https://dl.deno.land/release/v${version}/${name}`));
    const other = await sha256(await download(github));
    if (used !== other) throw new Error(`${name} is ${used} on dl.deno.land, but ${other} on github.com`);
    // The checksum next to an archive for Windows is PowerShell's output: in capitals, and perhaps in UTF-16.
    const beside = new TextDecoder().decode(await download(`${github}.sha256sum`)).replaceAll("\0", "");
    if (!beside.toLowerCase().includes(used)) {
      throw new Error(`${name} is ${used}, but ${name}.sha256sum says ${beside.trim()}`);
    }
    lines.push(`${used}  ${name}`);
  }
  return `${lines.join("\n")}\n`;
}

if (import.meta.main) {
  const text = await fetchPins(Deno.version.deno, TARGETS, async (url) => {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${url} answers HTTP ${response.status}`);
    return await response.bytes();
  });
  Deno.writeTextFileSync(DENORT_PINS, text);
  console.log(text);
}
