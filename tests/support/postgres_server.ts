/**
 * A real PostgreSQL server for one test: in a temporary folder, on a free port of loopback, ended with the test's
 * process.
 *
 * PostgreSQL refuses to run as root, so root starts it as the user `postgres`, which Debian's package creates. Where no
 * PostgreSQL from 14 on is installed, tests that need one are ignored by name; with PENSTOCK_POSTGRES=required, which
 * CI sets, they fail instead.
 */

/** Where Debian, Homebrew and others put the programs, besides the PATH. */
const FOLDERS = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt", "/usr/pgsql"];
const OLDEST = 14;
const POLL_MS = 20;
const PATIENCE_MS = 30_000;
/** Made in the folder of an empty cluster when all else in it is written. */
const WHOLE = "whole";

/** Waits for the end of its standard input, kills the server of a folder, and removes the folder. */
const GUARD = `
  trap "" TERM INT HUP
  read -r _
  pid=$(head -1 "$1/data/postmaster.pid" 2>/dev/null) && kill -QUIT "$pid" &&
    while kill -0 "$pid"; do sleep 0.02; done
  rm -rf "$1"`;

/** Waits for the end of the test's process, and removes a folder: first the file whose presence says that it is whole. */
const CARETAKER = `
  trap "" TERM INT HUP
  while kill -0 "$1" 2>/dev/null; do sleep 2; done
  rm -f "$2/${WHOLE}"
  rm -rf "$2"`;

const programs = foundPrograms();

/** Whether to ignore a test that needs a PostgreSQL. */
export const noPostgres = programs === null && Deno.env.get("PENSTOCK_POSTGRES") !== "required";

/** How the server is started. */
export interface PostgresOptions {
  /** Lines of postgresql.conf, such as `ssl = on`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Files to put into its data folder, by name; no other user may read them. */
  readonly files?: Readonly<Record<string, string>>;
  /** The lines of pg_hba.conf; by default everyone on loopback is trusted. */
  readonly access?: readonly string[];
}

/** How the server is stopped: `fast` closes what is open, `immediate` is a crash. */
export type StopMode = "fast" | "immediate";

/** A server. Its superuser is `postgres`, who needs no password. */
export class PostgresServer implements AsyncDisposable {
  readonly port: number;
  readonly #folder: string;
  /** Asking for it directly takes its own permission. */
  readonly #isRoot: boolean;
  /** Kills the server and removes its folder when its standard input ends, as it does with this process. */
  readonly #guard: Deno.ChildProcess;
  #databases = 0;

