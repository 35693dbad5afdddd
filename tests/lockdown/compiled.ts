/** A compiled Penstock to test: the real one where its base can be had, else one with a stand-in base. */
import type { ExchangeName } from "../../src/exchanges/hosts.ts";
import { fileName, V8_FLAGS } from "../../build/binary.ts";
import { Payload } from "./payload.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
/** What `deno task compile` is made of. */
const PARTS = ["main.ts", "deno.json", "deno.lock", "src", "std", "build"];

/** Compiled once for all tests of a process. */
export interface Compiled {
  readonly path: string;
  readonly payload: Payload;
  /** Whether the file runs as Penstock; with a stand-in base its payload has to be run by Deno. */
  readonly isReal: boolean;
  /** What `deno task compile` said. */
  readonly printed: string;
  /** The text of SHA256SUMS beside it. */
  readonly sums: string;
}

/** Whether the base can be downloaded here; null until one build has tried. */
let hasBase: boolean | null = null;

/** What the build said, with its exit code. */
export interface Built {
  readonly code: number;
  readonly printed: string;
}

/** A copy of the sources in a folder of its own, as a clone has them: with times of its own. */
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
 * Runs `deno task compile` in `folder`, with `extra` in its environment. `base` stands in for the executable that is
 * downloaded otherwise.
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

/** Compiles the program for this machine, with the real base if that can be downloaded. */
export async function compile(exchange: ExchangeName = "binance"): Promise<Compiled> {
  const folder = clone();
  addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  const args = exchange === "binance" ? [] : ["--", "--exchange", exchange];
  let built = hasBase === false ? null : await build(folder, null, args);
  hasBase ??= built?.code === 0;
  if (built === null || built.code !== 0) built = await build(folder, Deno.execPath(), args);
  if (built.code !== 0) throw new Error(`deno task compile failed: ${built.printed}`);
  const path = `${folder}/dist/${fileName(exchange, null)}`;
  // The environment may have named a stand-in too: the file tells by what it is.
  const { stdout } = await new Deno.Command(path, { args: ["--version"] }).output();
  const isReal = new TextDecoder().decode(stdout).startsWith("penstock ");
  console.log(
    isReal ? "lockdown: the real base was tested" : "lockdown: a stand-in base was tested (DENORT_BIN)",
  );
  const sums = Deno.readTextFileSync(`${folder}/dist/SHA256SUMS`);
  return { path, payload: Payload.read(path), isReal, printed: built.printed, sums };
}

/**
 * The command line that runs the payload, unpacked in `folder`, under its own baked flags; npm packages and the
 * standard library are those that are embedded.
 */
export function unpackedCommand(payload: Payload, folder: string, entry?: string): string[] {
  const { metadata } = payload;
  const environment = Object.entries(metadata.env_vars_from_env_file).map(([k, v]) => `${k}=${v}\n`).join("");
  payload.unpack(folder);
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
  ];
}

const PACKAGES = ".deno_compile_node_modules/localhost/";

/** An import map that leads to the embedded files alone. */
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
