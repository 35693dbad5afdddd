/**
 * `deno task compile [--exchange NAME] [--strategy FILE]` makes dist/penstock for this machine, with the user's own
 * strategy if one is given. `deno task compile:all` makes one file for each machine, and dist/SHA256SUMS. With
 * `--state-host HOST:PORT` the program may also reach the database of its journals and its queue, and with `--data-host
 * HOST:PORT` the host from which a worker fetches files. `deno task compile --watch [--notify-host HOST]` makes
 * dist/penstock-watch, which can only run `penstock watch`, and sends alarms to these hosts. The permissions are fixed
 * when the program is compiled. The base that Deno fetches is compared with build/denort.sha256; with `--pinned`, as
 * for releases, a base that is not listed there is refused.
 *
 * Files are embedded with their times. So the sources are copied, and the copies and the cached packages that are
 * embedded all get the same time, so that two clones on two machines give the same bytes.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { createHash } from "node:crypto";
import { EXCHANGE_NAMES, exchangeAt, type ExchangeName } from "../src/exchanges/hosts.ts";
import { flawsIn } from "../src/stages/strategies/strategy_source.ts";
import { archiveName, DENORT_PINS, type DenortPins, parsePins, pinOf, sha256 } from "./denort.ts";
import {
  ENVIRONMENT,
  fileName,
  isHost,
  notifyHostsIn,
  permissionFlags,
  type Target,
  TARGETS,
  USED_PARTS,
  V8_FLAGS,
  watchFlags,
} from "./binary.ts";

const ROOT = new URL("../", import.meta.url);
const DIST = new URL("dist/", ROOT);
/** The sources of the program, without tests and documents. */
export const SOURCES = ["main.ts", "deno.json", "deno.lock", "src", "std"];
/** 1980, the start of time in zip archives. */
const EPOCH = new Date("1980-01-01T00:00:00Z");

const UNREACHABLE =
  `deno compile takes its base executable from dl.deno.land, which cannot be reached from here. Either
  compile where it can be reached, as .github/workflows/release.yml does,
  or download denort-TARGET.zip of this Deno's release some other way and set DENORT_BIN to the file in it,
  or run Penstock without compiling it: deno task start.
With DENORT_BIN set to Deno itself the step still runs; the file holds everything, but does not run as Penstock.`;

/** The options of a build. */
export interface Order {
  readonly exchange: ExchangeName;
  /** The file of a user-defined strategy to compile in; null for none. */
  readonly strategy: string | null;
  /** Where a program that only watches sends alarms, as `host:port`; null for one that trades. */
  readonly notifyHosts: readonly string[] | null;
  /** The `host:port` of the database that journals may be in; null for none. */
  readonly stateHost: string | null;
  /** The `host:port` that a worker fetches files from; null for none. */
  readonly dataHost: string | null;
  /** Null for this machine. */
  readonly targets: readonly (Target | null)[];
  /** Whether a base without a committed checksum is refused. */
  readonly isPinned: boolean;
}

