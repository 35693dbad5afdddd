/**
 * A sandbox like the container that Penstock is meant for, made by bubblewrap: no root, a read-only root file system
 * with nothing in it but the program and the libraries it is linked to, no capabilities, `/data` in memory, and a
 * network that has loopback only.
 */

/** Where things are outside. */
export interface SandboxParts {
  /** The executable: Penstock itself, or Deno where that has to run the unpacked program. */
  readonly executable: string;
  /**
   * The unpacked program's folder, and one in which Deno keeps what it makes of the sources from run to run; null where
   * the executable is Penstock.
   */
  readonly app: { readonly sources: string; readonly cache: string } | null;
  /** The arguments before Penstock's own. */
  readonly before: readonly string[];
  /** Files for /etc, by name. */
  readonly etc: Readonly<Record<string, string>>;
  /** What becomes /data. */
  readonly data: string;
}

/** Where the unpacked program is inside. */
export const APP = "/app";
const PROGRAM = "/penstock";
const CACHE = "/cache";
/** Nobody in particular: the user of distroless images. */
const USER = "65532";

/** Whether bubblewrap is there and may make namespaces. */
export function hasBubblewrap(): boolean {
  try {
    const args = ["--unshare-user", "--unshare-net", "--ro-bind", "/", "/", "true"];
    return new Deno.Command("bwrap", { args, stdout: "null", stderr: "null" }).outputSync().success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * The arguments of bwrap that give `command` a network of its own, loopback only, in which it may listen on every
 * port, with `hosts` for /etc/hosts and memory at `data`. It sees this machine's files otherwise.
 */
export function networkArguments(hosts: string, data: string, command: readonly string[]): string[] {
  return [
    ...["--unshare-user", "--unshare-net", "--unshare-pid", "--die-with-parent"],
    ...["--uid", "0", "--gid", "0", "--cap-add", "ALL"],
    ...["--dev-bind", "/", "/", "--proc", "/proc"],
    ...["--ro-bind", hosts, "/etc/hosts", "--tmpfs", data],
    "--",
    ...command,
  ];
}

/** The arguments of bwrap that run the program in the sandbox, within such a network. */
export function sandboxArguments(
  parts: SandboxParts,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): string[] {
  const { app } = parts;
  const variables = Object.entries({ DENO_DIR: CACHE, NO_COLOR: "1", ...environment });
  return [
    ...["--unshare-user", "--unshare-ipc", "--unshare-uts", "--die-with-parent", "--new-session"],
    ...["--uid", USER, "--gid", USER, "--cap-drop", "ALL", "--clearenv"],
    ...variables.flatMap(([name, value]) => ["--setenv", name, value]),
    ...["--ro-bind", parts.executable, PROGRAM],
    ...librariesOf(parts.executable).flatMap((path) => ["--ro-bind", Deno.realPathSync(path), path]),
    ...Object.entries(parts.etc).flatMap(([name, path]) => ["--ro-bind", path, `/etc/${name}`]),
    ...(app === null ? [] : ["--ro-bind", app.sources, APP, "--bind", app.cache, CACHE]),
    ...["--ro-bind", "/proc", "/proc", "--dev", "/dev"],
    ...["--bind", parts.data, "/data", "--chdir", "/", "--remount-ro", "/"],
    "--",
    PROGRAM,
    ...parts.before,
    ...args,
  ];
}

/** The libraries that an executable is linked to, by the path it looks for them. */
function librariesOf(executable: string): string[] {
  const { stdout } = new Deno.Command("ldd", { args: [executable] }).outputSync();
  return [...new TextDecoder().decode(stdout).matchAll(/(\/lib\S+)/g)].map(([, path]) => path!);
}
