/** The permissions of this process: checks them, and drops those that are no longer needed. */
import { PUBLIC_HOSTS } from "../../domain/alarms/service_address.ts";
import { EXCHANGE_NAMES, type ExchangeName, hostsOf } from "../../exchanges/hosts.ts";
import { type BuildLimits, grantAdvice, WATCH_ADVICE } from "../../domain/process/permission_advice.ts";

/** The permissions that a process still needs. */
export interface Needs {
  /** `host:port` of every host that it still connects to. */
  readonly hosts: readonly string[];
  /** Files that it still opens for writing, or removes. */
  readonly writes: readonly string[];
  /** Whether it cannot do without them, so that a grant for writing anywhere is kept. Default: it is dropped. */
  readonly mustWrite?: boolean;
  /** Files, and perhaps the folder, that are still to be read; none by default. */
  readonly reads?: readonly string[];
  /** A folder in which files are still to be created and removed; null for none. */
  readonly folder: string | null;
}

/** The kinds of permission that no command of this program uses. */
const NEVER_NEEDED = ["env", "run", "sys", "ffi", "import"] as const;

/** Hosts that a list of grants may name for the built-in exchange, in addition to those of the exchanges. */
const LOOPBACK = ["127.0.0.1", "localhost", "[::1]"];

/** Whether `host:port` may be connected to. */
export function mayReach(host: string): boolean {
  return isGranted({ name: "net", host });
}

/** Whether everything of `kind` is granted, at `path` or, without one, anywhere. */
export function may(kind: "read" | "write", path?: string): boolean {
  return isGranted(path === undefined ? { name: kind } : { name: kind, path });
}

/** The kinds of permission that are granted without limits and that nothing needs. */
export function superfluous(): string[] {
  return NEVER_NEEDED.filter((name) => isGranted({ name }));
}

/**
 * The exchange that this program was built for: the only one whose stream it may reach. Null if it may reach
 * several, or none.
 */
export function lockedExchange(): ExchangeName | null {
  const reachable = EXCHANGE_NAMES.filter((name) => mayReach(hostsOf(name)[0]!));
  return reachable.length === 1 ? reachable[0]! : null;
}

/** What stops a command from running, as a sentence with advice; null if nothing does. */
export function obstacleTo(command: string, port = 0): string | null {
  const isWatch = command === "watch" && Deno.build.standalone;
  if (command !== "demo" && command !== "exchange" && !isWatch) return null;
  const host = command !== "exchange" || port === 0 ? "127.0.0.1" : `127.0.0.1:${port}`;
  if (mayReach(host)) return null;
  const advice = isWatch ? WATCH_ADVICE : grantAdvice({ net: host }, Deno.build.standalone);
  return `"${command}" needs ${host}, which this program may not reach: ${advice}`;
}

/** What a compiled program cannot do, for its help; null if flags can still change it. */
export function buildLimits(): BuildLimits | null {
  if (!Deno.build.standalone) return null;
  const missing = new Map<string, string>();
  for (const name of ["demo", "exchange"] as const) {
    if (obstacleTo(name) !== null) {
      missing.set(
        name,
        `not in this build, which may not use the local network; from the sources: deno task ${name}`,
      );
    }
  }
  if (obstacleTo("watch") !== null) {
    missing.set("watch", `not in this build, which may not use the local network: deno task compile --watch`);
  }
  const exchange = lockedExchange();
  const hosts = exchange === null ? "the hosts it was built for" : `the hosts of ${exchange}`;
  const files = may("read") ? "any file" : "only files under ./data";
  return { missing, reach: `This build reaches only ${hosts} and uses ${files}.` };
}

/**
 * Permanently drops every permission except those that `needs` names, and returns in words what remains. A grant for
 * the whole network, or for reading anywhere, cannot be narrowed without losing it, and is kept. A grant for writing
 * anywhere is kept only if `needs` names a folder or has `mustWrite`. A grant for a folder is dropped if one of `paths`
 * is in it. Open files and connections stay open.
 */
