/**
 * A bubblewrap sandbox like the container that Penstock is meant for: no root, a read-only root file system with only
 * the program and the libraries it is linked to, no capabilities, `/data` in memory, and a loopback-only network.
 */

/** The paths of the parts outside the sandbox. */
export interface SandboxParts {
  /** The executable: Penstock itself, or Deno if Deno has to run the unpacked program. */
  readonly executable: string;
  /** The unpacked program's folder, and the folder for Deno's cache; null if the executable is Penstock. */
  readonly app: { readonly sources: string; readonly cache: string } | null;
  /** The arguments that precede Penstock's own. */
  readonly before: readonly string[];
  /** Files for /etc, by name. */
  readonly etc: Readonly<Record<string, string>>;
  /** The folder that becomes /data. */
  readonly data: string;
}

/** The path of the unpacked program inside the sandbox. */
export const APP = "/app";
const PROGRAM = "/penstock";
const CACHE = "/cache";
/** The user without a name that distroless images use. */
const USER = "65532";

/** Whether bubblewrap is installed and may create namespaces. */
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
 * The bwrap arguments that give `command` its own loopback-only network, in which it may listen on every port,
 * with `hosts` as /etc/hosts and memory at `data`. Otherwise the command sees this machine's files.
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

/** The bwrap arguments that run the program in the sandbox, within such a network. */
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

/** The libraries that an executable is linked to, by the path where it looks for them. */
function librariesOf(executable: string): string[] {
  const { stdout } = new Deno.Command("ldd", { args: [executable] }).outputSync();
  return [...new TextDecoder().decode(stdout).matchAll(/(\/lib\S+)/g)].map(([, path]) => path!);
}
