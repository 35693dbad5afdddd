/**
 * Switches the `@std` imports between the published packages and the stand-ins in this folder:
 * `deno task std:jsr` and `deno task std:local`. Changes deno.json's `links` and makes deno.lock anew, since one
 * lock file is right for one of the two only. Imports nothing, because it runs while the lock file is wrong.
 *
 * @module
 */

/** The packages this folder stands in for. */
export const PACKAGES = ["assert", "cli", "log"];

const LINKS = `  "links": [${PACKAGES.map((name) => `"./std/${name}"`).join(", ")}],\n`;
const LINKS_ENTRY = /^ {2}"links": \[[^\]]*\],\n/m;
const IMPORTS_ENTRY = /^ {2}"imports": \{[^}]*\},\n/m;

/** The text of deno.json with the stand-ins linked or not; everything else stays as it is. */
export function withLinks(config: string, linked: boolean): string {
  const without = config.replace(LINKS_ENTRY, "");
  if (!linked) return without;
  if (LINKS_ENTRY.test(config)) return config.replace(LINKS_ENTRY, LINKS);
  if (!IMPORTS_ENTRY.test(config)) throw new Error("deno.json has no imports entry to put the links after");
  return config.replace(IMPORTS_ENTRY, (imports) => imports + LINKS);
}

/** The lock file without its `@std` entries, which `deno install` adds to but never takes back. The rest stays pinned. */
export function withoutStd(lock: string): string {
  const { jsr: _, specifiers = {}, ...rest } = JSON.parse(lock) as {
    jsr?: unknown;
    specifiers?: Record<string, string>;
  };
  const kept = Object.entries(specifiers).filter(([specifier]) => !specifier.startsWith("jsr:@std/"));
  return JSON.stringify({ ...rest, specifiers: Object.fromEntries(kept) });
}

/** Which `@std` packages a lock file lacks, for the stand-ins or for the published packages. */
export function missingFromLock(lock: string, linked: boolean): string[] {
  const { specifiers, workspace } = JSON.parse(lock) as {
    specifiers?: Record<string, string>;
    workspace?: { links?: Record<string, unknown> };
  };
  const present = Object.keys((linked ? workspace?.links : specifiers) ?? {});
  return PACKAGES.map((name) => `jsr:@std/${name}@`)
    .filter((prefix) => !present.some((key) => key.startsWith(prefix)))
    .map((prefix) => prefix.slice(0, -1));
}

function read(path: URL): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function switchTo(linked: boolean): number {
  const root = new URL("../", import.meta.url);
  const configPath = new URL("deno.json", root);
  const lockPath = new URL("deno.lock", root);
  const what = linked ? "the stand-ins in std/" : "the published packages of jsr.io";
  const config = Deno.readTextFileSync(configPath);
  const lock = read(lockPath);
  const wanted = withLinks(config, linked);
  if (wanted === config && lock !== undefined && missingFromLock(lock, linked).length === 0) {
    console.log(`@std is already taken from ${what}. Nothing was changed.`);
    return 0;
  }

  let missing: string[] = [];
  let done = false;
  try {
    Deno.writeTextFileSync(configPath, wanted);
    if (lock !== undefined) Deno.writeTextFileSync(lockPath, withoutStd(lock));
    const { success } = new Deno.Command(Deno.execPath(), {
      args: ["install", "--frozen=false"],
      cwd: root,
      stdout: "inherit",
      stderr: "inherit",
    }).outputSync();
    // `deno install` ends with 0 even where no package could be fetched: only the lock file tells.
    missing = missingFromLock(read(lockPath) ?? "{}", linked);
    done = success && missing.length === 0;
  } finally {
    if (!done) {
      Deno.writeTextFileSync(configPath, config);
      if (lock !== undefined) Deno.writeTextFileSync(lockPath, lock);
      else if (read(lockPath) !== undefined) Deno.removeSync(lockPath);
    }
  }
  if (done) {
    console.log(`@std now comes from ${what}: deno.json and deno.lock are changed. Next: deno task ok`);
    return 0;
  }
  const reason = missing.length > 0 ? `${missing.join(", ")} could not be fetched` : "deno install failed";
  console.error(`@std stays as it was: ${reason}. deno.json and deno.lock are restored.`);
  return 1;
}

if (import.meta.main) {
  const [target] = Deno.args;
  if (target !== "jsr" && target !== "local") {
    console.error("usage: deno task std:jsr | deno task std:local");
    Deno.exit(2);
  }
  Deno.exit(switchTo(target === "local"));
}
