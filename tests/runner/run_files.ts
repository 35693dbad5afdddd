/**
 * `deno task test:files [FILE or FOLDER]… [option of deno test]…` runs these test files, or all of tests/, with several
 * files in one isolate (`isolates.ts`). `deno test` gives an isolate to each file that it is given, so it is given a
 * file for each isolate, which imports the tests. These files are in a temporary folder that is removed at the end.
 * Every option goes to `deno test` as it is. The exit code is that of `deno test`.
 *
 * @module
 */
import { isolatesOf, LEFT_OUT, type TestFile } from "./isolates.ts";

const ROOT = new URL("../../", import.meta.url);
/** As `deno test` looks for them. */
const TEST_FILE = /(^|[._])test\.(ts|tsx|mts|js|mjs|jsx)$/;
/** The tests of pages need a configuration of their own, so they have a task of their own. */
const OTHER_FOLDERS = ["tests/browser"];

/** The test files in a folder, in the order of their paths. */
function* filesIn(folder: string): Generator<string> {
  const entries = Array.from(Deno.readDirSync(folder)).sort((a, b) => a.name < b.name ? -1 : 1);
  for (const { name, isDirectory } of entries) {
    const path = `${folder}/${name}`;
    if (isDirectory && !OTHER_FOLDERS.includes(path)) yield* filesIn(path);
    if (!isDirectory && TEST_FILE.test(name) && !Object.hasOwn(LEFT_OUT, path)) yield path;
  }
}

/** The file or folder that an argument names, or null if it names none, as options do. */
function infoOf(argument: string): Deno.FileInfo | null {
  try {
    return Deno.statSync(argument);
  } catch {
    return null;
  }
}

/** What to run, and the options for `deno test`: an argument that is no file and no folder is one of them. */
function readArguments(args: readonly string[]): { files: TestFile[]; options: string[] } {
  const paths = new Set<string>();
  const options: string[] = [];
  for (const argument of args) {
    const info = infoOf(argument);
    const path = argument.replaceAll("\\", "/").replace(/^\.\//, "").replace(/\/+$/, "");
    if (info === null) options.push(argument);
    else if (info.isDirectory) { for (const file of filesIn(path)) paths.add(file); }
    else paths.add(path);
  }
  if (options.length === args.length) { for (const file of filesIn("tests")) paths.add(file); }
  return { files: Array.from(paths, (path) => ({ path, bytes: Deno.statSync(path).size })), options };
}

/**
 * A module that imports these files. Where one cannot be loaded, the module loads the others, and then fails with an
 * error that names the file, however little the file's own error says. No test has to run for that, so that it fails
 * with `--filter` too.
 */
function moduleOf(paths: readonly string[]): string {
  const loads = paths.map((path) =>
    `await load(${JSON.stringify(path)}, () => import(${JSON.stringify(new URL(path, ROOT))}));\n`
  );
  return `const errors = [];
async function load(path, importing) {
  try {
    await importing();
  } catch (cause) {
    errors.push(new Error(path + " cannot be loaded", { cause }));
  }
}
${loads.join("")}if (errors.length > 0) throw errors.length === 1 ? errors[0] : new AggregateError(errors);
`;
}

const { files, options } = readArguments(Deno.args);
const isolates = isolatesOf(files);
const folder = Deno.makeTempDirSync({ prefix: "penstock_tests_" });
let code = 1;
try {
  // All in one folder, because deno test starts the files of one folder in the order in which it is given them.
  const modules = files.length === 1 ? [files[0]!.path] : isolates.map(({ name, paths }, at) => {
    const module = `${folder}/${at + 1}_${name}.js`;
    Deno.writeTextFileSync(module, moduleOf(paths));
    return module;
  });
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["test", "--no-check", "--parallel", "-q", "--no-prompt", "--config", "deno.json", "-P=test"],
      ...options,
      ...modules,
    ],
    cwd: ROOT,
  }).spawn();
  // Asked to end, it waits for deno test, which is asked too, and then removes its folder.
  const signals: readonly Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT"]
    : ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) {
    Deno.addSignalListener(signal, () => {
      try {
        child.kill(signal);
      } catch {
        // It has ended.
      }
    });
  }
  ({ code } = await child.status);
} finally {
  Deno.removeSync(folder, { recursive: true });
}
Deno.exit(code);
