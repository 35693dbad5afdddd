/** What this process is allowed to do: asked, and given up where it is not needed any more. */
import { EXCHANGE_NAMES, type ExchangeName, hostsOf } from "../domain/exchange_hosts.ts";

/** What a process goes on needing. */
export interface Needs {
  /** `host:port` of everything that is still to be connected to. */
  readonly hosts: readonly string[];
  /** Files that are still to be opened or removed, for writing. */
  readonly writes: readonly string[];
  /** Files that are still to be looked at; none unless they are given. */
  readonly reads?: readonly string[];
}

/** The kinds of permission that no command of this program uses. */
const NEVER_NEEDED = ["env", "run", "sys", "ffi", "import"] as const;

/** Hosts that a list of grants may name for the built-in exchange, besides those of the exchanges. */
const LOOPBACK = ["127.0.0.1", "localhost", "[::1]"];

/** Whether `host:port` may be connected to. */
export function mayReach(host: string): boolean {
  return isGranted({ name: "net", host });
}

/** Whether everything of `kind` is granted, at `path` or, without one, anywhere. */
export function may(kind: "read" | "write", path?: string): boolean {
  return isGranted(path === undefined ? { name: kind } : { name: kind, path });
}

/** The kinds of permission that are granted, wholly or with `import` in the usual part, and that nothing needs. */
export function superfluous(): string[] {
  return NEVER_NEEDED.filter((name) => isGranted({ name }));
}

/**
 * The exchange that this program is locked to, as the permissions fixed at its build tell: the one whose stream may
 * be reached when that of no other may. Null where they leave the choice.
 */
export function lockedExchange(): ExchangeName | null {
  const reachable = EXCHANGE_NAMES.filter((name) => mayReach(hostsOf(name)[0]!));
  return reachable.length === 1 ? reachable[0]! : null;
}

/**
 * Gives up, for good, every permission but what `needs` names, and says in words what remains. Where the whole
 * network, or reading anywhere, was granted it cannot be narrowed without losing it, and is kept; where writing was granted anywhere, it is
 * lost altogether. A grant for a folder goes where one of `paths` is in it. What is open stays open.
 */
export async function giveUp(needs: Needs, paths: readonly string[]): Promise<string> {
  const anywhere = isGranted({ name: "net" });
  const hosts = needs.hosts.filter(mayReach);
  const writes = needs.writes.filter((path) => isGranted({ name: "write", path }));
  if (!anywhere) {
    // A grant that is asked for while a wider one covers it stays when the wider one is revoked.
    for (const host of hosts) await Deno.permissions.request({ name: "net", host });
    const others = [...EXCHANGE_NAMES.flatMap(hostsOf), ...LOOPBACK].filter((host) => !hosts.includes(host));
    for (const host of others) await Deno.permissions.revoke({ name: "net", host });
  }
  for (const path of writes) await Deno.permissions.request({ name: "write", path });
  for (const path of new Set([...paths, ...needs.writes, "data/"].flatMap(foldersOver))) {
    await Deno.permissions.revoke({ name: "write", path });
  }
  const reads = await narrowReading(needs.reads ?? [], paths);
  // Everything at once would take the files named above with it.
  if (writes.length === 0 || isGranted({ name: "write" })) await Deno.permissions.revoke({ name: "write" });
  for (const name of NEVER_NEEDED) await Deno.permissions.revoke({ name });
  return remaining(anywhere, hosts, [...writesKept(writes), ...reads]);
}

/**
 * Gives up reading but for these files, and says in words what remains of it. Where it was granted anywhere it cannot be
 * narrowed without losing it, and is kept.
 */
async function narrowReading(files: readonly string[], paths: readonly string[]): Promise<string[]> {
  const reads = files.filter((path) => isGranted({ name: "read", path }));
  if (reads.length === 0) {
    await Deno.permissions.revoke({ name: "read" });
    return [];
  }
  if (isGranted({ name: "read" })) return ["reading anywhere (it was granted whole)"];
  for (const path of reads) await Deno.permissions.request({ name: "read", path });
  for (const path of new Set([...paths, ...reads, "data/"].flatMap(foldersOver))) {
    await Deno.permissions.revoke({ name: "read", path });
  }
  return reads.filter((path) => isGranted({ name: "read", path })).map((path) => `reading ${path}`);
}

function writesKept(writes: readonly string[]): string[] {
  return writes.filter((path) => isGranted({ name: "write", path })).map((path) => `writing ${path}`);
}

function remaining(anywhere: boolean, hosts: readonly string[], files: readonly string[]): string {
  const kept = [
    ...(anywhere
      ? ["network to any host (it was granted whole)"]
      : hosts.map((host) => `network to ${host}`)),
    ...files,
  ];
  return `permissions kept: ${kept.length === 0 ? "none" : kept.join(", ")}; all others are given up`;
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