/** Reads the command line; if it cannot be used, returns the reason as a sentence. */
export function readOrder(args: readonly string[]): Order | string {
  const unknown: string[] = [];
  const parsed = parseArgs(args.filter((arg) => arg !== "--"), {
    string: ["exchange", "target", "strategy", "notify-host", "state-host", "data-host"],
    collect: ["notify-host"],
    boolean: ["all", "pinned", "watch"],
    unknown: (text) => {
      unknown.push(text);
      return false;
    },
  });
  const { exchange = EXCHANGE_NAMES[0], target, all, pinned, strategy = null } = parsed;
  const stateHost = parsed["state-host"] ?? null;
  const dataHost = parsed["data-host"] ?? null;
  const named = parsed["notify-host"] as readonly string[];
  const isWatch = parsed.watch || named.length > 0;
  const notifyHosts = isWatch ? notifyHostsIn(named) : null;
  const name = EXCHANGE_NAMES.find((candidate) => candidate === exchange);
  const machine = TARGETS.find((candidate) => candidate === target);
  if (unknown.length > 0) {
    return `${unknown.join(", ")}: expected --exchange NAME, --strategy FILE, --state-host HOST:PORT, ` +
      "--data-host HOST:PORT, --watch, --notify-host HOST, --target NAME, --all or --pinned";
  }
  if (typeof notifyHosts === "string") return notifyHosts;
  if (isWatch && dataHost !== null) {
    return "--data-host is for a program that computes: expected it without --watch and --notify-host";
  }
  if (isWatch && (parsed.exchange !== undefined || strategy !== null)) {
    return "--exchange and --strategy are for a program that trades: expected neither with --watch or --notify-host";
  }
  if (name === undefined) {
    return `--exchange is "${exchange}": expected one of ${EXCHANGE_NAMES.join(", ")}`;
  }
  if (target !== undefined && machine === undefined) {
    return `--target is "${target}": expected one of ${TARGETS.join(", ")}`;
  }
  if (stateHost !== null && !isHost(stateHost)) {
    return `--state-host is "${stateHost}": expected one host with its port, such as db.internal:5432`;
  }
  if (dataHost !== null && !isHost(dataHost)) {
    return `--data-host is "${dataHost}": expected one host with its port, such as files.internal:443`;
  }
  const its = isWatch && stateHost !== null ? exchangeAt(`https://${stateHost}`) : null;
  if (its !== null) {
    return `--state-host is "${stateHost}", a host of ${its}: a program that watches reaches no exchange`;
  }
  const targets = all ? TARGETS : [machine ?? null];
  return { exchange: name, strategy, notifyHosts, stateHost, dataHost, targets, isPinned: pinned };
}

/** Copies the sources to `stage`, all with the same time. */
export function copySources(stage: URL): void {
  Deno.mkdirSync(stage, { recursive: true });
  for (const name of SOURCES) copy(new URL(name, ROOT), new URL(name, stage));
  const environment = Object.entries(ENVIRONMENT).map(([name, value]) => `${name}=${value}\n`).join("");
  const path = new URL("environment", stage);
  Deno.writeTextFileSync(path, environment);
  Deno.utimeSync(path, EPOCH, EPOCH);
}

/**
 * Copies the strategy in `path` into `stage`, and writes the file there that imports it. Returns why the strategy
 * cannot be compiled in, or null.
 */
export function bakeStrategy(path: string, stage: URL): string | null {
  let source: string;
  try {
    source = Deno.readTextFileSync(path);
  } catch (error) {
    return `--strategy is "${path}": it cannot be read: ${error instanceof Error ? error.message : error}`;
  }
  const flaws = flawsIn(source);
  if (flaws.length > 0) return `--strategy is "${path}": expected nothing like ${flaws.join("; ")}`;
  const name = path.replace(/^.*[\\/]/, "");
  const hash = createHash("sha256").update(source, "utf8").digest("hex");
  const folder = new URL("src/feeds/files/", stage);
  const files = {
    "baked.ts": source,
    "baked_strategy.ts": `import definition from "./baked.ts";
export const BAKED = { name: ${JSON.stringify(name)}, sha256: "${hash}", definition };
`,
  };
  for (const [file, text] of Object.entries(files)) {
    Deno.writeTextFileSync(new URL(file, folder), text);
    Deno.utimeSync(new URL(file, folder), EPOCH, EPOCH);
  }
  return null;
}

function copy(from: URL, to: URL): void {
  if (Deno.statSync(from).isDirectory) {
    Deno.mkdirSync(to, { recursive: true });
    for (const { name } of Deno.readDirSync(from)) copy(new URL(`${from}/${name}`), new URL(`${to}/${name}`));
  } else Deno.copyFileSync(from, to);
  Deno.utimeSync(to, EPOCH, EPOCH);
}

/**
 * Gives all used parts of npm packages in the cache the same time, and returns flags that leave out the rest.
 */
async function preparePackages(stage: URL): Promise<string[]> {
  const { npmCache } = JSON.parse((await deno(["info", "--json"], stage)).stdout) as { npmCache: string };
  const found: string[] = [];
  for (const [name, used] of Object.entries(USED_PARTS)) {
    for (const registry of foldersIn(npmCache)) {
      for (const version of foldersIn(`${registry}/${name}`)) {
        for (const { name: part } of Deno.readDirSync(version)) {
          const path = `${version}/${part}`;
          if (used.includes(part)) setTimes(path);
          else found.push(`--exclude=${path}`);
        }
      }
    }
  }
  return found.sort();
}

