/**
 * Switches the `@std` imports between the published packages and the stand-ins in this folder:
 * `deno task std:jsr` and `deno task std:local`. Each of the two has a lock file of its own, since one is right for
 * one of them only: deno.lock is the one in use, the other waits here as jsr.lock or local.lock, so that no switch
 * drops a pin. Imports nothing, because it runs while the lock file is wrong.
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

/** The parts of a lock file that pin something. */
interface Pins {
  readonly specifiers?: Readonly<Record<string, string>>;
  readonly npm?: Readonly<Record<string, { readonly integrity?: string }>>;
  readonly jsr?: Readonly<Record<string, { readonly integrity?: string }>>;
}

/**
 * What `before` pins and `after` pins otherwise: the specifiers that resolve to another version and the packages
 * with another checksum, sorted. What only one of the two needs is no difference.
 */
export function changedPins(before: string, after: string): string[] {
  const [old, now] = [JSON.parse(before) as Pins, JSON.parse(after) as Pins];
  const changed = Object.entries(old.specifiers ?? {})
    .filter(([specifier, version]) => (now.specifiers?.[specifier] ?? version) !== version)
    .map(([specifier]) => specifier);
  for (const [was, is] of [[old.npm, now.npm], [old.jsr, now.jsr]]) {
    for (const [name, { integrity }] of Object.entries(was ?? {})) {
      if (is?.[name] !== undefined && is[name].integrity !== integrity) changed.push(name);
    }
  }
  return changed.sort();
}

function read(path: URL): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function write(path: URL, text: string | undefined): void {
  if (text !== undefined) Deno.writeTextFileSync(path, text);
  else if (read(path) !== undefined) Deno.removeSync(path);
}

/** Whether the packages were fetched as the lock file says; with `isFrozen` it may not be added to. */
export type Install = (root: URL, isFrozen: boolean) => boolean;

/** What came of a switch: what to print, and whether it was made. */
export interface Switched {
  readonly done: boolean;
  readonly text: string;
}

/**
 * Makes the project in the folder `root` take `@std` from the stand-ins, or not. Where the other lock file is there,
 * nothing is resolved: every version and checksum is the one in it. Where it is not, the versions are the exact ones
 * in deno.json, and what their own imports resolve to that day is written to it, to be read and committed.
 */
export function switchTo(root: URL, linked: boolean, install: Install): Switched {
  const [configPath, lockPath] = [new URL("deno.json", root), new URL("deno.lock", root)];
  const kept = { true: new URL("std/local.lock", root), false: new URL("std/jsr.lock", root) };
  const what = linked ? "the stand-ins in std/" : "the published packages of jsr.io";
  const config = Deno.readTextFileSync(configPath);
  const lock = read(lockPath);
  const wasLinked = LINKS_ENTRY.test(config);
  const wanted = withLinks(config, linked);
  if (wanted === config && lock !== undefined && missingFromLock(lock, linked).length === 0) {
    return { done: true, text: `@std is already taken from ${what}. Nothing was changed.` };
  }

  const pinned = read(kept[`${linked}`]);
  const before = read(kept[`${wasLinked}`]);
  let failure: string | null = "it was interrupted";
  try {
    if (lock !== undefined && wasLinked !== linked) write(kept[`${wasLinked}`], lock);
    write(configPath, wanted);
    write(lockPath, pinned ?? (lock === undefined ? undefined : withoutStd(lock)));
    const isInstalled = install(root, pinned !== undefined);
    const after = read(lockPath) ?? "{}";
    // `deno install` ends with 0 even where no package could be fetched: only the lock file tells.
    const missing = missingFromLock(after, linked);
    const changed = changedPins(pinned ?? lock ?? "{}", after);
    failure = missing.length > 0
      ? `${missing.join(", ")} could not be fetched`
      : changed.length > 0
      ? `what is pinned would have changed: ${changed.join(", ")}`
      : isInstalled
      ? null
      : pinned === undefined
      ? "deno install failed"
      : `deno install failed with ${nameOf(kept[`${linked}`])}; where deno.json has changed since, delete it`;
    if (failure === null && pinned === undefined) write(kept[`${linked}`], after);
  } finally {
    if (failure !== null) {
      write(configPath, config);
      write(lockPath, lock);
      write(kept[`${wasLinked}`], before);
    }
  }
  if (failure !== null) {
    return { done: false, text: `@std stays as it was: ${failure}. deno.json and deno.lock are restored.` };
  }
  const from = `@std now comes from ${what}: deno.json and deno.lock are changed.`;
  if (pinned !== undefined) {
    return {
      done: true,
      text: `${from} Every package is the one in the lock file kept for it. Next: deno task ok`,
    };
  }
  return {
    done: true,
    text: `${from} Their lock file was not there: what they import was resolved today, and is now in ${
      nameOf(kept[`${linked}`])
    }. Read it before you commit it. Next: deno task ok`,
  };
}

function nameOf(path: URL): string {
  return path.pathname.split("/").slice(-2).join("/");
}

if (import.meta.main) {
  const [target] = Deno.args;
  if (target !== "jsr" && target !== "local") {
    console.error("usage: deno task std:jsr | deno task std:local");
    Deno.exit(2);
  }
  const root = new URL("../", import.meta.url);
  const { done, text } = switchTo(
    root,
    target === "local",
    (cwd, isFrozen) =>
      new Deno.Command(Deno.execPath(), {
        args: ["install", `--frozen=${isFrozen}`],
        cwd,
        stdout: "inherit",
        stderr: "inherit",
      }).outputSync().success,
  );
  (done ? console.log : console.error)(text);
  Deno.exit(done ? 0 : 1);
}