export async function dropPermissions(needs: Needs, paths: readonly string[]): Promise<string> {
  const { folder } = needs;
  const anywhere = isGranted({ name: "net" });
  const hosts = needs.hosts.filter(mayReach);
  const writes = (folder === null ? needs.writes : [...needs.writes, folder]).filter((path) =>
    isGranted({ name: "write", path })
  );
  const writesAnywhere = (folder !== null || needs.mustWrite === true) && isGranted({ name: "write" });
  if (!anywhere) {
    // A grant that is requested while a wider one covers it stays when the wider one is revoked.
    for (const host of hosts) await Deno.permissions.request({ name: "net", host });
    const known = [...EXCHANGE_NAMES.flatMap(hostsOf), ...PUBLIC_HOSTS, ...LOOPBACK];
    const others = known.filter((host) => !hosts.includes(host));
    for (const host of others) await Deno.permissions.revoke({ name: "net", host });
  }
  if (!writesAnywhere) await narrowWriting(writes, [...paths, ...writes, "data/"], folder);
  const reads = await narrowReading(needs.reads ?? [], paths, folder);
  for (const name of NEVER_NEEDED) await Deno.permissions.revoke({ name });
  const written = writesAnywhere ? ["writing anywhere (granted without limits)"] : writesKept(writes);
  return remaining(anywhere, hosts, [...written, ...reads]);
}

/**
 * Drops writing anywhere and to the folders over `paths`, except for `writes`, which may include `folder`.
 */
async function narrowWriting(
  writes: readonly string[],
  paths: readonly string[],
  folder: string | null,
): Promise<void> {
  for (const path of writes) await Deno.permissions.request({ name: "write", path });
  for (const path of new Set(paths.flatMap(foldersOver))) {
    // Revoking a folder also revokes those over it.
    if (folder === null || !isIn(folder, path)) await Deno.permissions.revoke({ name: "write", path });
  }
  // Revoking everything at once would also revoke `writes`.
  if (writes.length === 0 || isGranted({ name: "write" })) await Deno.permissions.revoke({ name: "write" });
}

/**
 * Drops reading, except for these files, which may include `folder`, and returns in words what remains. A
 * grant to read anywhere cannot be narrowed without losing it, and is kept.
 */
async function narrowReading(
  files: readonly string[],
  paths: readonly string[],
  folder: string | null,
): Promise<string[]> {
  const reads = files.filter((path) => isGranted({ name: "read", path }));
  if (reads.length === 0) {
    await Deno.permissions.revoke({ name: "read" });
    return [];
  }
  if (isGranted({ name: "read" })) return ["reading anywhere (granted without limits)"];
  for (const path of reads) await Deno.permissions.request({ name: "read", path });
  for (const path of new Set([...paths, ...reads, "data/"].flatMap(foldersOver))) {
    if (folder === null || !isIn(folder, path)) await Deno.permissions.revoke({ name: "read", path });
  }
  return reads.filter((path) => isGranted({ name: "read", path })).map((path) => `reading ${path}`);
}

function writesKept(writes: readonly string[]): string[] {
  return writes.filter((path) => isGranted({ name: "write", path })).map((path) => `writing ${path}`);
}

function remaining(anywhere: boolean, hosts: readonly string[], files: readonly string[]): string {
  const kept = [
    ...(anywhere
      ? ["network to any host (granted without limits)"]
      : hosts.map((host) => `network to ${host}`)),
    ...files,
  ];
  return `permissions kept: ${kept.length === 0 ? "none" : kept.join(", ")}; all others are dropped`;
}

/** Whether `path` is `folder` or in it. */
function isIn(folder: string, path: string): boolean {
  const [outer, inner] = [realPath(folder), realPath(path)];
  return inner === outer || inner.startsWith(`${outer}/`);
}

/** The path with its links followed if reading has not been dropped yet, otherwise as it was written. */
function realPath(path: string): string {
  try {
    return Deno.realPathSync(path).replaceAll("\\", "/");
  } catch {
    return path.replaceAll("\\", "/").replace(/^\.\//, "").replace(/\/+$/, "");
  }
}

/** The folders that `path` is in, from its own to the root or the working folder. */
function foldersOver(path: string): string[] {
  const parts = path.split(/[\\/]/);
  const over = parts.slice(1).map((_, at) => parts.slice(0, at + 1).join("/") || "/");
  return path.startsWith("/") ? over : [".", ...over];
}

function isGranted(descriptor: Deno.PermissionDescriptor): boolean {
  return Deno.permissions.querySync(descriptor).state === "granted";
}