  /** Starts a server, and waits until it accepts connections. */
  static async start({ settings = {}, files = {}, access }: PostgresOptions = {}): Promise<PostgresServer> {
    if (programs === null) {
      throw new Error(
        `This test needs PostgreSQL ${OLDEST} or newer: apt-get install --no-install-recommends postgresql`,
      );
    }
    const folder = await Deno.makeTempDir({ prefix: "penstock_postgres_" });
    const port = freePort();
    const guard = new Deno.Command("sh", {
      args: ["-c", GUARD, "sh", folder],
      stdin: "piped",
      stdout: "null",
      stderr: "null",
    }).spawn();
    // Should not hold the test's process open.
    guard.unref();
    const server = new PostgresServer(port, folder, guard);
    if (server.#isRoot) await server.#run("chown", "postgres", folder);
    if (!await server.#copyEmpty()) await server.#initialize(`${folder}/data`);
    const own = {
      listen_addresses: "127.0.0.1",
      port: String(port),
      unix_socket_directories: "",
      // A crash of the server, unlike one of the machine, loses nothing that was only written.
      fsync: "off",
      autovacuum: "off",
      shared_buffers: "16MB",
      max_connections: "60",
      ...settings,
    };
    const lines = Object.entries(own).map(([name, value]) => `${name} = '${value}'\n`);
    await server.#write("postgresql.auto.conf", lines.join(""));
    if (access !== undefined) await server.#write("pg_hba.conf", access.map((line) => `${line}\n`).join(""));
    for (const [name, text] of Object.entries(files)) await server.#write(name, text);
    await server.resume();
    return server;
  }

  private constructor(port: number, folder: string, guard: Deno.ChildProcess) {
    this.port = port;
    this.#folder = folder;
    this.#isRoot = Deno.statSync(folder).uid === 0;
    this.#guard = guard;
  }

  /** The process id of the server. */
  get pid(): number {
    return Number(Deno.readTextFileSync(`${this.#folder}/data/postmaster.pid`).split("\n")[0]);
  }

  /** What the server logged. */
  get log(): string {
    return Deno.readTextFileSync(`${this.#folder}/log`);
  }

  /** The place of a database, as `--state` names it. */
  url(database: string, { user = "postgres", host = "127.0.0.1", rest = "" } = {}): string {
    return `postgres://${user}@${host}:${this.port}/${database}${rest}`;
  }

  /** Makes an empty database, and returns its place. */
  async database(): Promise<string> {
    const name = `test_${++this.#databases}`;
    await this.sql("postgres", `CREATE DATABASE ${name} TEMPLATE template0`);
    return this.url(name);
  }

  /** Runs statements as the superuser, and returns the rows: values with `|` between them, a row a line. */
  async sql(database: string, statements: string, user = "postgres"): Promise<string> {
    const url = this.url(database, { user });
    return (await this.#run(
      program("psql"),
      "-X",
      "-q",
      "-A",
      "-t",
      "-v",
      "ON_ERROR_STOP=1",
      "-d",
      url,
      "-c",
      statements,
    )).trimEnd();
  }

  /** Stops the server; `resume` starts it again. */
  async stop(mode: StopMode): Promise<void> {
    await this.#asOwner("pg_ctl", "-D", `${this.#folder}/data`, "-m", mode, "-w", "stop");
  }

  /** Starts the server after `stop`. */
  async resume(): Promise<void> {
    const { command, all } = this.#owned(program("postgres"), ["-D", `${this.#folder}/data`]);
    // The shell ends at once, and the server continues without a parent that would have to wait for it.
    const detached = '"$@" >>"$0" 2>&1 </dev/null &';
    await this.#run("sh", "-c", detached, `${this.#folder}/log`, command, ...all);
    const until = performance.now() + PATIENCE_MS;
    while (!this.#isReady()) {
      if (performance.now() > until) throw new Error(`PostgreSQL did not start:\n${this.log}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#guard.ref();
    await this.#guard.stdin.close();
    await this.#guard.status;
  }

  /** Makes a cluster, in which there is nothing yet. */
  async #initialize(path: string): Promise<void> {
    const options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"];
    await this.#asOwner("initdb", "-D", path, ...options);
  }

  /**
   * Starts out with a copy of the empty cluster that the first server of this process made: making one takes six times as
   * much of the processor. Returns false if there is none to be copied.
   */
  async #copyEmpty(): Promise<boolean> {
    const empty = `${this.#folder.slice(0, this.#folder.lastIndexOf("/"))}/penstock_postgres_${Deno.pid}`;
    try {
      if (await made(empty)) await this.#makeEmpty(empty);
      else await whole(empty);
      await this.#run("cp", "-Rp", `${empty}/data`, `${this.#folder}/data`);
      // The copy is whole if the original still is.
      await Deno.stat(`${empty}/${WHOLE}`);
      return true;
    } catch {
      await Deno.remove(`${this.#folder}/data`, { recursive: true }).catch(() => {});
      return false;
    }
  }

  async #makeEmpty(path: string): Promise<void> {
    // It outlives this server and its test.
    const detached = 'sh -c "$0" sh "$@" >/dev/null 2>&1 </dev/null &';
    await this.#run("sh", "-c", detached, CARETAKER, `${Deno.pid}`, path);
    if (this.#isRoot) await this.#run("chown", "postgres", path);
    await this.#initialize(`${path}/data`);
    await Deno.writeTextFile(`${path}/${WHOLE}`, "");
  }

  #isReady(): boolean {
    try {
      // The eighth line is the state of the server, which pg_ctl waits for as well.
      return Deno.readTextFileSync(`${this.#folder}/data/postmaster.pid`).split("\n")[7]?.trim() === "ready";
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }

  async #write(name: string, text: string): Promise<void> {
    const path = `${this.#folder}/data/${name}`;
    await Deno.writeTextFile(path, text, { mode: 0o600 });
    if (this.#isRoot) await this.#run("chown", "postgres", path);
  }

  async #asOwner(name: string, ...args: readonly string[]): Promise<void> {
    const { command, all } = this.#owned(program(name), args);
    await this.#run(command, ...all);
  }

  /** The command that runs `path` as the user who owns the server. */
  #owned(
    path: string,
    args: readonly string[],
  ): { readonly command: string; readonly all: readonly string[] } {
    if (!this.#isRoot) return { command: path, all: args };
    const all = ["--reuid=postgres", "--regid=postgres", "--clear-groups", "--", path, ...args];
    return { command: "setpriv", all };
  }

  async #run(command: string, ...args: readonly string[]): Promise<string> {
    const { success, stdout, stderr } = await new Deno.Command(command, {
      args: [...args],
      cwd: this.#folder,
      stdin: "null",
      env: { PGCONNECT_TIMEOUT: "10" },
    }).output();
    const decoder = new TextDecoder();
    if (success) return decoder.decode(stdout);
    throw new Error(`${command} ${args.join(" ")}: ${decoder.decode(stderr)}${decoder.decode(stdout)}`);
  }
}

/** Makes a folder; returns false if another test file, in another thread of this process, has made it. */
async function made(folder: string): Promise<boolean> {
  try {
    await Deno.mkdir(folder, { mode: 0o700 });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  }
}

/** Waits until the empty cluster in `folder` is whole. */
async function whole(folder: string): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      await Deno.stat(`${folder}/${WHOLE}`);
      return;
    } catch (error) {
      if (performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

function program(name: string): string {
  return `${programs}/${name}`;
}

/** The folder of the newest installed programs; null if there are none. */
function foundPrograms(): string | null {
  if (Deno.build.os === "windows") return null;
  const inFolders = FOLDERS.flatMap((folder) => {
    try {
      return [...Deno.readDirSync(folder)].map(({ name }) => `${folder}/${name}/bin`);
    } catch {
      return [];
    }
  });
  const found = [...inFolders, ...(Deno.env.get("PATH") ?? "").split(":")].map((folder) => ({
    folder,
    version: versionIn(folder),
  })).filter(({ version }) => version >= OLDEST);
  return found.sort((one, other) => other.version - one.version)[0]?.folder ?? null;
}

/** The main version of the server in `folder`; 0 for none. */
function versionIn(folder: string): number {
  try {
    Deno.statSync(`${folder}/initdb`);
    const { stdout } = new Deno.Command(`${folder}/postgres`, { args: ["--version"] }).outputSync();
    return Number(/\d+/.exec(new TextDecoder().decode(stdout))?.[0] ?? 0);
  } catch {
    return 0;
  }
}

/** The system gives ports from 32768 on to connections and listeners that ask for none. */
const PORTS = { from: 10_000, to: 32_000 } as const;

/**
 * A port that nobody uses. The server takes it a second later, and again after every restart, so it must not be one
 * that the system may give to another test meanwhile.
 */
function freePort(): number {
  for (;;) {
    const port = PORTS.from + Math.floor(Math.random() * (PORTS.to - PORTS.from));
    try {
      using _listener = Deno.listen({ hostname: "127.0.0.1", port });
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}
