/** A compiled Penstock to test: with the real base if it can be downloaded, otherwise with a stand-in. */
import type { ExchangeName } from "../../src/exchanges/hosts.ts";
import { fileName, V8_FLAGS } from "../../build/binary.ts";
import { Payload } from "./payload.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
/** The sources that `deno task compile` needs. */
const PARTS = ["main.ts", "deno.json", "deno.lock", "src", "std", "build"];

/** A compiled program and what its build said. */
export interface Compiled {
  readonly path: string;
  /** The folder of the sources, the same for every program of a process. */
  readonly folder: string;
  readonly payload: Payload;
  /** Whether the file runs as Penstock. With a stand-in base, Deno has to run its payload. */
  readonly isReal: boolean;
  /** The output of `deno task compile`. */
  readonly printed: string;
  /** The contents of the SHA256SUMS file beside it. */
  readonly sums: string;
}

/** The sources that every program of this process is compiled from. */
let sources: string | null = null;
/** Whether the base can be downloaded here; null until that has been tried. */
let hasBase: boolean | null = null;
/** The stand-in for the base, small, as each build copies and hashes it. */
export const STAND_IN = "/bin/true";

/** The output of the build, and its exit code. */
export interface Built {
  readonly code: number;
  readonly printed: string;
}

/** Copies the sources to their own folder. Like a clone, the copy has its own file times. */
export function clone(): string {
  const folder = Deno.makeTempDirSync({ prefix: "penstock-clone-" });
  for (const part of PARTS) copy(`${ROOT}${part}`, `${folder}/${part}`);
  return folder;
}

function copy(from: string, to: string): void {
  if (!Deno.statSync(from).isDirectory) return Deno.copyFileSync(from, to);
  Deno.mkdirSync(to);
  for (const { name } of Deno.readDirSync(from)) copy(`${from}/${name}`, `${to}/${name}`);
}

/**
 * Runs `deno task compile` in `folder`, with `extra` in its environment. `base` replaces the executable that would
 * otherwise be downloaded.
 */
export async function build(
  folder: string,
  base: string | null,
  args: readonly string[] = [],
  extra: Readonly<Record<string, string>> = {},
): Promise<Built> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "compile", ...args],
    cwd: folder,
    env: { ...extra, NO_COLOR: "1", ...(base === null ? {} : { DENORT_BIN: base }) },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, printed: text(stdout) + text(stderr) };
}

/** Compiles the program for this machine, with the real base if it can be downloaded. */
export async function compile(exchange: ExchangeName = "binance"): Promise<Compiled> {
  return await compileWith(exchange === "binance" ? [] : ["--", "--exchange", exchange], exchange);
}

/** Compiles the program that only watches, and sends alarms to these hosts. */
export async function compileWatch(...hosts: readonly string[]): Promise<Compiled> {
  return await compileWith(hosts.flatMap((host) => ["--notify-host", host]), "watch");
}

async function compileWith(args: readonly string[], variant: ExchangeName | "watch"): Promise<Compiled> {
  const folder = sources ??= sharedClone();
  const built = await build(folder, await ownBase(), args);
  if (built.code !== 0) throw new Error(`deno task compile failed: ${built.printed}`);
  const path = `${folder}/dist/${fileName(variant, null)}`;
  // The environment may have named a stand-in too, so only the file itself shows which base it has.
  const { stdout } = await new Deno.Command(path, { args: ["--version"] }).output();
  const isReal = new TextDecoder().decode(stdout).startsWith("penstock ");
  console.log(
    isReal ? "lockdown: the real base was tested" : "lockdown: a stand-in base was tested (DENORT_BIN)",
  );
  const sums = Deno.readTextFileSync(`${folder}/dist/SHA256SUMS`);
  return { path, folder, payload: Payload.read(path), isReal, printed: built.printed, sums };
}

function sharedClone(): string {
  const folder = clone();
  addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  return folder;
}

/** What replaces the base here: null if it can be downloaded, which one build of an empty program tries. */
export async function ownBase(): Promise<string | null> {
  hasBase ??= await compilesEmpty();
  return hasBase ? null : STAND_IN;
}

async function compilesEmpty(): Promise<boolean> {
  const folder = Deno.makeTempDirSync({ prefix: "penstock-empty-" });
  try {
    Deno.writeTextFileSync(`${folder}/empty.ts`, "");
    const args = ["compile", "--no-config", "--no-check", `--output=${folder}/empty`, `${folder}/empty.ts`];
    return (await new Deno.Command(Deno.execPath(), { args, stdout: "null", stderr: "null" }).output())
      .success;
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/**
 * The command line that runs the payload, which is unpacked in `folder`, under its baked-in flags, with the embedded npm
 * packages and standard library.
 */
export function unpackedCommand(payload: Payload, folder: string, entry?: string): string[] {
  const { metadata } = payload;
  const environment = Object.entries(metadata.env_vars_from_env_file).map(([k, v]) => `${k}=${v}\n`).join("");
  Deno.writeTextFileSync(`${folder}/import_map.json`, JSON.stringify({ imports: importsOf(payload) }));
  Deno.writeTextFileSync(`${folder}/environment`, environment);
  return [
    "run",
    ...["--no-config", "--no-lock", "--no-npm", "--no-remote", "--cached-only", "--quiet"],
    `--import-map=${folder}/import_map.json`,
    `--env-file=${folder}/environment`,
    `--v8-flags=${metadata.v8_flags.filter((flag) => V8_FLAGS.includes(flag)).join(",")}`,
    ...payload.flags,
    entry ?? `${folder}/${metadata.entrypoint_key}`,
    ...metadata.argv,
  ];
}

const PACKAGES = ".deno_compile_node_modules/localhost/";

/** An import map that points only to the embedded files. */
function importsOf({ metadata, files }: Payload): Record<string, string> {
  const imports: Record<string, string> = {};
  for (const path of files.keys()) {
    const [, name, version] =
      new RegExp(`^${RegExp.escape(PACKAGES)}((?:@[^/]+/)?[^/]+)/([^/]+)/package\\.json$`)
        .exec(path) ?? [];
    if (name === undefined) continue;
    const folder = `${PACKAGES}${name}/${version}/`;
    const { module, main } = JSON.parse(new TextDecoder().decode(files.get(path)));
    imports[`${name}/`] = `./${folder}`;
    imports[name] = `./${folder}${String(module ?? main).replace(/^\.\//, "")}`;
  }
  for (const { name, relative_base, exports } of metadata.workspace_resolver.jsr_pkgs) {
    for (const [entry, path] of Object.entries(exports)) {
      imports[name + entry.slice(1)] = `./${relative_base}${path.slice(2)}`;
    }
  }
  return imports;
}