function setTimes(path: string): void {
  Deno.utimeSync(path, EPOCH, EPOCH);
  if (!Deno.statSync(path).isDirectory) return;
  for (const { name } of Deno.readDirSync(path)) setTimes(`${path}/${name}`);
}

function foldersIn(path: string): string[] {
  try {
    return Array.from(Deno.readDirSync(path)).filter(({ isDirectory }) => isDirectory).map(({ name }) =>
      `${path}/${name}`
    );
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** The outcome of compiling for one machine. */
type Outcome =
  | { readonly kind: "made"; readonly name: string; readonly embedded: string }
  | { readonly kind: "failed" }
  /** The base cannot be fetched, so the program cannot be made for any other machine either. */
  | { readonly kind: "unreachable" };

/** The checksums that are committed, perhaps for another version of Deno. */
function readPins(): DenortPins {
  return parsePins(Deno.readTextFileSync(DENORT_PINS));
}

/** Why the base for one machine cannot be checked against a committed checksum; null if it can. */
function lackOfPin(target: Target | null): string | null {
  if (Deno.env.get("DENORT_BIN") !== undefined) {
    return "DENORT_BIN is set: with --pinned the base must be the one that Deno fetches";
  }
  const { deno } = Deno.version;
  if (pinOf(readPins(), deno, target ?? Deno.build.target) !== null) return null;
  const archive = archiveName(target ?? Deno.build.target);
  return `build/denort.sha256 has no checksum of ${archive} for Deno ${deno}: ` +
    "run deno task denort, review the file, and commit it";
}

/**
 * Compares the base that was used, which is in Deno's cache, with its checksum. If they differ, reports that, removes
 * the base and returns false.
 */
async function isBaseAsPinned(stage: URL, target: Target | null): Promise<boolean> {
  const path = Deno.env.get("DENORT_BIN");
  if (path !== undefined) {
    complain(`the base is ${path}, because of DENORT_BIN: it was not compared with a checksum`);
    return true;
  }
  const { denoDir } = JSON.parse((await deno(["info", "--json"], stage)).stdout) as { denoDir: string };
  const name = archiveName(target ?? Deno.build.target);
  const archive = `${denoDir}/dl/release/v${Deno.version.deno}/${name}`;
  const found = await sha256(Deno.readFileSync(archive));
  const wanted = pinOf(readPins(), Deno.version.deno, target ?? Deno.build.target);
  if (wanted === null) {
    complain(`the base ${name} has the SHA-256 ${found}: build/denort.sha256 has none for it`);
  }
  if (wanted === null || wanted === found) return true;
  complain(
    `the base ${name} has the SHA-256 ${found}, but ${wanted} is in build/denort.sha256. It was removed`,
  );
  Deno.removeSync(archive);
  return false;
}

/** Compiles for one machine; reports a failure on standard error. */
async function compile(
  stage: URL,
  { exchange, notifyHosts, stateHost, dataHost }: Order,
  target: Target | null,
): Promise<Outcome> {
  const name = fileName(notifyHosts === null ? exchange : "watch", target);
  // The file's name becomes part of the program; its folder does not.
  const flags = [
    ...notifyHosts === null
      ? permissionFlags(exchange, stateHost, dataHost)
      : watchFlags(notifyHosts, stateHost),
    // The gate checks the types, once for all machines and exchanges.
    "--no-check",
    // A worker is not an import, so nothing else shows that its module is needed.
    "--include=src/commands/backtest/sweep/sweep_worker.ts",
    "--env-file=environment",
    `--v8-flags=${V8_FLAGS.join(",")}`,
    "--exclude-unused-npm",
    ...await preparePackages(stage),
    ...(target === null ? [] : [`--target=${target}`]),
    `--output=${name}`,
  ];
  // Arguments after main.ts precede those at run time, so this program has no other command.
  const command = notifyHosts === null ? [] : ["watch"];
  const { code, stderr } = await deno(["compile", ...flags, "main.ts", ...command], stage);
  if (code !== 0) {
    console.error(stderr);
    const isUnreachable = /base binary|dl\.deno\.land/.test(stderr);
    complain(isUnreachable ? UNREACHABLE : `${name} could not be compiled; is DENORT_BIN for that machine?`);
    return { kind: isUnreachable ? "unreachable" : "failed" };
  }
  if (!await isBaseAsPinned(stage, target)) return { kind: "failed" };
  Deno.renameSync(new URL(name, stage), new URL(name, DIST));
  const embedded = /Files:\s*(\S+)/.exec(stderr)?.[1] ?? "an unknown part";
  return { kind: "made", name, embedded };
}

/**
 * The only variables that the build takes from its environment: where Deno finds its cache, its base and the registry.
 * Others could end up in the file, because Deno compiles settings of telemetry, V8 and certificates from the
 * environment into it.
 */
const FROM_ENVIRONMENT = [
  "PATH",
  "HOME",
  "TMPDIR",
  "XDG_CACHE_HOME",
  "DENO_DIR",
  "DENORT_BIN",
  "NPM_CONFIG_REGISTRY",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "SystemRoot",
  "USERPROFILE",
  "LOCALAPPDATA",
  "APPDATA",
  "TEMP",
  "TMP",
];

function cleanEnvironment(): Record<string, string> {
  const environment: Record<string, string> = { NO_COLOR: "1" };
  for (const name of FROM_ENVIRONMENT) {
    const value = Deno.env.get(name);
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}

async function deno(
  args: readonly string[],
  cwd: URL,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd,
    clearEnv: true,
    env: cleanEnvironment(),
  }).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

/** Reports a program for this machine that does not run as Penstock because its base is not Deno's own. */
async function checkBase(name: string): Promise<void> {
  const args = ["--version"];
  const { stdout } = await new Deno.Command(new URL(name, DIST), { args, stderr: "null" }).output();
  const said = new TextDecoder().decode(stdout).split("\n")[0]!;
  if (said.startsWith("penstock ")) return;
  complain(`dist/${name} does not run as Penstock, but as the program in DENORT_BIN: it prints "${said}"`);
}

function removeFolder(folder: URL): void {
  try {
    Deno.removeSync(folder, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function complain(text: string): void {
  console.error(`compile: ${text}`);
}

async function main(args: readonly string[]): Promise<number> {
  const order = readOrder(args);
  if (typeof order === "string") {
    complain(order);
    return 2;
  }
  const lacking = order.isPinned ? order.targets.map(lackOfPin).filter((lack) => lack !== null) : [];
  for (const lack of new Set(lacking)) complain(lack);
  if (lacking.length > 0) return 1;
  const stage = new URL("stage/", DIST);
  removeFolder(stage);
  const sums: string[] = [];
  try {
    copySources(stage);
    const unusable = order.strategy === null ? null : bakeStrategy(order.strategy, stage);
    if (unusable !== null) {
      complain(unusable);
      return 2;
    }
    // The cache must be full before the build can tell which of its files are not needed.
    const cached = await deno(["install", "--frozen", "--entrypoint", "main.ts"], stage);
    if (cached.code !== 0) {
      complain(`the packages could not be fetched:\n${cached.stderr}`);
      return 1;
    }
    for (const machine of order.targets) {
      const compiled = await compile(stage, order, machine);
      if (compiled.kind === "unreachable") return 1;
      if (compiled.kind === "failed") continue;
      const { name, embedded } = compiled;
      const file = new URL(name, DIST);
      const bytes = (Deno.statSync(file).size / 1e6).toFixed(1);
      console.log(`dist/${name}: ${bytes} MB, of which ${embedded} are embedded files`);
      if (machine === null) await checkBase(name);
      sums.push(`${await sha256(Deno.readFileSync(file))}  ${name}\n`);
    }
    Deno.writeTextFileSync(new URL("SHA256SUMS", DIST), sums.join(""));
    return sums.length === order.targets.length ? 0 : 1;
  } finally {
    removeFolder(stage);
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
